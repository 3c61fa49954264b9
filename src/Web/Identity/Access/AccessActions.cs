using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.Access;

/// <summary>What administrators do to users, sessions and clients. Refusals of a rule are thrown as <see cref="UserRefusedException"/> or <see cref="AccessRefusedException"/>.</summary>
internal sealed class AccessActions(
    UserDirectory users, OneTimeLinks links, SecondFactor factor, SessionRegistry sessions, ApiClients clients,
    ActAudit audit, IAuthorizationService authorization, AuthenticationStateProvider authentication, ConsoleSession session)
    : AuditedActs(audit, authorization, authentication, session, ConsolePolicies.Administrator)
{
    /// <returns>Secret of the link with which the new user chooses a password.</returns>
    public Task<string> CreateUserAsync(string name, ConsoleRole role, CancellationToken cancellationToken) => ActAsync(
        AuditActions.UserCreate,
        name.Trim(),
        new AuditDetail(AuditSentence.Invited, $"{role}"),
        async _ => await links.CreateAsync((await users.InviteAsync(name, role, cancellationToken).ConfigureAwait(false)).Id, LinkPurpose.Password, cancellationToken).ConfigureAwait(false),
        cancellationToken);

    public Task SetRoleAsync(string id, ConsoleRole role, CancellationToken cancellationToken) => ActAsync(
        AuditActions.UserRole, NameOf(id), new AuditDetail(AuditSentence.RoleFromNowOn, $"{role}"), _ => users.SetRoleAsync(Local(id), role, cancellationToken), cancellationToken);

    public Task SetDisabledAsync(string id, bool disabled, CancellationToken cancellationToken) => ActAsync(
        disabled ? AuditActions.UserDisable : AuditActions.UserEnable, NameOf(id), AuditDetail.None, _ => users.SetDisabledAsync(id, disabled, cancellationToken), cancellationToken);

    /// <returns>Secret of the link with which the user chooses another password. The old one holds until then.</returns>
    public Task<string> CreatePasswordLinkAsync(string id, CancellationToken cancellationToken) => ActAsync(
        AuditActions.PasswordLink, NameOf(id), new AuditDetail(AuditSentence.LinkShown), _ => links.CreateAsync(Local(id), LinkPurpose.Password, cancellationToken), cancellationToken);

    public Task RemoveSecondFactorAsync(string id, CancellationToken cancellationToken) => ActAsync(
        AuditActions.SecondFactorOff, NameOf(id), AuditDetail.None, _ => factor.RemoveAsync(Local(id), cancellationToken), cancellationToken);

    public Task DeleteUserAsync(string id, CancellationToken cancellationToken) => ActAsync(
        AuditActions.UserDelete,
        NameOf(id),
        AuditDetail.None,
        async _ =>
        {
            await users.DeleteAsync(id, cancellationToken).ConfigureAwait(false);
            foreach (var over in sessions.All.Where(session => session.UserId == id))
            {
                await sessions.EndAsync(over.Id, cancellationToken).ConfigureAwait(false);
            }
        },
        cancellationToken);

    public Task EndSessionAsync(string sessionId, CancellationToken cancellationToken) => ActAsync(
        AuditActions.SessionEnd, sessions.Find(sessionId) is { } session ? NameOf(session.UserId) : "", new AuditDetail(AuditSentence.OneSession), _ => sessions.EndAsync(sessionId, cancellationToken), cancellationToken);

    /// <summary>Ends all sessions of a user, and what the user's tokens may do.</summary>
    public Task EndSessionsAsync(string id, CancellationToken cancellationToken) => ActAsync(
        AuditActions.SessionEnd, NameOf(id), new AuditDetail(AuditSentence.AllSessions), _ => users.EndSessionsAsync(id, cancellationToken), cancellationToken);

    /// <returns>The secret, to be shown once.</returns>
    public Task<string> CreateClientAsync(string clientId, IReadOnlyCollection<string> scopes, CancellationToken cancellationToken) => ActAsync(
        AuditActions.ClientCreate, clientId, new AuditDetail(AuditSentence.ClientMade, string.Join(", ", scopes.Order(StringComparer.Ordinal))), _ => clients.CreateAsync(clientId, scopes, cancellationToken), cancellationToken);

    /// <returns>The secret, to be shown once.</returns>
    public Task<string> RotateClientAsync(ApiClient client, CancellationToken cancellationToken) => ActAsync(
        AuditActions.ClientRotate, client.ClientId, new AuditDetail(AuditSentence.SecretShown), _ => clients.RotateAsync(client.Id, cancellationToken), cancellationToken);

    public Task DeleteClientAsync(ApiClient client, CancellationToken cancellationToken) => ActAsync(
        AuditActions.ClientDelete, client.ClientId, AuditDetail.None, _ => clients.DeleteAsync(client.Id, cancellationToken), cancellationToken);

    private string NameOf(string id) => users.FindById(id)?.Name ?? id;

    private string Local(string id) => users.FindById(id) is { IsLocal: false }
        ? throw new UserRefusedException(UserRefusal.NotLocal, "The account belongs to an outside provider: this is decided there.")
        : id;
}
