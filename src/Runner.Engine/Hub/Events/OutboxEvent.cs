namespace Runner.Engine.Hub.Events;

/// <summary>One event, as the console shows it.</summary>
/// <param name="Sequence">Its number in the order of writing.</param>
/// <param name="Resource">What it is about; events of one resource go out in order.</param>
/// <param name="SentAt">Null while the hub has not taken it.</param>
/// <param name="Attempts">Failed attempts since the start of the process; counted for the first event of a resource, the others wait for it.</param>
/// <param name="NextTry">When it is tried next; null when it was not tried yet or is sent.</param>
/// <param name="Problem">Why the last attempt failed. Holds no secret.</param>
/// <param name="Body">The JSON that the hub gets.</param>
public sealed record OutboxEvent(
    long Sequence, string Resource, string Type, string ClusterId, DateTimeOffset WrittenAt, DateTimeOffset? SentAt, int Attempts, DateTimeOffset? NextTry, LocalText Problem, string Body)
{
    /// <summary>Whether the hub answered that it does not want the event.</summary>
    public bool Refused { get; init; }
}
