namespace Runner.Engine.Workloads;

/// <summary>
/// Sees every projected change of every workload, none merged, in order per workload, before the feed carries it on. The hub's reporter is one.
/// A call is awaited before the next one for the same cluster, so an observer may write to disk but must never wait for the network.
/// </summary>
public interface IWorkloadObserver
{
    /// <summary>A workload changed, appeared (<paramref name="before"/> is null) or is gone (<paramref name="after"/> is null).</summary>
    ValueTask ChangedAsync(Workload? before, Workload? after, CancellationToken cancellationToken);

    /// <summary>All workloads of a cluster after its caches listed everything: at the start, and again after each reconnect. What is not in it does not exist.</summary>
    ValueTask SyncedAsync(string cluster, IReadOnlyCollection<Workload> workloads, CancellationToken cancellationToken);
}
