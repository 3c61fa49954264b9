using Runner.Engine.Storage;
using Runner.Engine.Values;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components.Models.Configuration;

namespace Runner.Tests.bUnit;

/// <summary>The values file that one person edits, without a page.</summary>
public sealed class ConfigurationModelTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("console-").FullName;
    private readonly Database _database;
    private readonly ConfigurationStore _store;
    private readonly ConfigurationModel _model;
    private DeployedRelease? _release;

    public ConfigurationModelTests()
    {
        _database = Database.Open(_folder);
        _store = new(_database, TimeProvider.System);
        _model = new(_store, () => _release, () => new("", new Dictionary<string, string>(), null), () => null);
        _model.Load();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Undo_goes_back_by_one_change_however_many_there_were()
    {
        for (var number = 1; number <= 130; number++)
        {
            _model.Edit($"name: n{number}\n");
        }

        _model.Undo();
        Assert.Equal("name: n129\n", _model.Text);
        _model.Undo();
        Assert.Equal("name: n128\n", _model.Text);
        while (_model.CanUndo)
        {
            _model.Undo();
        }

        Assert.Equal("name: n30\n", _model.Text);
    }

    [Fact]
    public void What_is_compared_is_worked_out_once_and_anew_after_a_change()
    {
        _release = Release("""{"name":"old"}""");
        _model.Edit("name: first\n");
        var (drift, difference) = (_model.Drift(), _model.Compare(0, -1));
        Assert.Equal("first", Assert.Single(drift).File);
        Assert.Contains(difference.Lines, line => line is { Kind: DiffKind.Added, Text: "name: first" });
        Assert.Same(drift, _model.Drift());
        Assert.Same(difference, _model.Compare(0, -1));

        _model.Edit("name: second\n");
        Assert.Equal("second", Assert.Single(_model.Drift()).File);
        Assert.Contains(_model.Compare(0, -1).Lines, line => line is { Kind: DiffKind.Added, Text: "name: second" });

        _release = Release("""{"name":"second"}""");
        Assert.Empty(_model.Drift());
        Assert.DoesNotContain(_model.Compare(0, -1).Lines, line => line.Kind != DiffKind.Same);
    }

    [Fact]
    public async Task A_difference_in_nothing_but_secrets_is_told_and_not_shown()
    {
        _model.Saved(await _store.SaveAsync("hubAPIToken: 0ld\n", ChartVersion.Newest, "ada", "", 0, Cancel));
        _model.Edit("hubAPIToken: n3w\n");
        var difference = _model.Compare(1, -1);
        Assert.True(difference.SecretsDiffer);
        Assert.DoesNotContain(difference.Lines, line => line.Kind != DiffKind.Same || line.Text.Contains("0ld", StringComparison.Ordinal) || line.Text.Contains("n3w", StringComparison.Ordinal));
        Assert.False(_model.Compare(1, 1).SecretsDiffer);
    }

    [Fact]
    public void A_file_that_cannot_be_read_for_a_moment_has_its_secrets_afterwards()
    {
        const string File = "hubAPIToken: t0ken-of-the-hub\nregion: a\ninterval: 45\n";
        _model.Import(File, ChartVersion.Newest, ConfigurationOrigin.Imported);
        var shown = _model.Shown;
        Assert.DoesNotContain("t0ken", shown, StringComparison.Ordinal);

        _model.Edit(shown.Replace("region: a", "reg", StringComparison.Ordinal));
        Assert.Null(_model.Document);
        Assert.DoesNotContain("t0ken", _model.Shown, StringComparison.Ordinal);
        _model.Undo();
        Assert.Equal(shown, _model.Shown);

        _model.Edit(shown.Replace("region: a", "reg", StringComparison.Ordinal));
        _model.Edit(shown.Replace("region: a", "region: b", StringComparison.Ordinal));
        Assert.Equal(File.Replace("region: a", "region: b", StringComparison.Ordinal), _model.Text);

        // What another file had is nothing of this one.
        _model.Import($"hubAPIToken: \"{ValuesMask.Placeholder}\"\n", null, ConfigurationOrigin.Imported);
        _model.Edit(_model.Shown + "region: c\n");
        Assert.DoesNotContain("t0ken", _model.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_are_shown_and_hidden_in_the_text_that_was_just_typed()
    {
        _model.Import("hubAPIToken: t0ken-of-the-hub\nregion: a\n", ChartVersion.Newest, ConfigurationOrigin.Imported);
        var typed = _model.Shown.Replace("region: a", "region: b", StringComparison.Ordinal);
        _model.Edit(typed);
        Assert.True(_model.IsTyped(typed));

        _model.SecretsShown = true;
        Assert.False(_model.IsTyped(typed));
        Assert.Equal("hubAPIToken: t0ken-of-the-hub\nregion: b\n", _model.Shown);
        _model.SecretsShown = false;
        Assert.Equal(typed, _model.Shown);
    }

    private static DeployedRelease Release(string values) =>
        new(ReleaseIdentity.Usual, 1, "deployed", Samples.Now, "runner", "2.4.1", System.Text.Json.Nodes.JsonNode.Parse(values)!.AsObject(), [], "");
}
