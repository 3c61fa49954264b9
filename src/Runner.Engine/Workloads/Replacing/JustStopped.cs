namespace Runner.Engine.Workloads.Replacing;

/// <summary>Workloads that were stopped a moment ago and that the feed may still have: they are gone, whatever the feed says. The hub asks right after a stop whether there is one.</summary>
internal sealed class JustStopped(WorkloadFeed feed, TimeProvider time)
{
    private readonly Recent<IReadOnlyList<string>> _stopped = new(time);

    /// <summary>The workload as the feed has it; null where there is none, or where it is one that was just stopped.</summary>
    public Workload? Find(WorkloadKey key) => feed.Current.TryGetValue(key, out var seen) && _stopped.Find(key)?.Contains(seen.Uid) != true ? seen : null;

    /// <summary>Notes that a workload was stopped, and waits for a watch to tell of it, as long as anybody would: another replica that is asked next has seen it by then too, as far as can be.</summary>
    /// <param name="uids">Of what was deleted; empty for nothing.</param>
    public async Task AddAsync(WorkloadKey key, IReadOnlyList<string> uids)
    {
        if (uids.Count > 0)
        {
            _stopped.Add(key, uids);
            await feed.WaitForEndAsync(key, uids, time).ConfigureAwait(false);
        }
    }
}
