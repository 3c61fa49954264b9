using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Hub.Payloads;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>
/// Ends the note of what was made once it is not needed any more: when the watch of whoever speaks to the hub has told of it, and the hub is to hear of it. Before, that one would take the
/// workload for gone, however late its watch is.
/// </summary>
internal sealed class ReplacementSettling(RunnerOptions options, ReplacementNotes notes, WorkloadFeed feed, HubLeadership leadership, HubReporter reporter, TimeProvider time)
{
    /// <returns>False when it is too early.</returns>
    /// <exception cref="IOException">As in <see cref="ReplacementNotes.EndAsync(string)"/>.</exception>
    public async Task<bool> SettleAsync(NotedReplacement note)
    {
        var key = note.KeyIn(options.WorkloadNamespace);
        if (!leadership.IsLeader || !feed.Current.TryGetValue(key, out var seen) || seen.Uid != note.Made || !await IsToldAsync(key, seen.Uid).ConfigureAwait(false))
        {
            return false;
        }

        await notes.EndAsync(note.Id).ConfigureAwait(false);
        return true;
    }

    private async Task<bool> IsToldAsync(WorkloadKey key, string uid)
    {
        if (HubPayloads.For(key.Kind) is null)
        {
            return true;
        }

        using var patience = new CancellationTokenSource(WorkloadFeed.WatchPatience, time);
        try
        {
            return await reporter.HasToldOfAsync(key, uid, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
