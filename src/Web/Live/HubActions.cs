using System.Globalization;
using Runner.Engine.Hub.Events;
using Runner.Web.Identity;

namespace Runner.Web.Live;

/// <summary>What a page may do with the outbox.</summary>
internal sealed class HubActions(Outbox outbox, ActionGate gate)
{
    /// <summary>Tries everything that waits at once.</summary>
    /// <exception cref="UnauthorizedAccessException">The role does not allow it; nothing was done.</exception>
    public async Task RetryAsync(CancellationToken cancellationToken)
    {
        await gate.RequireAsync(ConsolePolicies.Operator, AuditActions.RetryEvents, "outbox", cancellationToken).ConfigureAwait(false);
        var waiting = outbox.Status.Waiting;
        outbox.RetryNow();
        await gate.NoteAsync(AuditActions.RetryEvents, "outbox", AuditOutcome.Done, new AuditDetail(AuditSentence.EventsWaiting, waiting.ToString(CultureInfo.InvariantCulture))).ConfigureAwait(false);
    }
}
