using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub.Events;

/// <summary>
/// Tells the hub of workloads: compares each with what the hub was last told, which is on disk, and writes the difference to the outbox.
/// Restarts and relists tell nothing twice, and what changed or went while the process was down is told at the first sync. While the
/// disk refuses, or another replica speaks to the hub, the newest state of each workload is kept in memory and written when it can be. Where replicas share the
/// state, one that is elected compares everything with what the one before it has told; elsewhere it only knows that something was. It tells of a kind only from lists that are not older
/// than its election (<see cref="HubLeadership.FreshSince"/>).
/// </summary>
internal sealed partial class HubReporter : IWorkloadObserver
{
    private const int WorkloadsPerWrite = 200;
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(2);

    /// <summary>Longer than it takes to elect another replica: what has been gone for so long was told of by the one that spoke then.</summary>
    private static readonly TimeSpan Succession = TimeSpan.FromMinutes(1);

    private readonly Outbox _outbox;
    private readonly OutboxStore _store;
    private readonly Signal _wake = new();
    private readonly HubLeadership _leadership;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, HubLedger> _ledgers = new(StringComparer.Ordinal);

    /// <param name="leadership">Null for a process that always speaks.</param>
    public HubReporter(Outbox outbox, OutboxStore store, TimeProvider time, ILogger<HubReporter> logger, HubLeadership? leadership = null)
    {
        _leadership = leadership ?? HubLeadership.Alone;
        if (leadership is not null)
        {
            leadership.Changed += _wake.Set;
        }

        _store = store;
        _outbox = outbox;
        _time = time;
        _logger = logger;
        foreach (var told in store.Told())
        {
            LedgerOf(told.Key.Cluster).Told[told.Key] = told;
        }
    }

    /// <summary>What is told of another object of the name is the kind's own business, see <see cref="Telling"/>.</summary>
    public bool TellsApart => true;

