namespace Runner.Engine.Hub;

/// <summary>
/// Whether this process speaks to the hub. Of several replicas one does; the others follow the clusters, serve pages and calls, and keep in mind what the
/// hub would have to hear of them. Without an election a process always speaks.
/// </summary>
public sealed class HubLeadership
{
    private State _state;

    /// <param name="elected">True where an election decides: nobody speaks before it.</param>
    internal HubLeadership(bool elected) => _state = elected ? new(false, "") : new(true, null);

    /// <summary>For a process that is alone.</summary>
    internal static HubLeadership Alone { get; } = new(elected: false);

    /// <summary>Raised, on any thread, when <see cref="IsLeader"/> or <see cref="Leader"/> changes. Handlers must be quick and must not throw.</summary>
    public event Action? Changed;

    public bool IsLeader => Volatile.Read(ref _state).IsLeader;

    /// <summary>Who speaks to the hub, as the Lease has it; empty when that is not known, null where there is no election.</summary>
    public string? Leader => Volatile.Read(ref _state).Leader;

    /// <summary>Why this process says nothing; empty when it speaks.</summary>
    public string WhySilent => Volatile.Read(ref _state) switch
    {
        { IsLeader: true } => "",
        { Leader: { Length: > 0 } leader } => $"Replica {leader} speaks to the hub; this one stands by.",
        _ => "Which replica speaks to the hub is being decided; this one waits.",
    };

    internal void Set(bool isLeader, string leader)
    {
        var state = new State(isLeader, leader);
        if (!state.Equals(Interlocked.Exchange(ref _state, state)))
        {
            Changed?.Invoke();
        }
    }

    private sealed record State(bool IsLeader, string? Leader);
}
