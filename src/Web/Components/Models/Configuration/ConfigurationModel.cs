using Runner.Engine.Values;
using Runner.Engine;

namespace Runner.Web.Components.Models.Configuration;

/// <summary>Where the text that is being edited came from.</summary>
public enum ConfigurationOrigin
{
    /// <summary>Nothing was there.</summary>
    Empty,

    /// <summary>A saved version.</summary>
    Saved,

    /// <summary>The release in the cluster.</summary>
    Release,

    /// <summary>Pasted or taken from a file.</summary>
    Imported,
}

/// <summary>
/// The values file that one person edits, in the form and as text at once: every change goes to the text, and form and problems are read from it anew. Plain state without a page; used by one circuit at a time.
/// </summary>
/// <param name="release">The runner's release as it is now; null where none is known.</param>
/// <param name="running">What this runner works with now.</param>
/// <param name="nodeLabels">Keys that nodes have as labels or resources; null while no node is known.</param>
public sealed class ConfigurationModel(ConfigurationStore store, Func<DeployedRelease?> release, Func<RunningValues> running, Func<IReadOnlySet<string>?> nodeLabels)
{
    private const int MostUndo = 100;
    private static readonly ValuesCatalogue Catalogue = ValuesCatalogue.Instance;

    private readonly UndoHistory<(string Text, ChartVersion Chart)> _undo = new(MostUndo);
    private readonly ConfigurationComparison _comparison = new(store);
    private readonly Remembered<(ValuesDocument? Document, DeployedRelease? Release), IReadOnlyList<FileDrift>> _drift =
        new(of => of is ({ } document, { } deployed) ? ValuesDrift.OfFile(document, deployed) : []);

    private string _base = "";
    private SecretVeil _veil = new("", masked: true);
    private bool _secretsShown;
    private string? _typed;
    private DeployedRelease? _schemaOf;
    private ChartSchema? _schema;

    /// <summary>The file itself, secrets and all. Never shown.</summary>
    public string Text { get; private set; } = "";

    /// <summary>The file as the editor has it.</summary>
    public string Shown => _veil.Shown;

    /// <summary>True while an administrator sees the secrets.</summary>
    public bool SecretsShown
    {
        get => _secretsShown;
        set
        {
            _secretsShown = value;
            _veil = _veil.As(masked: !value);

            // What was typed is shown otherwise from now on.
            _typed = null;
        }
    }

    /// <summary>Null while the text is no values file.</summary>
    public ValuesDocument? Document { get; private set; }

    /// <summary>The chart that the file is for.</summary>
    public ChartVersion Chart { get; private set; } = ChartVersion.Newest;

    public ConfigurationOrigin Origin { get; private set; }

    /// <summary>The version that editing began with; null when there was none.</summary>
    public ConfigurationVersion? BasedOn { get; private set; }

    public IReadOnlyList<ValuesProblem> Problems { get; private set; } = [];

    /// <summary>The form, by section, filtered by <see cref="Query"/>.</summary>
    public IReadOnlyList<IGrouping<string, ConfigurationField>> Sections { get; private set; } = [];

    public string Query { get; private set; } = "";

    /// <summary>Only what the file itself has.</summary>
    public bool OnlyGiven { get; private set; }

    public DeployedRelease? Release => release();

    public IReadOnlyList<ConfigurationVersion> Versions { get; private set; } = [];

    public ValuesLayout Layout { get; private set; }

    public bool IsChanged => Text != _base || BasedOn is null;

    public bool CanUndo => _undo.Count > 0;

    public int Errors => Problems.Count(problem => problem.Severity == ProblemSeverity.Error);

    public int Warnings => Problems.Count - Errors;

    /// <summary>The exact command that brings what is saved into effect.</summary>
    public string UpgradeLine => HelmUpgrade.For(Release, Chart);

    /// <summary>The lines of charts to choose from, the newest first: the published ones, our own, and that of the release.</summary>
    public IEnumerable<string> Charts => ChartVersion.Lines.Append(ChartVersion.Ours.Line).Append(Chart.Line).Concat(Release is { } deployed ? [deployed.Chart.Line] : []).Distinct().OrderByDescending(ChartVersion.Parse);

    /// <summary>True where the file has its values where the chart does not look for them.</summary>
    public bool NeedsMigration => Document is not null && !Chart.IsOurs && (Layout, Chart.IsNested) is (ValuesLayout.Mixed, _) or (ValuesLayout.Flat, true) or (ValuesLayout.Nested, false);

    /// <summary>Begins with the newest saved version, else with the release, else with nothing.</summary>
    public void Load()
    {
        Versions = store.List();
        if (Versions.Count > 0)
        {
            Begin(store.Text(Versions[0].Number) ?? "", Versions[0].Chart, ConfigurationOrigin.Saved, Versions[0]);
        }
        else if (Release is { } deployed)
        {
            Begin(deployed.ToYaml(), deployed.Chart, ConfigurationOrigin.Release, null);
        }
        else
        {
            Begin("", ChartVersion.Newest, ConfigurationOrigin.Empty, null);
        }
    }

    /// <summary>Reads what others saved; what is being edited stays.</summary>
    public void RefreshVersions() => Versions = store.List();

    /// <summary>Takes the schema that the deployed chart brings, and checks the file anew where that is news. It holds for the chart's own line alone.</summary>
    public async Task LoadSchemaAsync(CancellationToken cancellationToken)
    {
        var deployed = Release;
        if (deployed?.Schema == _schemaOf?.Schema && deployed?.ChartVersion == _schemaOf?.ChartVersion)
        {
            return;
        }

        var schema = deployed is { Schema.Length: > 0 } ? await ChartSchema.ReadAsync(deployed.Schema, deployed.Defaults, cancellationToken) : null;
        (_schemaOf, _schema) = (deployed, schema);
        Apply(Text, Chart);
    }

