using Runner.Engine.Capacity;
using Runner.Engine.Logs;
using Runner.Engine.Workloads;
using Runner.Web.Live.Logs;

namespace Runner.Web.Live.Hub;

/// <summary>One message of the stream <c>Workloads</c>. Apply them in order: a snapshot's pages replace everything, changes come on top.</summary>
/// <param name="Kind"><c>snapshot</c> or <c>changes</c>.</param>
/// <param name="More">True while pages of the snapshot are still to come.</param>
/// <param name="Workloads">Whole new states.</param>
/// <param name="Removed">References of workloads that are gone.</param>
/// <param name="Clusters">All clusters, where one of them changed; else null.</param>
public sealed record WorkloadsMessage(string Kind, bool More, IReadOnlyList<LiveWorkload> Workloads, IReadOnlyList<string> Removed, IReadOnlyList<LiveCluster>? Clusters);

/// <summary>A connection to a cluster.</summary>
/// <param name="Health"><c>Connecting</c>, <c>Connected</c> and so on, as on the pages.</param>
/// <param name="Synced">False until everything was listed once: what is told before that may be incomplete.</param>
/// <param name="DataAsOf">How old what is told is, while the cluster does not answer.</param>
public sealed record LiveCluster(string Name, string Health, string Problem, bool Synced, bool Stale, DateTimeOffset DataAsOf)
{
    internal static LiveCluster Of(ClusterView view) => new(view.Name, view.Status.Health.ToString(), view.Status.Problem, view.Synced, view.IsStale, view.DataAsOf);
}

/// <summary>One workload. Nothing of its environment or manifest is in it.</summary>
/// <param name="Reference"><c>cluster/kind/namespace/name</c>, as the stream <c>Logs</c> takes it.</param>
/// <param name="Code">The hub's code, 0 to 28.</param>
/// <param name="Phase">Of jobs; empty for everything else.</param>
public sealed record LiveWorkload(
    string Reference, string Cluster, string Kind, string Namespace, string Name, string Uid, long DeployId, DateTimeOffset CreatedAt, int Code, string State, string Phase, string Reason, string Message, bool WaitingForRoom,
    string Owner, int ActualReplicas, int DesiredReplicas, int Restarts, string Endpoint, IReadOnlyDictionary<string, string> Requests, IReadOnlyList<LiveInstance> Instances)
{
    internal static LiveWorkload Of(Workload workload) => new(
        WorkloadReference.Write(workload.Key), workload.Key.Cluster, workload.Key.Kind.ToString(), workload.Key.Namespace, workload.Key.Name, workload.Uid, workload.DeployId, workload.CreatedAt,
        (int)workload.Status, workload.Status.ToString(), workload.Job?.Status ?? "", workload.Reason, workload.Message, workload.WaitingForRoom,
        workload.UserName.Length > 0 ? workload.UserName : workload.UserId, workload.ActualReplicas, workload.DesiredReplicas, workload.Restarts, workload.Endpoint, workload.Requests,
        [.. workload.Instances.Select(instance => new LiveInstance(
            instance.PodName, instance.Status, instance.Reason, instance.Node, instance.Ready, instance.Restarts, [.. instance.Containers.Select(container => container.Name)]))]);
}

/// <summary>One pod of a workload.</summary>
public sealed record LiveInstance(string Pod, string Status, string Reason, string Node, bool Ready, int Restarts, IReadOnlyList<string> Containers);

/// <summary>One message of the stream <c>Capacity</c>: the whole inventory of all clusters.</summary>
public sealed record CapacityMessage(IReadOnlyList<LiveCapacity> Clusters)
{
    internal static CapacityMessage Of(IReadOnlyList<CapacitySnapshot> snapshots) => new([.. snapshots.Select(LiveCapacity.Of)]);
}

/// <param name="Source"><c>ClusterWide</c>, <c>NamespaceQuota</c>, <c>Uncertain</c> or <c>Starting</c>.</param>
public sealed record LiveCapacity(string Cluster, string Source, string Problem, IReadOnlyList<LiveAccelerators> Accelerators, IReadOnlyList<LiveNode> Nodes)
{
    internal static LiveCapacity Of(CapacitySnapshot snapshot) => new(
        snapshot.Cluster, snapshot.Source.ToString(), snapshot.Problem,
        [.. snapshot.Accelerators().Select(total => new LiveAccelerators(total.Vendor, total.Model, total.Resource, LiveFigures.Of(total.Figures), total.Nodes))],
        [.. snapshot.Nodes.Select(node => new LiveNode(node.Name, node.Ready, node.Cordoned, node.Problem, node.Resources.ToDictionary(pair => pair.Key, pair => LiveFigures.Of(pair.Value))))]);
}

public sealed record LiveAccelerators(string Vendor, string Model, string Resource, LiveFigures Figures, IReadOnlyList<string> Nodes);

public sealed record LiveNode(string Name, bool Ready, bool Cordoned, string Problem, IReadOnlyDictionary<string, LiveFigures> Resources);

/// <summary>In cores, bytes or pieces.</summary>
public sealed record LiveFigures(decimal Total, decimal Allocatable, decimal Requested, decimal Free)
{
    internal static LiveFigures Of(ResourceFigures figures) => new(figures.Total, figures.Allocatable, figures.Requested, figures.Free);
}

/// <summary>What the stream <c>Logs</c> is asked for.</summary>
public sealed record LogsRequest
{
    /// <summary>References of workloads whose pods are read, also those still to come.</summary>
    public IReadOnlyList<string> Workloads { get; init; } = [];

    /// <summary>Pods by hand: the reference of their workload, a slash, and the pod's name.</summary>
    public IReadOnlyList<string> Pods { get; init; } = [];

    /// <summary>Label selector as <c>kubectl -l</c> takes it.</summary>
    public string Labels { get; init; } = "";

    /// <summary>Container name, <c>*</c> for all, or empty for the one that does the work.</summary>
    public string Container { get; init; } = "";

    /// <summary>A duration (<c>15m</c>) or a moment (RFC 3339); empty for the last 2,000 lines of each log.</summary>
    public string Since { get; init; } = "";

    /// <summary>The previous run of the containers; it is not followed.</summary>
    public bool Previous { get; init; }
}

/// <summary>One message of the stream <c>Logs</c>.</summary>
/// <param name="Dropped">Lines left out before the first of <paramref name="Lines"/>, because the client did not take them in time.</param>
/// <param name="Streaming">Containers whose log is open.</param>
/// <param name="Problems">What cannot be read, and why; by <c>pod/container</c>.</param>
public sealed record LogsMessage(IReadOnlyList<LiveLine> Lines, long Dropped, int Streaming, IReadOnlyDictionary<string, string> Problems);

public sealed record LiveLine(string Pod, string Container, DateTimeOffset Time, string Text)
{
    internal static LiveLine Of(LogLine line) => new(line.Pod, line.Container, line.Time, line.Text);
}
