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

/// <summary>One cluster as the pages show it.</summary>
/// <param name="Synced">False until everything in the cluster has been listed once: what is shown before that may be incomplete.</param>
/// <param name="LastContact">When the cluster was last heard of; null when it never was.</param>
public sealed record ClusterView(string Name, ClusterOrigin Origin, ClusterStatus Status, bool Synced, DateTimeOffset? LastContact = null)
{
    /// <summary>What of the cluster's live settings cannot be used; empty when all is well.</summary>
    public EquatableList<ConfigurationProblem> ConfigurationProblems { get; init; } = EquatableList<ConfigurationProblem>.Empty;

    /// <inheritdoc cref="ClusterEndpoint.Account"/>
    public string Account { get; init; } = "";

    /// <summary>How old what is shown of the cluster is, while it does not answer.</summary>
    public DateTimeOffset DataAsOf => LastContact ?? Status.Since;

    /// <summary>True when what is shown of the cluster is older than its last word.</summary>
    public bool IsStale => Status.Health == ClusterHealth.Unreachable;
}

/// <summary>
/// All that pages ask of the engine. Everything but the log and the operations is answered from memory; no member waits for a cluster.
/// </summary>
public interface IConsoleEngine
{
    ImmutableDictionary<WorkloadKey, Workload> Workloads { get; }

    IReadOnlyList<ClusterView> Clusters { get; }

    OutboxStatus Hub { get; }

    /// <summary>How the heartbeat of each cluster to the hub fares.</summary>
    IReadOnlyList<HeartbeatStatus> Heartbeats { get; }

    /// <summary>The inventories of all clusters.</summary>
    IReadOnlyList<CapacitySnapshot> Capacity { get; }

    /// <summary>Raised on any thread, as often as pods change, when <see cref="Capacity"/> may have changed.</summary>
    event Action? CapacityChanged;

    /// <summary>Raised on any thread when <see cref="Clusters"/> changes.</summary>
    event Action? ClustersChanged;

    /// <summary>Raised on any thread when the object of a workload may have changed and the workload did not: see <see cref="ManifestOf"/>.</summary>
    event Action<WorkloadKey>? ObjectChanged;

    /// <summary>Raised on any thread when <see cref="Hub"/> changes.</summary>
    event Action? HubChanged;

    /// <summary>Tells the keys of workloads that change from now on, until the result is disposed.</summary>
    /// <param name="changed">As for <see cref="WorkloadFeed.Subscribe(Action{WorkloadKey})"/>: quick, and never throws.</param>
    IDisposable Subscribe(Action<WorkloadKey> changed);

    /// <summary>Events for the hub written per minute, oldest first.</summary>
    IReadOnlyList<int> HubEventsPerMinute(int minutes);

    /// <summary>Kubernetes events about the workload, newest first; empty for an unknown cluster.</summary>
    IReadOnlyList<WorkloadEvent> EventsOf(WorkloadKey key);

    /// <summary>The workload's object as YAML, secret values masked; null when it is gone.</summary>
    string? ManifestOf(WorkloadKey key);

    /// <summary>Labels of one of the workload's pods; empty when it is not known.</summary>
    IReadOnlyDictionary<string, string> LabelsOf(WorkloadKey key, string pod);

    /// <summary>What the workload's containers were asked to be, secrets masked; empty when it is gone.</summary>
    IReadOnlyList<WorkloadContainerSpec> ContainersOf(WorkloadKey key);

    /// <summary>Limits of the containers of one of the workload's pods; empty when it is not known.</summary>
    IReadOnlyDictionary<string, ContainerLimits> LimitsOf(WorkloadKey key, string pod);

    /// <summary>What containers or nodes of a cluster use at the moment; unknown while nobody watches, see <see cref="WatchUsage"/>.</summary>
    UsageList UsageOf(UsageSubject subject, string cluster);

    /// <inheritdoc cref="UsageFeed.Watch"/>
    IDisposable WatchUsage(UsageSubject subject, string cluster, Action changed);

    /// <summary>The states the workload went through, the newest first.</summary>
    /// <param name="uid">UID of its object: one of the same name has a history of its own.</param>
    IReadOnlyList<StateChange> HistoryOf(WorkloadKey key, string uid);

    /// <summary>Lines of one container of the workload.</summary>
    IAsyncEnumerable<LogLine> ReadLogAsync(WorkloadKey key, string pod, string container, PodLogOptions options, CancellationToken cancellationToken);

    /// <summary>Last logs that are kept of the workload's pods, whether it is still there or not; the newest first. <see cref="ReadLogAsync"/> reads them once the pod is gone.</summary>
    IReadOnlyList<KeptLog> KeptLogsOf(WorkloadKey key);

    /// <summary>Deletes the workload's service.</summary>
    Task StopAsync(WorkloadKey key, CancellationToken cancellationToken);

    /// <summary>Starts the instances of a service anew. Services only.</summary>
    Task RestartAsync(WorkloadKey key, CancellationToken cancellationToken);

    /// <summary>Changes how many instances a service may have. Services only.</summary>
    Task ScaleAsync(WorkloadKey key, ReplicaRange range, CancellationToken cancellationToken);

    /// <summary>Shares the requests of a service out over its versions. Services only.</summary>
    Task SetTrafficAsync(WorkloadKey key, IReadOnlyCollection<VersionShare> shares, CancellationToken cancellationToken);

    /// <summary>Deletes the workload's service and everything that was kept for it.</summary>
    Task PurgeAsync(WorkloadKey key, CancellationToken cancellationToken);
}