    /// <summary>Takes another file. What was there can be had back with <see cref="Undo"/>.</summary>
    public void Import(string text, ChartVersion? chart, ConfigurationOrigin origin)
    {
        Change(text, chart ?? Chart);
        (Origin, _veil) = (origin, new(Text, !_secretsShown));
    }

    /// <summary>Filters the form by words in key, title and description.</summary>
    public void Search(string query, bool onlyGiven)
    {
        (Query, OnlyGiven) = (query, onlyGiven);
        Arrange();
    }

    /// <summary>Edits for another chart; the text stays. Bringing the text along is <see cref="ValuesMigration"/>'s work.</summary>
    public void For(ChartVersion chart) => Change(Text, chart);

    /// <summary>True when the text in the editor stands for the file as it is now, though it may be shown otherwise.</summary>
    public bool IsTyped(string shown) => shown == _typed;

    /// <summary>Takes what the editor has now.</summary>
    public void Edit(string shown)
    {
        Change(_veil.Reveal(shown), Chart);
        _typed = shown;
    }

    /// <summary>Sets a value from the form.</summary>
    /// <returns>What is wrong with the input; null when it was taken. Nothing changes otherwise.</returns>
    public ValuesProblem? Set(ConfigurationField field, string text)
    {
        if (Document is null || ConfigurationField.Read(text, field.Kind) is not { } value)
        {
            return Problem(field, new("This is not what the value can be.", "此值无效。"));
        }

        return Attempt(field, document => document.Set(field.Key, value, Catalogue.Order));
    }

    /// <summary>Takes a value out of the file, so that the chart's default holds.</summary>
    public ValuesProblem? Reset(ConfigurationField field) => Attempt(field, document => document.Remove(field.Key));

    /// <summary>Takes images and packages from mainland China.</summary>
    public ValuesProblem? TakeChinaPreset() => Attempt(null, document => ValuesPresets.China(document, Chart));

    /// <summary>What migrating to a chart would give; null while the text is no values file.</summary>
    public MigratedValues? Migration(ChartVersion chart) => Document is null ? null : ValuesMigration.Run(Document, chart);

    /// <summary>Takes a migration.</summary>
    public void Take(MigratedValues migrated) => Change(migrated.After.Text, migrated.Chart);

    /// <summary>Goes back by one change.</summary>
    public void Undo()
    {
        if (_undo.TryPop(out var before))
        {
            Apply(before.Text, before.Chart);
        }
    }

    /// <summary>Goes on from a version that was just saved.</summary>
    public void Saved(ConfigurationVersion version)
    {
        Versions = store.List();
        var text = store.Text(version.Number) ?? "";
        (_base, BasedOn, Origin) = (text, version, ConfigurationOrigin.Saved);
        if (text != Text || !version.Chart.Equals(Chart))
        {
            Change(text, version.Chart);
        }
    }

    /// <summary>Two texts line by line, both without secrets.</summary>
    /// <param name="from">A version's number; 0 for what the release has, -1 for what is being edited.</param>
    public ConfigurationDifference Compare(int from, int to) => _comparison.Of(from, to, Text, Release);

    /// <summary>What an upgrade with the file would change in the release; empty where either is not known.</summary>
    public IReadOnlyList<FileDrift> Drift() => _drift.For((Document, Release));

    /// <summary>True where the release is the one that this runner was started by; what runs can be compared with no other.</summary>
    public bool IsOurRelease => Release is { } deployed && RunningDrift.IsOf(deployed, running());

    /// <summary>What this runner works with otherwise than its release has it.</summary>
    public IReadOnlyList<RunningDrift> RunningDrifts() => Release is { } deployed && IsOurRelease ? RunningDrift.Find(deployed, running()) : [];

    private ValuesProblem? Attempt(ConfigurationField? field, Func<ValuesDocument, ValuesDocument> edit)
    {
        try
        {
            if (Document is not null)
            {
                Change(edit(Document).Text, Chart);
            }

            return null;
        }
        catch (ValuesException exception)
        {
            return field is null ? exception.Problem : exception.Problem with { Path = field.Key };
        }
    }

    private static ValuesProblem Problem(ConfigurationField field, LocalText message) =>
        new("not-a-value", field.Key, 1, 1, ProblemSeverity.Error, message, new("Look at its description.", "请查看其说明。"));

    private void Begin(string text, ChartVersion chart, ConfigurationOrigin origin, ConfigurationVersion? basedOn)
    {
        _undo.Clear();
        (_base, Origin, BasedOn) = (text, origin, basedOn);
        Apply(text, chart);
        _veil = new(text, !_secretsShown);
    }

    private void Change(string text, ChartVersion chart)
    {
        if (text == Text && chart.Equals(Chart))
        {
            return;
        }

        _undo.Push((Text, Chart));
        Apply(text, chart);
    }

    private void Apply(string text, ChartVersion chart)
    {
        _typed = text == Text ? _typed : null;
        (Text, Chart) = (text, chart);
        _veil = _veil.Over(text);
        try
        {
            var document = ValuesDocument.Parse(text);

            // A file whose aliases stand for more than can be held can be read as text alone.
            Layout = ValuesLayouts.Of(document);
            Document = document;
            Problems = ValuesCheck.Run(Document, new CheckContext(chart, _schemaOf is { } deployed && deployed.Chart.IsSameLine(chart) ? _schema : null, nodeLabels()));
        }
        catch (ValuesException exception)
        {
            (Document, Layout) = (null, ValuesLayout.Either);
            Problems = [exception.Problem];
        }

        Arrange();
    }

    private void Arrange() => Sections = ConfigurationForm.Sections(Document, Chart, Problems, Query, OnlyGiven);
}
