using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Replacing;

namespace Runner.Engine.Clusters.Connections;

/// <summary>All clusters the runner works with, dead ones included.</summary>
public sealed class ClusterDirectory
{
    /// <param name="endpoints">At least one; the first one is the default and has the configured cluster id.</param>
    /// <param name="observers">Told of every change of every cluster.</param>
    public ClusterDirectory(
        IReadOnlyList<ClusterEndpoint> endpoints, RunnerOptions options, WorkloadFeed feed, IEnumerable<IWorkloadObserver> observers, TimeProvider time, ILoggerFactory loggers)
        : this(endpoints, options, feed, observers, new WatchSettings(), time, loggers)
    {
    }

    /// <param name="notes">Null where nothing is replaced.</param>
    internal ClusterDirectory(
        IReadOnlyList<ClusterEndpoint> endpoints,
        RunnerOptions options,
        WorkloadFeed feed,
        IEnumerable<IWorkloadObserver> observers,
        WatchSettings settings,
        TimeProvider time,
        ILoggerFactory loggers,
        ReplacementNotes? notes = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(endpoints.Count);
        Connections = [.. endpoints.Select((endpoint, index) =>
        {
            var identity = new ClusterIdentity(index == 0 && options.ClusterId is { Length: > 0 } id ? id : null, options.WorkloadNamespace);
            var connection = new ClusterConnection(endpoint, identity, settings, time, loggers);
            connection.State = new ClusterState(connection, options, feed, [.. observers], notes, settings, time, loggers);
            connection.StatusChanged += changed => StatusChanged?.Invoke(changed);
            connection.State.StatusChanged += () => StatusChanged?.Invoke(connection);
            return connection;
        })];
    }

    /// <summary>Raised, on any thread, when the <see cref="ClusterConnection.Status"/> of a connection or the health of one of its caches changes. Handlers must be quick and must not throw.</summary>
    public event Action<ClusterConnection>? StatusChanged;

    /// <summary>All connections; the first one is the default.</summary>
    public IReadOnlyList<ClusterConnection> Connections { get; }

    /// <summary>Finds the cluster the hub means.</summary>
    /// <param name="clusterId">The hub's cluster id; null or empty for the default cluster.</param>
    /// <exception cref="UnknownClusterException">No cluster has that id.</exception>
    public ClusterConnection Resolve(string? clusterId)
    {
        if (string.IsNullOrEmpty(clusterId))
        {
            return Connections[0];
        }

        return Connections.FirstOrDefault(connection => connection.Status.ClusterId == clusterId)
            ?? throw new UnknownClusterException(Unknown(clusterId));
    }

    /// <summary>Finds a connection by its name, or null.</summary>
    public ClusterConnection? Find(string name) => Connections.FirstOrDefault(connection => connection.Name == name);

    /// <summary>Connects, watches and reconnects until cancelled. Never throws.</summary>
    internal Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Connections.SelectMany(connection => new[] { connection.RunAsync(cancellationToken), connection.State.RunAsync(cancellationToken) }));

    /// <summary>As <see cref="RunAsync"/>, with the pods alone: for who needs nothing else.</summary>
    internal Task RunPodsAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Connections.SelectMany(connection => new[] { connection.RunAsync(cancellationToken), connection.State.Pods.RunAsync(cancellationToken) }));

    private string Unknown(string clusterId)
    {
        var unidentified = Connections.Where(connection => connection.Status.ClusterId is null).Select(connection => connection.Name).ToList();
        var hint = unidentified.Count == 0 ? "" : $" Not yet known are the ids of: {string.Join(", ", unidentified)}.";
        var shown = clusterId.Length > 64 ? $"{clusterId[..64]}…" : clusterId;
        return $"No cluster has the id '{shown}'. Known ids: {string.Join(", ", Connections.Select(connection => connection.Status.ClusterId).OfType<string>())}.{hint}";
    }
}
