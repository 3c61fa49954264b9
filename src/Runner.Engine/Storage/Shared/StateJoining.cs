namespace Runner.Engine.Storage;

/// <summary>How a replica comes to the state that replicas share.</summary>
internal enum StateJoin
{
    /// <summary>It takes over what they have.</summary>
    TakeOver,

    /// <summary>What it holds goes on where they stand.</summary>
    GoOn,

    /// <summary>What it holds is the state from now on, whatever there was.</summary>
    Begin,

    /// <summary>Somebody has to say whose counts.</summary>
    Ask,
}

/// <summary>Decides how a replica joins. Pure.</summary>
internal static class StateJoining
{
    /// <param name="head">Where the replicas stand; null where there is no state yet.</param>
    /// <param name="replica">What this replica holds.</param>
    public static StateJoin Decide(StateHead? head, StateReplica replica) =>
        Decide(head is null ? null : (head.Journal, head.Position), (replica.Journal, replica.Position), replica.WentAlone, replica.Restored);

    /// <summary>
    /// A folder that was used by a process alone goes on from there where nobody has written since, else theirs counts. One that was restored never gives way to a state that is
    /// not the one in the backup, nor takes its place, unless somebody has said so.
    /// </summary>
    internal static StateJoin Decide((string Journal, long Position)? head, (string Journal, long Position) own, bool wentAlone, RestoredState? restored) => (head, restored) switch
    {
        (null, _) => StateJoin.Begin,
        ({ } there, { Overwrites: true } mark) => there.Journal == mark.Journal ? StateJoin.TakeOver : StateJoin.Begin,
        ({ } there, _) when there == own => wentAlone ? StateJoin.GoOn : StateJoin.TakeOver,
        (_, { }) => StateJoin.Ask,
        _ => StateJoin.TakeOver,
    };
}
