namespace Runner.Web.Identity.SignIn;

/// <summary>How long somebody must wait after failed attempts. Pure.</summary>
/// <param name="Free">Attempts before the first pause.</param>
internal sealed record LockOut(int Free)
{
    /// <summary>Of one account: a person who mistypes is not bothered, a program that guesses gets through 40 passwords in a day.</summary>
    public static LockOut OfAccount { get; } = new(5);

    /// <summary>Of one network, whichever accounts it tries: an office shares one.</summary>
    public static LockOut OfNetwork { get; } = new(20);

    /// <summary>After this long without a failure all is forgotten.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromDays(1);

    private static readonly TimeSpan First = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>The pause that follows so many failures: none, then 30 seconds, doubled by each failure more, up to an hour.</summary>
    public TimeSpan PauseAfter(int failures)
    {
        var beyond = failures - Free;
        return beyond < 0 ? TimeSpan.Zero : beyond > 7 ? Longest : TimeSpan.FromTicks(Math.Min(First.Ticks << beyond, Longest.Ticks));
    }

    /// <summary>What is left of the pause; nothing where the failure was counted by a clock that was wrong, or nobody would come in until its time comes.</summary>
    public TimeSpan Left(Failures failures, DateTimeOffset now)
    {
        var left = failures.Last + PauseAfter(failures.Count) - now;
        return failures.Count == 0 || left < TimeSpan.Zero || failures.Last - now > Longest ? TimeSpan.Zero : left;
    }
}

/// <summary>Failed attempts in a row.</summary>
internal readonly record struct Failures(int Count, DateTimeOffset Last)
{
    /// <summary>With one more; those before are forgotten after <see cref="LockOut.Memory"/>.</summary>
    public Failures And(DateTimeOffset now) => new((now - Last > LockOut.Memory ? 0 : Count) + 1, now);

    /// <summary>Without one that turned out to be none: neither does it count, nor does the pause of those before begin anew or their end move away.</summary>
    /// <param name="at">When it was counted.</param>
    /// <param name="before">The last one before it, which is the last one again where none has come since.</param>
    public Failures Without(DateTimeOffset at, DateTimeOffset before) => new(Math.Max(0, Count - 1), Last == at ? before : Last);
}
