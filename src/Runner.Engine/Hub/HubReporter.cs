using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub;

/// <summary>
/// Tells the hub of workloads: compares each with what the hub was last told, which is on disk, and writes the difference to the outbox.
/// Restarts and relists tell nothing twice, and what changed or went while the process was down is told at the first sync. While the
/// disk refuses, the newest state of each workload is kept in memory and written when it can be.
/// </summary>
internal sealed partial class HubReporter : IWorkloadObserver
{
    private const int WorkloadsPerWrite = 200;
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(2);

    private readonly Outbox _outbox;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, Ledger> _ledgers = new(StringComparer.Ordinal);

    public HubReporter(Outbox outbox, OutboxStore store, TimeProvider time, ILogger<HubReporter> logger)
    {
        _outbox = outbox;
        _time = time;
        _logger = logger;
        foreach (var told in store.Told())
        {
            LedgerOf(told.Key.Cluster).Told[told.Key] = told;
        }
    }

    public async ValueTask ChangedAsync(Workload? before, Workload? after, CancellationToken cancellationToken)
    {
        if ((after ?? before) is not { } either)
        {
            return;
        }

        var ledger = LedgerOf(either.Key.Cluster);
        await ledger.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ledger.Owed[either.Key] = after;
            await SettleAsync(ledger, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ledger.Gate.Release();
        }
    }

    public async ValueTask SyncedAsync(WorkloadSnapshot snapshot, CancellationToken cancellationToken)
    {
        var ledger = LedgerOf(snapshot.Cluster);
        await ledger.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var key in ledger.Told.Keys.Where(key => snapshot.Kinds.Contains(key.Kind) && !snapshot.Unreadable.Contains(key)))
            {
                ledger.Owed[key] = null;
            }

            foreach (var workload in snapshot.Workloads)
            {
                ledger.Owed[workload.Key] = workload;
            }

            await SettleAsync(ledger, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ledger.Gate.Release();
        }
    }

    /// <summary>Writes what could not be written before, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(RetryPause, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            foreach (var ledger in _ledgers.Values.Where(ledger => !ledger.Owed.IsEmpty))
            {
                await ledger.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    await SettleAsync(ledger, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    ledger.Gate.Release();
                }
            }
        }
    }

    private Ledger LedgerOf(string cluster) => _ledgers.GetOrAdd(cluster, _ => new Ledger());

    /// <summary>Writes what the hub must hear of the workloads that are owed. What the disk refuses stays owed.</summary>
    private async Task SettleAsync(Ledger ledger, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        foreach (var chunk in ledger.Owed.ToArray().Chunk(WorkloadsPerWrite))
        {
            var entries = new List<OutboxEntry>();
            foreach (var (key, workload) in chunk)
            {
                var (events, told) = Telling.Decide(ledger.Told.GetValueOrDefault(key), workload, now);
                if (events.Count > 0 || !Equals(told, ledger.Told.GetValueOrDefault(key)))
                {
                    entries.Add(new OutboxEntry(key, events, told));
                }
            }

            if (entries.Count > 0 && !await TryAddAsync(entries, cancellationToken).ConfigureAwait(false))
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
            }
        }
    }

    private async Task<bool> TryAddAsync(List<OutboxEntry> entries, CancellationToken cancellationToken)
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
    }

    [LoggerMessage(LogLevel.Error, "Events of {Count} workloads could not be written and are tried again: {Problem}")]
    private partial void LogNotWritten(int count, string problem);

    /// <summary>What the hub knows of one cluster. Used under its gate, but that anyone may look whether something is owed.</summary>
    private sealed class Ledger
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public Dictionary<WorkloadKey, ToldState> Told { get; } = [];

        /// <summary>Workloads, or null where they are gone, that are not compared and written yet.</summary>
        public ConcurrentDictionary<WorkloadKey, Workload?> Owed { get; } = new();
    }
}
