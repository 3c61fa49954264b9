using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Runner.Web.Identity;

namespace Runner.Web.Live;

/// <summary>
/// Lets the signed-in user act or not, and writes into the audit log what came of it. The role is looked at on the server and at the moment of the act, whatever the page offered.
/// </summary>
internal sealed class ActionGate(AuditLog log, ActAudit audit, IAuthorizationService authorization, AuthenticationStateProvider authentication)
{
    /// <summary>Whether the user's role has this policy; pages offer only what is allowed.</summary>
    public async Task<bool> MayAsync(string policy) => await MayAsync(await UserAsync().ConfigureAwait(false), policy).ConfigureAwait(false);

    /// <summary>Passes whoever may act.</summary>
    /// <param name="policy">One of <see cref="ConsolePolicies"/>.</param>
    /// <param name="action">One of <see cref="AuditActions"/>.</param>
    /// <returns>Who acts.</returns>
    /// <exception cref="UnauthorizedAccessException">The role does not allow it; the attempt is audited.</exception>
    public async Task<ClaimsPrincipal> RequireAsync(string policy, string action, string target, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var user = await UserAsync().ConfigureAwait(false);
        if (!await MayAsync(user, policy).ConfigureAwait(false))
        {
            await audit.NoteAsync(user, action, target, AuditOutcome.Refused, new AuditDetail(AuditSentence.NotAllowed)).ConfigureAwait(false);
            throw new UnauthorizedAccessException($"Your role does not allow this ({action}). Ask an administrator for the role {policy}.");
        }

        return user;
    }

    /// <summary>Notes how an act ended; see <see cref="ActAudit.NoteAsync"/>.</summary>
    /// <param name="detail">Without secrets.</param>
    public async Task NoteAsync(string action, string target, AuditOutcome outcome, AuditDetail detail) =>
        await audit.NoteAsync(await UserAsync().ConfigureAwait(false), action, target, outcome, detail).ConfigureAwait(false);

    /// <summary>Notes what is about to be done, and must not be done otherwise.</summary>
    /// <param name="detail">Without secrets.</param>
    /// <exception cref="IOException">It could not be written down.</exception>
    public async Task NoteFirstAsync(string action, string target, AuditDetail detail, CancellationToken cancellationToken) =>
        await log.WriteAsync(await UserAsync().ConfigureAwait(false), action, target, AuditOutcome.Done, detail, cancellationToken).ConfigureAwait(false);

    private async Task<ClaimsPrincipal> UserAsync() => (await authentication.GetAuthenticationStateAsync().ConfigureAwait(false)).User;

    private async Task<bool> MayAsync(ClaimsPrincipal user, string policy) => (await authorization.AuthorizeAsync(user, null, policy).ConfigureAwait(false)).Succeeded;
}
