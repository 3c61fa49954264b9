using System.Collections.Immutable;
using Runner.Engine;
using Runner.Engine.Capacity;
using Runner.Engine.Capacity.Usage;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Logs;
using Runner.Engine.Logs.Kept;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.History;
using Runner.Engine.Workloads.Services;

namespace Runner.Web.Live;

/// <summary>The engine of this process, as pages see it.</summary>
internal sealed class ConsoleEngine : IConsoleEngine, IDisposable
{
    private readonly WorkloadFeed _feed;
    private readonly ClusterDirectory _clusters;
    private readonly Outbox _outbox;
    private readonly IReadOnlyList<IWorkloadOperations> _operations;
    private readonly PodLogs _logs;
    private readonly LiveSettings _settings;
    private readonly CapacityFeed _capacity;
    private readonly UsageFeed _usage;
    private readonly ServiceControl _control;
    private readonly ServiceVersions _versions;
    private readonly WorkloadHistory _history;
    private readonly ClusterTelling _telling;

    public ConsoleEngine(
        WorkloadFeed feed,
        ClusterDirectory clusters,
        Outbox outbox,
        IEnumerable<IWorkloadOperations> operations,
        PodLogs logs,
        LiveSettings settings,
        CapacityFeed capacity,
        UsageFeed usage,
        ServiceControl control,
        ServiceVersions versions,
        WorkloadHistory history,
        ClusterTelling telling)
    {
        (_control, _versions, _history, _telling) = (control, versions, history, telling);
        (_capacity, _usage) = (capacity, usage);
        _feed = feed;
        _clusters = clusters;
        _outbox = outbox;
        _operations = [.. operations];
        _logs = logs;
        _settings = settings;
        clusters.StatusChanged += OnStatusChanged;
        settings.Changed += OnSettingsChanged;
        capacity.Changed += OnCapacityChanged;
    }

    public event Action? ClustersChanged;

    public event Action? CapacityChanged;

    public event Action<WorkloadKey>? ObjectChanged
    {
        add => _feed.ObjectChanged += value;
        remove => _feed.ObjectChanged -= value;
    }

    public event Action? HubChanged
    {
        add => _outbox.StatusChanged += value;
        remove => _outbox.StatusChanged -= value;
    }

    public ImmutableDictionary<WorkloadKey, Workload> Workloads => _feed.Current;

    public IReadOnlyList<ClusterView> Clusters
    {
        get
        {
            var problems = _settings.Problems;
            return [.. _clusters.Connections.Select(connection => new ClusterView(connection.Name, connection.Origin, connection.Status, connection.State.Synced, connection.LastContact)
            {
                Account = connection.Account,
                ConfigurationProblems = problems.Where(problem => problem.Cluster == connection.Name).ToEquatableList(),
            })];
        }
    }

    public IReadOnlyList<CapacitySnapshot> Capacity => [.. _clusters.Connections.Select(connection => _capacity.Of(connection.Name))];

    public OutboxStatus Hub => _outbox.Status;

    public IReadOnlyList<HeartbeatStatus> Heartbeats => _telling.Heartbeats;

    public IDisposable Subscribe(Action<WorkloadKey> changed) => _feed.Subscribe(changed);

    public IReadOnlyList<int> HubEventsPerMinute(int minutes) => _outbox.PerMinute(minutes);

    public IReadOnlyList<WorkloadEvent> EventsOf(WorkloadKey key) => _clusters.Find(key.Cluster)?.State.EventsOf(key) ?? [];

    public string? ManifestOf(WorkloadKey key) => _clusters.Find(key.Cluster)?.State.ManifestOf(key);

    public IReadOnlyDictionary<string, string> LabelsOf(WorkloadKey key, string pod) =>
        _clusters.Find(key.Cluster)?.State.LabelsOfPod(key.Namespace, pod) ?? ImmutableDictionary<string, string>.Empty;

    public IReadOnlyList<WorkloadContainerSpec> ContainersOf(WorkloadKey key) => _clusters.Find(key.Cluster)?.State.ContainersOf(key) ?? [];

    public IReadOnlyDictionary<string, ContainerLimits> LimitsOf(WorkloadKey key, string pod) => _usage.LimitsOf(key.Cluster, key.Namespace, pod);

    public UsageList UsageOf(UsageSubject subject, string cluster) => _usage.Of(subject, cluster);

    public IDisposable WatchUsage(UsageSubject subject, string cluster, Action changed) => _usage.Watch(subject, cluster, changed);

    public IReadOnlyList<StateChange> HistoryOf(WorkloadKey key, string uid) => _history.Of(key, uid);

    public IAsyncEnumerable<LogLine> ReadLogAsync(WorkloadKey key, string pod, string container, PodLogOptions options, CancellationToken cancellationToken) =>
        _logs.ReadAsync(Cluster(key), key.Namespace, pod, container, options, cancellationToken);

    public IReadOnlyList<KeptLog> KeptLogsOf(WorkloadKey key) => _logs.KeptOf(key);

    public Task StopAsync(WorkloadKey key, CancellationToken cancellationToken) => Operations(key).StopAsync(Cluster(key), key, cancellationToken);

    public Task PurgeAsync(WorkloadKey key, CancellationToken cancellationToken) => Operations(key).PurgeAsync(Cluster(key), key, cancellationToken);

    public Task RestartAsync(WorkloadKey key, CancellationToken cancellationToken) => _control.RestartAsync(Cluster(key), Service(key));

    public Task ScaleAsync(WorkloadKey key, ReplicaRange range, CancellationToken cancellationToken) => _control.ScaleAsync(Cluster(key), Service(key), range);

    public Task SetTrafficAsync(WorkloadKey key, IReadOnlyCollection<VersionShare> shares, CancellationToken cancellationToken) =>
        _versions.SetTrafficAsync(Cluster(key), Service(key), shares);

    public void Dispose()
    {
        _clusters.StatusChanged -= OnStatusChanged;
        _settings.Changed -= OnSettingsChanged;
        _capacity.Changed -= OnCapacityChanged;
    }

    private IWorkloadOperations Operations(WorkloadKey key) =>
        _operations.FirstOrDefault(operations => operations.Kinds.Contains(key.Kind))
            ?? throw new NotSupportedException($"{key.Kind} '{key.Name}' can only be ended by what made it.");

    private static string Service(WorkloadKey key) =>
        key.Kind == WorkloadKind.Service ? key.Name : throw new NotSupportedException($"{key.Kind} '{key.Name}' runs once and ends; only services are restarted, scaled or versioned.");

    private ClusterConnection Cluster(WorkloadKey key) =>
        _clusters.Find(key.Cluster) ?? throw new UnknownClusterException($"There is no cluster connection named '{key.Cluster}'.");

    private void OnStatusChanged(ClusterConnection connection) => ClustersChanged?.Invoke();

    private void OnCapacityChanged(string cluster) => CapacityChanged?.Invoke();

    private void OnSettingsChanged() => ClustersChanged?.Invoke();
}
