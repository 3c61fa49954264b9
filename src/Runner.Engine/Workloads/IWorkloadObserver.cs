namespace Runner.Engine.Workloads;

/// <summary>
/// Sees every projected change of every workload, none merged, in order per workload. A call begins before the feed carries the change on, which does not wait for what
/// an observer writes to disk: further changes of a workload that come meanwhile are in the feed before; what is there at the start is in the feed first, what is gone leaves it last. The hub's reporter is one. A call is awaited before the next one for the same workload, so an observer may write to disk but must never wait for the network; calls for different workloads
/// come at once, from any thread, but for <see cref="SyncedAsync"/>, which comes alone among those of its kinds.
/// The first call for the kinds of a source is <see cref="SyncedAsync"/>, with everything there is. An observer that throws is called again with the same
/// <c>before</c> and what is known by then; nothing waits for it.
/// </summary>
public interface IWorkloadObserver
{
    /// <summary>Whether it has kept a change before the next observer hears of it: whoever is told of a job's end may ask for its record at once.</summary>
    bool ComesFirst => false;

    /// <summary>Whether it is told in one call that another object has taken the name of one, and tells them apart by itself; else it is told of the end of the one first.</summary>
    bool TellsApart => false;

    /// <summary>
    /// A workload changed, appeared (<paramref name="before"/> is null) or is gone (<paramref name="after"/> is null). Never both null; both of the same <see cref="Workload.Uid"/>, unless the
    /// observer <see cref="TellsApart"/>.
    /// </summary>
    ValueTask ChangedAsync(Workload? before, Workload? after, CancellationToken cancellationToken);

    /// <summary>All workloads of some kinds of a cluster, after what carries them was listed: at the start, and again after each reconnect.</summary>
    ValueTask SyncedAsync(WorkloadSnapshot snapshot, CancellationToken cancellationToken);
}

/// <summary>All workloads of some kinds in one cluster at one moment. What is not in <paramref name="Workloads"/> does not exist where <see cref="TellsOf"/> says so.</summary>
/// <param name="Cluster">Name of the connection.</param>
/// <param name="Kinds">The kinds this tells of; it says nothing about others.</param>
/// <param name="Unreadable">Workloads that exist but whose objects could not be understood: what was known of them stays.</param>
public sealed record WorkloadSnapshot(
    string Cluster, IReadOnlySet<WorkloadKind> Kinds, IReadOnlyCollection<Workload> Workloads, IReadOnlySet<WorkloadKey> Unreadable)
{
    /// <summary>Timestamp from before the oldest list that it was made from; the highest number for one that is as new as can be.</summary>
    internal long ListedAt { get; init; } = long.MaxValue;

    /// <summary>What may be there without being seen.</summary>
    internal IReadOnlyList<UnseenWorkloads> Unseen { get; init; } = [];

    /// <summary>Whether a workload that is not among those that are there does not exist; else nothing is known of it, and what was known stays.</summary>
    /// <param name="spansHosts">Whether it was one over several hosts.</param>
    internal bool TellsOf(WorkloadKey key, bool spansHosts = false) => Kinds.Contains(key.Kind) && !Unreadable.Contains(key) && !Unseen.Any(unseen => unseen.Hides(key, spansHosts));
}

/// <summary>Workloads that nobody sees because the API server does not show what carries them: they may be there all the same. Where it does not know the kind, there are none.</summary>
/// <param name="Namespace">Where they are.</param>
/// <param name="OnlyOverHosts">Whether services on single hosts are seen.</param>
internal sealed record UnseenWorkloads(string Namespace, bool OnlyOverHosts = false)
{
    /// <param name="spansHosts">Whether the workload was one over several hosts.</param>
    public bool Hides(WorkloadKey key, bool spansHosts) => key.Namespace == Namespace && (spansHosts || !OnlyOverHosts);
}
