using System.Collections.Immutable;

namespace Runner.Engine.Configuration;

/// <summary>Settings of one cluster as they are at the moment.</summary>
public sealed record ClusterSettings
{
    /// <summary>Region that the hub shows.</summary>
    public string Region { get; init; } = "";

    /// <summary>Zone such as <c>cn-beijing</c>; empty until the hub tells one.</summary>
    public string Zone { get; init; } = "";

    /// <summary>Whose cloud it is, such as <c>ali</c>; empty until the hub tells one.</summary>
    public string Provider { get; init; } = "";

    /// <summary>Whether the hub may use the cluster.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Class of the volumes that users get; empty for none.</summary>
    public string StorageClass { get; init; } = "";

    /// <summary>Address under which the hub reaches the runner, as it can call it (<see cref="ConfigMapValues.AddressOf"/>); empty while unknown.</summary>
    public string PublicDomain { get; init; } = "";

    /// <summary>Address of the ingress to the workloads, as the hub can call it, with <c>auto</c> resolved; empty while unknown.</summary>
    public string ApplicationEndpoint { get; init; } = "";

    /// <summary>Interface for traffic between hosts, such as <c>eth0</c>; empty for the default.</summary>
    public string NetworkInterface { get; init; } = "";
}

/// <summary>Something in the live settings that cannot be used. What worked before stays in use.</summary>
/// <param name="Cluster">Name of the connection.</param>
/// <param name="Source">Where the fault is: <c>ConfigMap csghub/runner-config</c>.</param>
/// <param name="Problem">What is wrong, what stays in use, and what to do. Holds no secret.</param>
public sealed record ConfigurationProblem(string Cluster, string Source, LocalText Problem);

/// <summary>
/// Settings that change while the process runs: what the environment said at the start, overridden by the watched ConfigMap of each cluster and
/// by what the hub set for a cluster. The one place to read these from. Thread-safe.
/// </summary>
public sealed class LiveSettings
{
    /// <summary>Value of the application endpoint that asks for the address of the Knative ingress.</summary>
    public const string Auto = "auto";

    private readonly Lock _lock = new();
    private readonly RunnerOptions _options;
    private readonly string _defaultCluster;
    private ImmutableDictionary<string, ConfigMapValues> _configMaps = ImmutableDictionary<string, ConfigMapValues>.Empty;
    private ImmutableDictionary<string, IReadOnlyDictionary<string, string>?> _configMapData = ImmutableDictionary<string, IReadOnlyDictionary<string, string>?>.Empty;
    private ImmutableDictionary<(string Cluster, string Source), EquatableList<ConfigurationProblem>> _problems = ImmutableDictionary<(string, string), EquatableList<ConfigurationProblem>>.Empty;
    private ImmutableDictionary<string, string> _ingresses = ImmutableDictionary<string, string>.Empty;
    private ImmutableDictionary<string, ClusterOverride> _overrides = ImmutableDictionary<string, ClusterOverride>.Empty;

    /// <param name="defaultCluster">Name of the connection whose ConfigMap says where the hub is.</param>
    public LiveSettings(RunnerOptions options, string defaultCluster)
    {
        _options = options;
        _defaultCluster = defaultCluster;
    }

    /// <summary>Raised, on any thread, after a setting or problem changed. Handlers must be quick and must not throw.</summary>
    public event Action? Changed;

    /// <summary>Base URL of the hub; null until it is known, events wait.</summary>
    public Uri? WebhookEndpoint => MapOf(_defaultCluster).WebhookEndpoint ?? _options.Hub.WebhookEndpoint;

    /// <summary>What cannot be used at the moment; empty when all is well.</summary>
    public IReadOnlyList<ConfigurationProblem> Problems => [.. Volatile.Read(ref _problems).Values.SelectMany(problems => problems).OrderBy(problem => problem.Cluster, StringComparer.Ordinal)];

    /// <summary>The settings of a cluster at the moment.</summary>
    /// <param name="cluster">Name of the connection, see <see cref="Clusters.Connections.ClusterConnection.Name"/>.</param>
    public ClusterSettings Of(string cluster)
    {
        var map = MapOf(cluster);
        var hub = Volatile.Read(ref _overrides).GetValueOrDefault(cluster) ?? ClusterOverride.None;
        return new()
        {
            Region = First(hub.Region?.Over(map.Region), map.Region, _options.Region),
            Zone = hub.Zone,
            Provider = hub.Provider,
            Enabled = hub.Enabled,
            StorageClass = First(hub.StorageClass?.Over(map.StorageClass), map.StorageClass, _options.StorageClass),
            PublicDomain = ConfigMapValues.AddressOf(First(map.PublicDomain, _options.PublicDomain)),
            ApplicationEndpoint = ConfigMapValues.AddressOf(WantsIngress(cluster) ? Volatile.Read(ref _ingresses).GetValueOrDefault(cluster, "") : First(map.ApplicationEndpoint, _options.ApplicationEndpoint)),
            NetworkInterface = First(map.NetworkInterface, _options.NetworkInterface),
        };
    }

