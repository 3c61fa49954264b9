using LiteDB;
using Runner.Engine.Storage;

namespace Runner.Engine.Configuration;

/// <summary>What the hub wants to change of a cluster's settings; null leaves a setting as it is.</summary>
public sealed record ClusterChange(string? Region, string? Zone, string? Provider, bool? Enabled, string? StorageClass);

/// <summary>Keeps what the hub set for clusters on disk, and in <see cref="LiveSettings"/>.</summary>
public sealed class ClusterOverrideStore
{
    private const string Collection = "cluster_overrides";

    private readonly IStateStore _state;
    private readonly LiveSettings _settings;
    private readonly Lock _loading = new();

    /// <param name="settings">Where the values take effect, those of former processes once they are <see cref="Load">loaded</see>.</param>
    public ClusterOverrideStore(IStateStore state, LiveSettings settings)
    {
        _state = state;
        _settings = settings;
        state.ChangedElsewhere += changed =>
        {
            if (changed.Contains(Collection))
            {
                Load();
            }
        };
    }

    /// <summary>Puts what is set, also what was before the process began or by another replica, into effect, and nothing else.</summary>
    public void Load()
    {
        // One after the other: of two changes at once the later one must not be overtaken by what it was made from.
        lock (_loading)
        {
            var documents = _state.Read(db => db.GetCollection(Collection).FindAll().Select(StateMapping<ClusterOverrideDocument>.ToObject).ToList());
            _settings.SetOverrides(documents.ToDictionary(document => document.Id, document => document.ToOverride(), StringComparer.Ordinal));
        }
    }

    /// <summary>Changes settings of a cluster. When it returns they are on disk and in effect.</summary>
    /// <param name="cluster">Name of the connection.</param>
    /// <exception cref="IOException">The disk refused; nothing was changed.</exception>
    public async Task ChangeAsync(string cluster, ClusterChange change, CancellationToken cancellationToken)
    {
        var map = _settings.MapOf(cluster);
        await _state.WriteAsync(
            transaction =>
            {
                // From the disk and not from memory: two changes at once must both be kept.
                var documents = transaction.Collection(Collection);
                var known = documents.FindById(cluster) is { } document ? StateMapping<ClusterOverrideDocument>.ToObject(document).ToOverride() : ClusterOverride.None;
                var changed = known with
                {
                    Region = change.Region is { } region ? new HubValue(region, map.Region) : known.Region,
                    Zone = change.Zone ?? known.Zone,
                    Provider = change.Provider ?? known.Provider,
                    Enabled = change.Enabled ?? known.Enabled,
                    StorageClass = change.StorageClass is { } storageClass ? new HubValue(storageClass, map.StorageClass) : known.StorageClass,
                };
                return documents.Upsert(StateMapping<ClusterOverrideDocument>.ToDocument(ClusterOverrideDocument.From(cluster, changed)));
            },
            cancellationToken).ConfigureAwait(false);
        Load();
    }
}

/// <summary>A <see cref="ClusterOverride"/> as it lies on disk. The id is the connection's name.</summary>
internal sealed class ClusterOverrideDocument
{
    [BsonId(autoId: false)]
    public string Id { get; set; } = "";

    public string? Region { get; set; }

    public string RegionOver { get; set; } = "";

    public string Zone { get; set; } = "";

    public string Provider { get; set; } = "";

    public bool Enabled { get; set; }

    public string? StorageClass { get; set; }

    public string StorageClassOver { get; set; } = "";

    public static ClusterOverrideDocument From(string cluster, ClusterOverride value) => new()
    {
        Id = cluster,
        Region = value.Region?.Value,
        RegionOver = value.Region?.ConfigMapSaid ?? "",
        Zone = value.Zone,
        Provider = value.Provider,
        Enabled = value.Enabled,
        StorageClass = value.StorageClass?.Value,
        StorageClassOver = value.StorageClass?.ConfigMapSaid ?? "",
    };

    public ClusterOverride ToOverride() => new(ValueOf(Region, RegionOver), Zone ?? "", Provider ?? "", Enabled, ValueOf(StorageClass, StorageClassOver));

    // The database keeps an empty text as null.
    private static HubValue? ValueOf(string? value, string? over) => value is null ? null : new(value, over ?? "");
}