    public async ValueTask ChangedAsync(Workload? before, Workload? after, CancellationToken cancellationToken)
    {
        if ((after ?? before) is not { } either)
        {
            return;
        }

        if (after is { AnsweredAt.Length: > 0 } answered && answered.AnsweredAt != before?.AnsweredAt)
        {
            TellAgainAfterAnswer(answered.Key, answered.Uid);
        }

        // Changes that come while one is written are written together by whoever is next.
        var ledger = LedgerOf(either.Key.Cluster);
        ledger.Arrived.Enqueue((either.Key, after));
        using var entry = await ledger.EnterAsync(cancellationToken).ConfigureAwait(false);
        while (ledger.Arrived.TryDequeue(out var arrived))
        {
            ledger.Missed.Remove(arrived.Key);
            Owe(ledger, arrived.Key, arrived.Workload);
        }

        await SettleAsync(ledger, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask SyncedAsync(WorkloadSnapshot snapshot, CancellationToken cancellationToken)
    {
        var ledger = LedgerOf(snapshot.Cluster);
        using var entry = await ledger.EnterAsync(cancellationToken).ConfigureAwait(false);
        ledger.Listed(snapshot);
        ledger.Sync(snapshot);
        foreach (var key in ledger.Told.Keys.Union(ledger.Seen.Keys).ToList().Where(key => snapshot.TellsOf(key, ledger.SpansHosts(key))))
        {
            ledger.Owed[key] = null;
            ledger.Missed.Add(key);
        }

        foreach (var workload in snapshot.Workloads)
        {
            ledger.Owed[workload.Key] = workload;
            if (ledger.Told.GetValueOrDefault(workload.Key)?.Uid == workload.Uid)
            {
                ledger.Missed.Remove(workload.Key);
            }
        }

        foreach (var (key, workload) in _leadership.IsLeader || _store.IsShared ? [] : ledger.Owed.ToArray())
        {
            Owe(ledger, key, workload);
        }

        await SettleAsync(ledger, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether all that the hub must hear of a workload as it is given is written for it, so that nothing is lost when the object goes.</summary>
    public async ValueTask<bool> HasToldAsync(Workload workload, CancellationToken cancellationToken)
    {
        var ledger = LedgerOf(workload.Key.Cluster);
        using var entry = await ledger.EnterAsync(cancellationToken).ConfigureAwait(false);
        return !ledger.Owed.ContainsKey(workload.Key)
            && Telling.Decide(ledger.Told.GetValueOrDefault(workload.Key), workload, _time.GetUtcNow()).Events.Count == 0;
    }

    /// <summary>Whether the first news of an object is written for the hub: what is being written when this is asked is waited for.</summary>
    public async ValueTask<bool> HasToldOfAsync(WorkloadKey key, string uid, CancellationToken cancellationToken)
    {
        var ledger = LedgerOf(key.Cluster);
        using var entry = await ledger.EnterAsync(cancellationToken).ConfigureAwait(false);
        return ledger.Told.GetValueOrDefault(key)?.Uid == uid;
    }

    /// <summary>Writes what could not be written before, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await _wake.WaitAsync(RetryPause, _time, cancellationToken).ConfigureAwait(false);
            await TellAnsweredAsync(cancellationToken).ConfigureAwait(false);
            foreach (var ledger in _ledgers.Values.Where(ledger =>
                !ledger.Owed.IsEmpty || ledger.IsAllAgain || (_store.IsShared && _leadership.IsLeader && ledger.Term != _leadership.Term)))
            {
                using var entry = await ledger.EnterAsync(cancellationToken).ConfigureAwait(false);
                await SettleAsync(ledger, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private HubLedger LedgerOf(string cluster) => _ledgers.GetOrAdd(cluster, name => new HubLedger(name));

    /// <summary>Begins where the replica that spoke before has ended: with what it has told, and everything as it is now.</summary>
    private void Succeed(HubLedger ledger, int term)
    {
        ledger.Told.Clear();
        foreach (var told in _store.Told().Where(told => told.Key.Cluster == ledger.Cluster))
        {
            ledger.Told[told.Key] = told;
        }

        ledger.Owed.Clear();
        foreach (var key in ledger.Told.Keys.Union(ledger.Latest.Keys).Where(ledger.Knows).ToList())
        {
            ledger.Owed[key] = ledger.Latest.GetValueOrDefault(key);
        }

        ledger.Term = term;
    }

    /// <summary>Writes what the hub must hear of the workloads that are owed. What the disk refuses stays owed.</summary>
    private async Task SettleAsync(HubLedger ledger, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var term = _leadership.Term;
        if (!_leadership.IsLeader)
        {
            ForgetGone(ledger, now - Succession);
            return;
        }

        if (_store.IsShared && ledger.Term != term)
        {
            Succeed(ledger, term);
        }

        if (ledger.IsAllAgain)
        {
            ledger.IsAllAgain = false;
            foreach (var key in ledger.Told.Keys)
            {
                ledger.TellAgain(key);
            }
        }

        foreach (var chunk in ledger.Owed.Where(owed => ledger.IsFresh(owed.Key.Kind, _leadership.FreshSince)).ToArray().Chunk(WorkloadsPerWrite))
        {
            var entries = new List<OutboxEntry>();
            foreach (var (key, workload) in chunk)
            {
                var before = ledger.Seen.TryGetValue(key, out var seen) ? Telling.ToldByAnother(seen.Workload, workload) : ledger.Told.GetValueOrDefault(key);
                var (events, told) = Telling.Decide(before, workload, now, ledger.Missed.Contains(key), ledger.Again.Contains(key));
                if (events.Count > 0 || !Equals(told, ledger.Told.GetValueOrDefault(key)))
                {
                    entries.Add(new OutboxEntry(key, events, told) { Before = ledger.Told.GetValueOrDefault(key) });
                }
            }

            if (entries.Count > 0 && !await TryAddAsync(ledger, entries, cancellationToken).ConfigureAwait(false))
            {
                return;
            }

            foreach (var entry in entries)
            {
                if (entry.Told is { } told)
                {
                    ledger.Told[entry.Key] = told;
                }
                else
                {
                    ledger.Told.Remove(entry.Key);
                }
            }

            foreach (var (key, _) in chunk)
            {
                ledger.Owed.TryRemove(key, out _);
                ledger.Seen.Remove(key);
                ledger.Missed.Remove(key);
                ledger.Again.Remove(key);
            }
        }
    }

    /// <summary>Remembers the newest state of a workload, and while another replica speaks, that that one tells of it.</summary>
    private void Owe(HubLedger ledger, WorkloadKey key, Workload? workload)
    {
        ledger.See(key, workload);
        if (_store.IsShared && ledger.Term != _leadership.Term)
        {
            // All of it is looked through at the election.
            return;
        }

        ledger.Owed[key] = workload;
        if (_leadership.IsLeader || _store.IsShared)
        {
            return;
        }

        if (workload is not null)
        {
            ledger.Seen[key] = new(workload, null);
        }
        else if (ledger.Seen.TryGetValue(key, out var seen) && seen.GoneAt is null)
        {
            ledger.Seen[key] = seen with { GoneAt = _time.GetUtcNow() };
        }
    }

    private static void ForgetGone(HubLedger ledger, DateTimeOffset before)
    {
        foreach (var (key, _) in ledger.Seen.Where(entry => entry.Value.GoneAt < before).ToList())
        {
            ledger.Seen.Remove(key);
            ledger.Told.Remove(key);
            ledger.Owed.TryRemove(key, out var _);
            ledger.Missed.Remove(key);
            ledger.Again.Remove(key);
        }
    }

    private async Task<bool> TryAddAsync(HubLedger ledger, List<OutboxEntry> entries, CancellationToken cancellationToken)
    {
        try
        {
            await _outbox.AddAsync(entries, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (IOException exception)
        {
            LogNotWritten(entries.Count, exception.Message);
            return false;
        }
        catch (ToldOtherwiseException otherwise)
        {
            // Nobody has put into the lanes what was written then, and everything is compared with it.
            LogToldOtherwise(otherwise.Message);
            _outbox.TakeUp();
            ledger.Term = HubLedger.NoTerm;
            _wake.Set();
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "Events of {Count} workloads could not be written and are tried again: {Problem}")]
    private partial void LogNotWritten(int count, string problem);

    [LoggerMessage(LogLevel.Information, "All of a cluster is compared anew: {Reason}")]
    private partial void LogToldOtherwise(string reason);
}
