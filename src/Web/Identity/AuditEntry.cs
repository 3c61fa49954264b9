using Runner.Engine;

namespace Runner.Web.Identity;

/// <summary>How an audited act ended.</summary>
public enum AuditOutcome
{
    Done,

    /// <summary>The person may not, or the credentials were wrong.</summary>
    Refused,

    /// <summary>It was allowed and tried, and failed.</summary>
    Failed,
}

/// <summary>One line of the audit log.</summary>
/// <param name="Time">When, in UTC, to the millisecond.</param>
/// <param name="Who">Name of the user or client; of a refused sign-in the name that was tried.</param>
/// <param name="Action">One of <see cref="AuditActions"/>.</param>
/// <param name="Target">What it was done to, as in <c>embedded/Service/spaces/web</c>; empty where there is nothing.</param>
/// <param name="RemoteAddress">Address of the browser or client at sign-in.</param>
/// <param name="Detail">A sentence for people, in both languages; programs and exports get the English one. Holds no secret.</param>
public sealed record AuditEntry(DateTimeOffset Time, string Who, string Action, string Target, AuditOutcome Outcome, string RemoteAddress, LocalText Detail);
