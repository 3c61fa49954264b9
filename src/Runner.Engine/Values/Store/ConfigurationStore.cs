using LiteDB;
using Runner.Engine.Storage;

namespace Runner.Engine.Values;

/// <summary>A saved state of the configuration, without its text.</summary>
/// <param name="Number">From 1, without gaps.</param>
/// <param name="Who">Name of the user.</param>
/// <param name="Why">What the user said.</param>
/// <param name="RestoredFrom">The version whose text it took again; null for a new text.</param>
public sealed record ConfigurationVersion(int Number, DateTimeOffset When, string Who, string Why, ChartVersion Chart, int? RestoredFrom);

/// <summary>Somebody saved in between.</summary>
public sealed class ConfigurationConflictException(ConfigurationVersion newest)
    : Exception($"Version {newest.Number} was saved by {newest.Who} meanwhile. Compare with it, then save again.")
{
    /// <summary>The version that is newest now.</summary>
    public ConfigurationVersion Newest { get; } = newest;
}

/// <summary>The versions of the configuration: each whole, none ever overwritten or pruned. Thread-safe. Texts hold secrets.</summary>
public sealed class ConfigurationStore
{
    private const string Collection = "configuration_versions";

    private readonly IStateStore _state;
    private readonly TimeProvider _time;

    /// <summary>Opens the versions in the state.</summary>
    public ConfigurationStore(IStateStore state, TimeProvider time)
    {
        (_state, _time) = (state, time);
        state.ChangedElsewhere += changed =>
        {
            if (changed.Contains(Collection))
            {
                Changed?.Invoke();
            }
        };
    }

    /// <summary>Raised, on any thread, after a version was saved, here or by another replica. Handlers must be quick and must not throw.</summary>
    public event Action? Changed;

    /// <summary>The newest version; null before the first.</summary>
    public ConfigurationVersion? Newest => Last()?.ToVersion();

    /// <summary>All versions, the newest first.</summary>
    public IReadOnlyList<ConfigurationVersion> List() =>
        Read(int.MaxValue).ConvertAll(document => document.ToVersion());

    /// <summary>The text of a version, byte by byte as it was saved; null where there is no such version.</summary>
    public string? Text(int number) => Find(number) is { } document ? document.Text ?? "" : null;

    /// <summary>Saves a text as the next version; returns when it is on the disk.</summary>
    /// <param name="basedOn">The number of the version that the user began with; 0 for none. Another newest version is a conflict.</param>
    /// <exception cref="ConfigurationConflictException">Somebody saved in between; nothing was saved.</exception>
    /// <exception cref="IOException">The disk refused; nothing was saved.</exception>
    public Task<ConfigurationVersion> SaveAsync(string text, ChartVersion chart, string who, string why, int basedOn, CancellationToken cancellationToken) =>
        AddAsync(text, chart, who, why, basedOn, null, cancellationToken);

    /// <summary>Saves the text of an earlier version as the next one.</summary>
    /// <exception cref="KeyNotFoundException">There is no such version.</exception>
    /// <exception cref="ConfigurationConflictException">Somebody saved in between; nothing was saved.</exception>
    /// <exception cref="IOException">The disk refused; nothing was saved.</exception>
    public Task<ConfigurationVersion> RestoreAsync(int number, string who, string why, int basedOn, CancellationToken cancellationToken)
    {
        var document = Find(number) ?? throw new KeyNotFoundException($"There is no version {number} of the configuration.");
        return AddAsync(document.Text ?? "", document.ToVersion().Chart, who, why, basedOn, number, cancellationToken);
    }

    private async Task<ConfigurationVersion> AddAsync(string text, ChartVersion chart, string who, string why, int basedOn, int? restored, CancellationToken cancellationToken)
    {
        var when = _time.GetUtcNow();
        var (saved, conflict) = await _state.WriteAsync<(ConfigurationVersion? Saved, ConfigurationVersion? Conflict)>(
            transaction =>
            {
                var documents = transaction.Collection(Collection);
                var last = documents.Find(Query.All(Query.Descending), 0, 1) is [var newest] ? StateMapping<ConfigurationDocument>.ToObject(newest) : null;
                if ((last?.Id ?? 0) != basedOn)
                {
                    return (null, last?.ToVersion() ?? throw new KeyNotFoundException($"There is no version {basedOn} of the configuration."));
                }

                var document = new ConfigurationDocument { Id = basedOn + 1, When = when.UtcDateTime, Who = who, Why = why, Chart = chart.ToString(), Text = text, RestoredFrom = restored };
                documents.Insert(StateMapping<ConfigurationDocument>.ToDocument(document));
                return (document.ToVersion(), null);
            },
            cancellationToken).ConfigureAwait(false);
        if (saved is null)
        {
            throw new ConfigurationConflictException(conflict!);
        }

        Changed?.Invoke();
        return saved;
    }

    private ConfigurationDocument? Last() => Read(1) is [var last] ? last : null;

    private ConfigurationDocument? Find(int number) =>
        _state.Read(db => db.GetCollection(Collection).FindById(number)) is { } document ? StateMapping<ConfigurationDocument>.ToObject(document) : null;

    private List<ConfigurationDocument> Read(int most) =>
        _state.Read(db => db.GetCollection(Collection).Find(Query.All(Query.Descending), 0, most).Select(StateMapping<ConfigurationDocument>.ToObject).ToList());
}

/// <summary>A version as it lies on disk.</summary>
internal sealed class ConfigurationDocument
{
    [BsonId(autoId: false)]
    public int Id { get; set; }

    public DateTime When { get; set; }

    public string? Who { get; set; }

    public string? Why { get; set; }

    public string Chart { get; set; } = "";

    // The database keeps an empty text as null.
    public string? Text { get; set; }

    public int? RestoredFrom { get; set; }

    public ConfigurationVersion ToVersion() => new(Id, new(When, TimeSpan.Zero), Who ?? "", Why ?? "", ChartVersion.TryParse(Chart, out var chart) ? chart : ChartVersion.Newest, RestoredFrom);
}
