namespace Runner.Engine.Hub;

/// <summary>
/// Whether this process speaks to the hub. Of several replicas one does; the others follow the clusters, serve pages and calls, and keep in mind what the
/// hub would have to hear of them. Without an election a process always speaks. An elected one speaks only until its last sign of life in the Lease has grown old, by its own
/// clock: one that was paused, or cut off from the API server, falls silent by itself, before another one may speak.
/// </summary>
public sealed class HubLeadership : IDisposable
{
    private readonly TimeProvider _time;
    private readonly ITimer? _lapse;
    private State _state;
    private CancellationTokenSource _term = new();
    private long _until = long.MaxValue;
    private long _othersUntil;
    private LocalText _problem = LocalText.None;

    /// <param name="elected">True where an election decides: nobody speaks before it.</param>
    /// <param name="time">Null for the clock of the machine.</param>
    internal HubLeadership(bool elected, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _state = elected ? new(false, "", 0, long.MaxValue) : new(true, null, 0, long.MinValue);
        _lapse = elected ? _time.CreateTimer(_ => Lapse(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) : null;
    }

    /// <summary>For a process that is alone.</summary>
    internal static HubLeadership Alone { get; } = new(elected: false);

    /// <summary>Raised, on any thread, when <see cref="IsLeader"/> or <see cref="Leader"/> changes. Handlers must be quick and must not throw.</summary>
    public event Action? Changed;

    /// <summary>Asked anew before each word to the hub: it ends by the clock, whatever else the process is about.</summary>
    public bool IsLeader => Volatile.Read(ref _state).IsLeader && IsInTime;

    /// <summary>Who speaks to the hub, as the Lease has it; empty when that is not known, null where there is no election.</summary>
    public string? Leader => Volatile.Read(ref _state).Leader;

    /// <summary>How many times this process was elected.</summary>
    internal int Term => Volatile.Read(ref _state).Term;

    /// <summary>Until when another replica, or an earlier process, may have spoken before this one was elected, as the Lease had it; null where nothing tells.</summary>
    internal DateTimeOffset? OthersUntil
    {
        get => Interlocked.Read(ref _othersUntil) is > 0 and var ticks ? new(ticks, TimeSpan.Zero) : null;
        set => Interlocked.Exchange(ref _othersUntil, value?.UtcTicks ?? 0);
    }

    /// <summary>How old a list may be when this process is elected, for it to tell from it: whoever has just started need not list twice. A hung watch hides no more than this.</summary>
    internal TimeSpan YoungList { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Timestamp: what was not listed since then is too old to tell the hub from, as the replica that spoke before may have told of later things. A watch that hangs without a word would
    /// have it told the other way round. The lowest number where there is no election.
    /// </summary>
    internal long FreshSince => Volatile.Read(ref _state).FreshSince;

    /// <summary>Cancelled when this process must be silent at once, in the middle of a sentence.</summary>
    internal CancellationToken Speaking => Volatile.Read(ref _term).Token;

    /// <summary>Why this process, which is to speak to the hub, cannot yet; empty where it speaks, or is not to. Holds no secret.</summary>
    public LocalText Problem => Volatile.Read(ref _problem);

    /// <summary>Whether another one speaks to the hub.</summary>
    public bool StandsBy => Volatile.Read(ref _state) is { IsLeader: false, Leader.Length: > 0 };

    /// <summary>Why this process says nothing; empty when it speaks.</summary>
    public LocalText WhySilent => Volatile.Read(ref _state) switch
    {
        { IsLeader: true } when IsInTime => LocalText.None,
        { IsLeader: true } => new(
            "This replica has not been able to renew its Lease in time and is silent, as another one may speak to the hub.",
            "此副本未能及时续约 Lease，因此保持静默，因为可能已有其他副本与 Hub 通信。"),
        { Leader: { Length: > 0 } leader } => new(
            $"Replica {leader} speaks to the hub; this one stands by.", $"副本 {leader} 与 Hub 通信；此副本待命。"),
        _ when Problem is { Length: > 0 } problem => new(
            $"This replica is to speak to the hub and cannot yet, as that could not be written to what the replicas share: {problem.English}",
            $"应由此副本与 Hub 通信，但暂时无法进行，因为未能把这一点写入各副本共享的状态：{problem.Chinese}"),
        _ => new("Which replica speaks to the hub is being decided; this one waits.", "正在决定由哪个副本与 Hub 通信；此副本等待中。"),
    };

    /// <summary>Whether the Lease is ours by the clock.</summary>
    internal bool IsInTime => Interlocked.Read(ref _until) is var until && (until == long.MaxValue || _time.GetTimestamp() < until);

    public void Dispose()
    {
        _lapse?.Dispose();
        _term.Dispose();
    }

    /// <summary>This process holds the Lease until a moment.</summary>
    /// <param name="began">Timestamp of <see cref="TimeProvider"/> from before the Lease was renewed.</param>
    /// <param name="span">How long after it nobody else can have it; null for as long as nobody says otherwise.</param>
    internal void Hold(long began, TimeSpan? span)
    {
        if (span is not { } length)
        {
            Interlocked.Exchange(ref _until, long.MaxValue);
            return;
        }

        Interlocked.Exchange(ref _until, began + (long)(length.TotalSeconds * _time.TimestampFrequency));
        var left = length - _time.GetElapsedTime(began);
        _lapse?.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    /// <summary>This process is to speak and cannot, until the next word about who speaks.</summary>
    /// <returns>False when that is known already.</returns>
    internal bool Fail(LocalText problem)
    {
        if (Interlocked.Exchange(ref _problem, problem).English == problem.English)
        {
            return false;
        }

        Changed?.Invoke();
        return true;
    }

    internal void Set(bool isLeader, string leader) => Set(isLeader, leader, atOnce: true);

    /// <summary>Begins nothing more. What is being said may be finished.</summary>
    internal void Resign() => Set(false, "", atOnce: false);

    private void Set(bool isLeader, string leader, bool atOnce)
    {
        var before = Volatile.Read(ref _state);
        var isElected = isLeader && !before.IsLeader;
        var state = new State(
            isLeader, leader, isElected ? before.Term + 1 : before.Term, isElected ? _time.GetTimestamp() - (long)(YoungList.TotalSeconds * _time.TimestampFrequency) : before.FreshSince);
        if (!isLeader && atOnce)
        {
            // Not disposed of: somebody may be about to look at its token.
            Interlocked.Exchange(ref _term, new CancellationTokenSource()).Cancel();
        }

        var had = Interlocked.Exchange(ref _problem, LocalText.None);
        if (!state.Equals(Interlocked.Exchange(ref _state, state)) || had.Length > 0)
        {
            Changed?.Invoke();
        }
    }

    private void Lapse()
    {
        if (!IsInTime && Volatile.Read(ref _state).IsLeader)
        {
            Set(false, "");
        }
    }

    private sealed record State(bool IsLeader, string? Leader, int Term, long FreshSince);
}
