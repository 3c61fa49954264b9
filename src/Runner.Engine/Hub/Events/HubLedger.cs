using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Runner.Engine.Hub.Payloads;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub.Events;

/// <summary>What the hub knows of one cluster. Used under its gate, but that anyone may look whether something is owed, or add a change.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "A semaphore that nobody waits for synchronously holds nothing to dispose.")]
internal sealed class HubLedger(string cluster)
{
    /// <summary>A <see cref="Term"/> that there never is: the ledger is made up anew before anything is told.</summary>
    public const int NoTerm = -1;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly HashSet<WorkloadKind> _known = [];
    private readonly HashSet<WorkloadKey> _unreadable = [];
    private readonly Dictionary<WorkloadKind, IReadOnlyList<UnseenWorkloads>> _unseen = [];
    private readonly Dictionary<WorkloadKind, long> _listedAt = [];

    public string Cluster => cluster;

    /// <summary>The term of this replica in which the ledger was made up; of no use in another one where replicas share the state.</summary>
    public int Term { get; set; }

    /// <summary>Changes that wait for the gate, of one workload at most one.</summary>
    public ConcurrentQueue<(WorkloadKey Key, Workload? Workload)> Arrived { get; } = new();

    public Dictionary<WorkloadKey, ToldState> Told { get; } = [];

    /// <summary>Workloads, or null where they are gone, that are not compared and written yet.</summary>
    public ConcurrentDictionary<WorkloadKey, Workload?> Owed { get; } = new();

    /// <summary>Workloads that were found to be gone at a sync, without having been seen to go.</summary>
    public HashSet<WorkloadKey> Missed { get; } = [];

    /// <summary>What this replica saw while another one spoke to the hub, and has not told since.</summary>
    public Dictionary<WorkloadKey, SeenWorkload> Seen { get; } = [];

    /// <summary>Workloads of which the hub has to hear once more, though nothing changed.</summary>
    public HashSet<WorkloadKey> Again { get; } = [];

    /// <summary>Whether the hub has to hear of everything once more, as soon as this replica may speak.</summary>
    public bool IsAllAgain { get; set; }

    /// <summary>Whether something is to be told once more that is seen, or may be when its kind is listed; what a list does not show is not waited for.</summary>
    public bool OwesAgain => IsAllAgain || Again.Any(key => Owed.ContainsKey(key) || !_listedAt.ContainsKey(key.Kind));

    /// <summary>Every workload as it is.</summary>
    public Dictionary<WorkloadKey, Workload> Latest { get; } = [];

    /// <summary>Waits for the gate. What is being written when this is called is written then.</summary>
    /// <returns>Lets go of the gate.</returns>
    public async ValueTask<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Entry(_gate);
    }

    /// <summary>Whether it can be said that a workload is not there.</summary>
    public bool Knows(WorkloadKey key) =>
        Latest.ContainsKey(key) || (_known.Contains(key.Kind) && !_unreadable.Contains(key) && !_unseen.GetValueOrDefault(key.Kind, []).Any(unseen => unseen.Hides(key, SpansHosts(key))));

    /// <summary>Whether a workload was one over several hosts when it was seen or told of last.</summary>
    public bool SpansHosts(WorkloadKey key) =>
        (Latest.GetValueOrDefault(key) ?? Seen.GetValueOrDefault(key)?.Workload) is { Hosts: > 1 } || (Told.GetValueOrDefault(key) is { } told && HubPayloads.For(key.Kind)?.SpansHosts(told) == true);

    /// <summary>Whether what is known of a kind was listed since then.</summary>
    public bool IsFresh(WorkloadKind kind, long since) => _listedAt.GetValueOrDefault(kind, long.MaxValue) >= since;

    public void Listed(WorkloadSnapshot snapshot)
    {
        foreach (var kind in snapshot.Kinds)
        {
            _listedAt[kind] = snapshot.ListedAt;
        }
    }

    /// <summary>Has the hub hear of a workload once more: how it stands now, or, while that is not known, how it is found.</summary>
    public void TellAgain(WorkloadKey key)
    {
        Again.Add(key);
        if (Latest.TryGetValue(key, out var workload))
        {
            Owed.TryAdd(key, workload);
        }
    }

    public void See(WorkloadKey key, Workload? workload)
    {
        _unreadable.Remove(key);
        if (workload is null)
        {
            Latest.Remove(key);
        }
        else
        {
            Latest[key] = workload;
        }
    }

    public void Sync(WorkloadSnapshot snapshot)
    {
        _known.UnionWith(snapshot.Kinds);
        _unreadable.RemoveWhere(key => snapshot.Kinds.Contains(key.Kind));
        _unreadable.UnionWith(snapshot.Unreadable);
        foreach (var kind in snapshot.Kinds)
        {
            _unseen[kind] = snapshot.Unseen;
        }

        foreach (var key in Latest.Keys.Where(key => snapshot.TellsOf(key, SpansHosts(key))).ToList())
        {
            Latest.Remove(key);
        }

        foreach (var workload in snapshot.Workloads)
        {
            Latest[workload.Key] = workload;
        }
    }

    private sealed class Entry(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}

/// <summary>A workload that this replica saw while another one spoke to the hub.</summary>
/// <param name="Workload">As it was seen last.</param>
/// <param name="GoneAt">When it was found to be gone; null while it is there.</param>
internal sealed record SeenWorkload(Workload Workload, DateTimeOffset? GoneAt);
