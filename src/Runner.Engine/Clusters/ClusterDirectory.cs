using k8s;
using Runner.Engine.Workloads;

namespace Runner.Engine.Clusters;

/// <summary>One cluster: its client, how it answers, and what is known of it. Lives as long as the process.</summary>
public sealed class ClusterConnection
{
    internal ClusterConnection(ClusterEndpoint endpoint) => Endpoint = endpoint;

    public ClusterEndpoint Endpoint { get; }

    /// <summary>Stable name, see <see cref="ClusterEndpoint.Name"/>.</summary>
    public string Name => Endpoint.Name;

    public ClusterOrigin Origin => Endpoint.Origin;

    public ClusterStatus Status { get; private set; } = new(ClusterHealth.Connecting, DateTimeOffset.MinValue, "", "", null);

    /// <summary>The client of this cluster; one for the life of the connection. Never dispose it.</summary>
    public IKubernetes Client => throw new NotImplementedException();

    /// <summary>Everything the watches know. Never asks the API server.</summary>
    public ClusterState State => throw new NotImplementedException();
}

/// <summary>All clusters the runner works with, dead ones included.</summary>
public sealed class ClusterDirectory
{
    /// <summary>All connections; the first one is the default.</summary>
    public IReadOnlyList<ClusterConnection> Connections => throw new NotImplementedException();

    /// <summary>Raised, on any thread, when the <see cref="ClusterConnection.Status"/> of a connection changes. Handlers must be quick.</summary>
    public event Action<ClusterConnection>? StatusChanged { add => throw new NotImplementedException(); remove => throw new NotImplementedException(); }

    /// <summary>Finds the cluster the hub means.</summary>
    /// <param name="clusterId">The hub's cluster id; null or empty for the default cluster.</param>
    /// <exception cref="UnknownClusterException">No cluster has that id.</exception>
    public ClusterConnection Resolve(string? clusterId) => throw new NotImplementedException();

    /// <summary>Finds a connection by its name, or null.</summary>
    public ClusterConnection? Find(string name) => throw new NotImplementedException();
}

/// <summary>The hub named a cluster that no connection has.</summary>
public sealed class UnknownClusterException(string message) : Exception(message);

/// <summary>
/// What one cluster's watches know: objects in caches, workloads projected from them. Reads only; no member asks the API server anything.
/// </summary>
public sealed class ClusterState
{
    /// <summary>True once every cache the projection needs has listed its objects.</summary>
    public bool Synced => throw new NotImplementedException();

    /// <summary>Kubernetes events about the workload's objects, newest first.</summary>
    public IReadOnlyList<WorkloadEvent> EventsOf(WorkloadKey key) => throw new NotImplementedException();

    /// <summary>The object that carries the workload as YAML, secret values masked; null when it is gone.</summary>
    public string? ManifestOf(WorkloadKey key) => throw new NotImplementedException();
}
