using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Runner.Web.Identity;

namespace Runner.Web.Live;

/// <summary>
/// Lets the signed-in user act or not, and writes into the audit log what came of it. The role is looked at on the server and at the moment of the act, whatever the page offered.
/// </summary>
internal sealed class ActionGate(AuditLog audit, IAuthorizationService authorization, AuthenticationStateProvider authentication)
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
        var user = await UserAsync().ConfigureAwait(false);
        if (!await MayAsync(user, policy).ConfigureAwait(false))
        {
            await audit.WriteAsync(user, action, target, AuditOutcome.Refused, "The role does not allow it.", cancellationToken).ConfigureAwait(false);
            throw new UnauthorizedAccessException($"Your role does not allow this ({action}). Ask an administrator for the role {policy}.");
        }

        return user;
    }

    /// <summary>Notes how an act ended. Not given up when the page is left: what was done is written.</summary>
    /// <param name="detail">Without secrets.</param>
    public async Task NoteAsync(string action, string target, AuditOutcome outcome, string detail) =>
        await audit.WriteAsync(await UserAsync().ConfigureAwait(false), action, target, outcome, detail, CancellationToken.None).ConfigureAwait(false);

    private async Task<ClaimsPrincipal> UserAsync() => (await authentication.GetAuthenticationStateAsync().ConfigureAwait(false)).User;

    private async Task<bool> MayAsync(ClaimsPrincipal user, string policy) => (await authorization.AuthorizeAsync(user, null, policy).ConfigureAwait(false)).Succeeded;
}
