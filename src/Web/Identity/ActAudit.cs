using System.Security.Claims;
using Runner.Engine;

namespace Runner.Web.Identity;

/// <summary>
/// Writes down what came of the acts of one page. What was done stays done where that cannot be written down, as with a full disk: it is told to whoever did it, is in the program's log,
/// and is no failure of the act. What must not be done unless it is written down first goes to <see cref="AuditLog"/> itself.
/// </summary>
internal sealed partial class ActAudit(AuditLog audit, ILogger<ActAudit> logger)
{
    /// <summary>Raised on any thread with what to tell people when an act could not be written down.</summary>
    public event Action<LocalText>? Lost;

    /// <summary>Writes down how an act ended, though the page is left meanwhile.</summary>
    /// <inheritdoc cref="AuditLog.WriteAsync(ClaimsPrincipal, string, string, AuditOutcome, AuditDetail, CancellationToken)" path="/param"/>
    public async Task NoteAsync(ClaimsPrincipal user, string action, string target, AuditOutcome outcome, AuditDetail detail)
    {
        if (await TryNoteAsync(user, action, target, outcome, detail).ConfigureAwait(false) is { } problem)
        {
            Lost?.Invoke(problem);
        }
    }

    /// <summary>As <see cref="NoteAsync"/>, for whoever tells it together with the act's own result.</summary>
    /// <returns>Why it could not be written down; null when it was.</returns>
    public async Task<LocalText?> TryNoteAsync(ClaimsPrincipal user, string action, string target, AuditOutcome outcome, AuditDetail detail)
    {
        try
        {
            await audit.WriteAsync(user, action, target, outcome, detail, CancellationToken.None).ConfigureAwait(false);
            return null;
        }
        catch (IOException exception)
        {
            LogLost(user.Identity?.Name ?? "", action, target, outcome, exception);
            return IExplained.Of(exception);
        }
    }

    [LoggerMessage(LogLevel.Error, "The audit log took no entry of what '{Who}' did: {Action} of '{Target}', {Outcome}.")]
    private partial void LogLost(string who, string action, string target, AuditOutcome outcome, Exception exception);
}
