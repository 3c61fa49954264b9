namespace Runner.Engine.Workloads;

/// <summary>
/// Sees every projected change of every workload, none merged, in order per workload, before the feed carries it on. The hub's reporter is one.
/// A call is awaited before the next one for the same cluster, so an observer may write to disk but must never wait for the network.
/// The first call for a cluster is <see cref="SyncedAsync"/>, with everything there is. An observer that throws is called again with the same
/// <c>before</c> and what is known by then; nothing waits for it.
/// </summary>
public interface IWorkloadObserver
{
    /// <summary>A workload changed, appeared (<paramref name="before"/> is null) or is gone (<paramref name="after"/> is null). Never both null; both of the same <see cref="Workload.Uid"/>.</summary>
    ValueTask ChangedAsync(Workload? before, Workload? after, CancellationToken cancellationToken);

    /// <summary>All workloads of a cluster after its caches listed everything: at the start, and again after each reconnect. What is not in it does not exist.</summary>
    ValueTask SyncedAsync(string cluster, IReadOnlyCollection<Workload> workloads, CancellationToken cancellationToken);
}
