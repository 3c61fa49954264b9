namespace Runner.Engine.Hub;

/// <summary>How the outbox stands.</summary>
/// <param name="Waiting">Events written but not yet taken by the hub.</param>
/// <param name="Sent">Events taken since the start of the process.</param>
/// <param name="LastError">Why the last attempt failed; empty when it did not.</param>
/// <param name="LastSentAt">When the hub last took an event.</param>
public sealed record OutboxStatus(int Waiting, long Sent, string LastError, DateTimeOffset? LastSentAt);

/// <summary>
/// Events for the hub. Each is on disk before it is sent, goes out in order per resource, and is retried with growing pauses until taken.
/// </summary>
public sealed class Outbox
{
    public OutboxStatus Status => throw new NotImplementedException();

    /// <summary>Raised, on any thread, when <see cref="Status"/> changes. Handlers must be quick.</summary>
    public event Action? StatusChanged { add => throw new NotImplementedException(); remove => throw new NotImplementedException(); }

    /// <summary>Events written per minute, oldest first, for the last <paramref name="minutes"/> minutes.</summary>
    public IReadOnlyList<int> PerMinute(int minutes) => throw new NotImplementedException();
}
