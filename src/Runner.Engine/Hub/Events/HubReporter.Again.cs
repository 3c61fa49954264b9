using System.Collections.Concurrent;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub.Events;

/// <content>Tells the hub once more how workloads stand, where it may have changed its own copy of what it was told.</content>
internal sealed partial class HubReporter
{
    /// <summary>So long the hub may take to write down that its request was answered; it gives up after 5 s.</summary>
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<WorkloadKey, Answered> _answered = new();

    /// <summary>
    /// Has the hub told once more of every workload of a cluster of which it was told, also of those that are only found later: their present state as a change, in order with what else is told of
    /// them. When it returns that is written for what is known, or is tried again.
    /// </summary>
    public async Task TellAgainAsync(string cluster, CancellationToken cancellationToken)
    {
        var ledger = LedgerOf(cluster);
        using var entry = await ledger.EnterAsync(cancellationToken).ConfigureAwait(false);
        ledger.IsAllAgain = true;
        await SettleAsync(ledger, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether something that the hub is to hear once more of a cluster is not written yet, though it is seen, or may be when its kind is listed.</summary>
    public async ValueTask<bool> OwesAgainAsync(string cluster, CancellationToken cancellationToken)
    {
        var ledger = LedgerOf(cluster);
        using var entry = await ledger.EnterAsync(cancellationToken).ConfigureAwait(false);
        return ledger.OwesAgain;
    }

    /// <summary>
    /// Has the hub told once more of a workload when it has written down that its request for it was answered, which it may do over what it was told before. Not worth being kept: a process that
    /// ends before loses it.
    /// </summary>
    /// <param name="uid">Of the object that carries it: another one of the name is told of anyway.</param>
    public void TellAgainAfterAnswer(WorkloadKey key, string uid) => _answered[key] = new(uid, _time.GetTimestamp());

    private async Task TellAnsweredAsync(CancellationToken cancellationToken)
    {
        foreach (var (key, answered) in _answered.Where(entry => _time.GetElapsedTime(entry.Value.At) >= AnswerPatience))
        {
            if (!_answered.TryRemove(new(key, answered)))
            {
                // Asked for once more meanwhile.
                continue;
            }

            var ledger = LedgerOf(key.Cluster);
            using var entry = await ledger.EnterAsync(cancellationToken).ConfigureAwait(false);
            if (_leadership.IsLeader && ledger.Told.GetValueOrDefault(key)?.Uid == answered.Uid)
            {
                ledger.TellAgain(key);
                await SettleAsync(ledger, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <param name="At">Timestamp of the answer.</param>
    private sealed record Answered(string Uid, long At);
}
