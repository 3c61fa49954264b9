namespace Runner.Engine.Hub.Events;

/// <summary>How the outbox stands.</summary>
/// <param name="Waiting">Events written but not yet taken by the hub.</param>
/// <param name="Sent">Events taken since the start of the process.</param>
/// <param name="LastError">Why the last attempt failed, or that no hub is configured; empty when all is well. Holds no secret.</param>
/// <param name="LastSentAt">When the hub last took an event, also before the start of the process.</param>
public sealed record OutboxStatus(int Waiting, long Sent, LocalText LastError, DateTimeOffset? LastSentAt)
{
    /// <summary>Of those that wait, the ones that the hub answered it does not want. They are tried again with growing pauses, and hold up later ones of their resource.</summary>
    public int Refused { get; init; }

    /// <summary>Whether <see cref="LastError"/> says no more than that another replica speaks to the hub: all is well then.</summary>
    public bool StandsBy { get; init; }

    /// <summary>Whether something is wrong.</summary>
    public bool IsTroubled => LastError.Length > 0 && !StandsBy;

    /// <summary>Whether the last attempt failed because the hub does not accept the token.</summary>
    public bool TokenRefused { get; init; }
}