    /// <summary>Whether the application endpoint of a cluster is the address of its Knative ingress.</summary>
    internal bool WantsIngress(string cluster) => First(MapOf(cluster).ApplicationEndpoint, _options.ApplicationEndpoint) == Auto;

    /// <summary>What the watched ConfigMap of a cluster last said that could be used.</summary>
    internal ConfigMapValues MapOf(string cluster) => Volatile.Read(ref _configMaps).GetValueOrDefault(cluster) ?? ConfigMapValues.None;

    /// <summary>The watched ConfigMap of a cluster as it is there, usable or not; null while it is not known or not there.</summary>
    internal IReadOnlyDictionary<string, string>? DataOf(string cluster) => Volatile.Read(ref _configMapData).GetValueOrDefault(cluster);

    /// <summary>What the hub set for a cluster.</summary>
    internal ClusterOverride OverrideOf(string cluster) => Volatile.Read(ref _overrides).GetValueOrDefault(cluster) ?? ClusterOverride.None;

    /// <summary>Whether it was tried to find the Knative ingress of a cluster.</summary>
    internal bool KnowsIngress(string cluster) => Volatile.Read(ref _ingresses).ContainsKey(cluster);

    internal void SetConfigMap(string cluster, ConfigMapValues values) => Update(() =>
    {
        var changed = !values.Equals(MapOf(cluster));
        _configMaps = _configMaps.SetItem(cluster, values);
        return changed;
    });

    /// <param name="data">Null where there is no such ConfigMap.</param>
    internal void SetConfigMapData(string cluster, IReadOnlyDictionary<string, string>? data) => Update(() =>
    {
        var before = DataOf(cluster);
        var changed = data is null || before is null ? data != before : data.Count != before.Count || data.Any(entry => before.GetValueOrDefault(entry.Key) != entry.Value);
        _configMapData = _configMapData.SetItem(cluster, data);
        return changed;
    });

    /// <param name="address">Empty where none was found.</param>
    internal void SetIngress(string cluster, string address) => Update(() =>
    {
        var changed = _ingresses.GetValueOrDefault(cluster) != address;
        _ingresses = _ingresses.SetItem(cluster, address);
        return changed;
    });

    /// <summary>Replaces what one source of one cluster has to complain about.</summary>
    /// <returns>Whether that is news.</returns>
    internal bool SetProblems(string cluster, string source, IEnumerable<LocalText> problems) => Update(() =>
    {
        var now = problems.Select(problem => new ConfigurationProblem(cluster, source, problem)).ToEquatableList();
        var changed = !now.Equals(_problems.GetValueOrDefault((cluster, source)) ?? EquatableList<ConfigurationProblem>.Empty);
        _problems = now.Count == 0 ? _problems.Remove((cluster, source)) : _problems.SetItem((cluster, source), now);
        return changed;
    });

    /// <param name="overrides">All there are, by names of connections.</param>
    internal void SetOverrides(IReadOnlyDictionary<string, ClusterOverride> overrides) => Update(() =>
    {
        var before = _overrides;
        _overrides = overrides.ToImmutableDictionary(StringComparer.Ordinal);
        return before.Count != overrides.Count || overrides.Any(entry => before.GetValueOrDefault(entry.Key) != entry.Value);
    });

    private static string First(params ReadOnlySpan<string?> values)
    {
        foreach (var value in values)
        {
            if (!string.IsNullOrEmpty(value))
            {
                return value;
            }
        }

        return "";
    }

    private bool Update(Func<bool> change)
    {
        bool changed;
        lock (_lock)
        {
            changed = change();
        }

        if (changed)
        {
            Changed?.Invoke();
        }

        return changed;
    }
}

/// <summary>What the hub set for a cluster. Empty texts mean nothing was set.</summary>
internal sealed record ClusterOverride(HubValue? Region, string Zone, string Provider, bool Enabled, HubValue? StorageClass)
{
    public static ClusterOverride None { get; } = new(null, "", "", true, null);
}

/// <summary>A value from the hub that holds until the ConfigMap says something else than it did then: the latest word counts, also after a restart.</summary>
/// <param name="ConfigMapSaid">What the ConfigMap said when the hub set the value; empty for nothing.</param>
internal sealed record HubValue(string Value, string ConfigMapSaid)
{
    /// <summary>The value, or null when the ConfigMap has spoken since.</summary>
    public string? Over(string configMapSays) => configMapSays == ConfigMapSaid ? Value : null;
}
