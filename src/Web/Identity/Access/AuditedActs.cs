using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.Access;

/// <summary>
/// How every act of a page is carried out: the role is checked here, on the server and at the moment of the act, whatever the page offered; the act, its refusal
/// and its failure are audited.
/// </summary>
internal abstract class AuditedActs(ActAudit audit, IAuthorizationService authorization, AuthenticationStateProvider authentication, ConsoleSession sessions, string policy)
{
    /// <summary>Tells which sessions hold.</summary>
    protected ConsoleSession Sessions { get; } = sessions;

    /// <summary>The account of whoever sits at the page.</summary>
    /// <exception cref="UnauthorizedAccessException">The session has ended.</exception>
    protected async Task<(ClaimsPrincipal Principal, ConsoleUser User)> SelfAsync()
    {
        var principal = (await authentication.GetAuthenticationStateAsync().ConfigureAwait(false)).User;
        return Sessions.UserOf(principal) is { } user
            ? (principal, user)
            : throw new UnauthorizedAccessException("Your session has ended. Sign in again.");
    }

    /// <summary>The session of whoever sits at the page; null when it has ended.</summary>
    public async Task<SessionRecord?> SessionAsync() => Sessions.SessionOf((await authentication.GetAuthenticationStateAsync().ConfigureAwait(false)).User);

    /// <exception cref="UnauthorizedAccessException">The role does not allow it; nothing was done, the attempt is audited.</exception>
    protected async Task<T> ActAsync<T>(string action, string target, AuditDetail detail, Func<ConsoleUser, Task<T>> act, CancellationToken cancellationToken)
    {
        var principal = (await authentication.GetAuthenticationStateAsync().ConfigureAwait(false)).User;
        if (Sessions.UserOf(principal) is not { } self || !(await authorization.AuthorizeAsync(principal, null, policy).ConfigureAwait(false)).Succeeded)
        {
            await audit.NoteAsync(principal, action, target, AuditOutcome.Refused, new AuditDetail(AuditSentence.NotAllowed)).ConfigureAwait(false);
            throw new UnauthorizedAccessException("Your role does not allow this. Ask an administrator.");
        }

        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            var result = await act(self).ConfigureAwait(false);
            await audit.NoteAsync(principal, action, target, AuditOutcome.Done, detail).ConfigureAwait(false);
            return result;
        }
        catch (Exception exception) when (exception is UserRefusedException or AccessRefusedException or IOException)
        {
            await audit.TryNoteAsync(principal, action, target, AuditOutcome.Failed, AuditDetail.Of(exception)).ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc cref="ActAsync{T}"/>
    protected Task ActAsync(string action, string target, AuditDetail detail, Func<ConsoleUser, Task> act, CancellationToken cancellationToken) =>
        ActAsync(
            action,
            target,
            detail,
            async self =>
            {
                await act(self).ConfigureAwait(false);
                return true;
            },
            cancellationToken);
}
