using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.SignIn;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.Access;

/// <summary>What everybody does to the own account and to no other.</summary>
internal sealed class ProfileActions(
    UserDirectory users, SecondFactor factor, SessionRegistry sessions, SignInGuard guard,
    ActAudit audit, IAuthorizationService authorization, AuthenticationStateProvider authentication, ConsoleSession session)
    : AuditedActs(audit, authorization, authentication, session, ConsolePolicies.Viewer)
{
    public async Task<ConsoleUser> UserAsync() => (await SelfAsync().ConfigureAwait(false)).User;

    public async Task<IReadOnlyList<SessionRecord>> SessionsAsync()
    {
        var (_, self) = await SelfAsync().ConfigureAwait(false);
        return [.. Sessions.Open.Where(known => known.UserId == self.Id)];
    }

    /// <summary>Changes the password, which ends all sessions of the account.</summary>
    /// <exception cref="UserRefusedException">The present one is not right, or the new one is refused.</exception>
    public async Task ChangePasswordAsync(string present, string next, CancellationToken cancellationToken)
    {
        var (_, user) = await SelfAsync().ConfigureAwait(false);
        await ActAsync(
            AuditActions.PasswordChange,
            user.Name,
            new AuditDetail(AuditSentence.ByTheUser),
            async self =>
            {
                await DemandPasswordAsync(self, present, cancellationToken).ConfigureAwait(false);
                PasswordPolicy.Demand(next, self.Name);
                await users.SetPasswordAsync(self.Id, next, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a second factor into use, in place of the one that there may be.</summary>
    /// <param name="password">The present one. Looked at where there is a second factor already: whoever finds a page left open must not put another in its place.</param>
    /// <returns>The recovery codes, to be shown once.</returns>
    /// <exception cref="UserRefusedException">The password or the code is not right.</exception>
    public async Task<IReadOnlyList<string>> ConfirmSecondFactorAsync(TotpOffer offer, string code, string password, CancellationToken cancellationToken)
    {
        var (_, user) = await SelfAsync().ConfigureAwait(false);
        return await ActAsync(
            AuditActions.SecondFactorOn,
            user.Name,
            new AuditDetail(AuditSentence.RecoveryCodesShown),
            async self =>
            {
                if (self.HasSecondFactor)
                {
                    await DemandPasswordAsync(self, password, cancellationToken).ConfigureAwait(false);
                }

                return await factor.ConfirmAsync(self.Id, offer, code, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes the second factor away.</summary>
    /// <exception cref="UserRefusedException">The password is not right.</exception>
    public async Task RemoveSecondFactorAsync(string password, CancellationToken cancellationToken)
    {
        var (_, user) = await SelfAsync().ConfigureAwait(false);
        await ActAsync(
            AuditActions.SecondFactorOff,
            user.Name,
            new AuditDetail(AuditSentence.ByTheUser),
            async self =>
            {
                await DemandPasswordAsync(self, password, cancellationToken).ConfigureAwait(false);
                await factor.RemoveAsync(self.Id, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends one of the own sessions.</summary>
    public async Task EndSessionAsync(string sessionId, CancellationToken cancellationToken)
    {
        var (_, user) = await SelfAsync().ConfigureAwait(false);
        await ActAsync(
            AuditActions.SessionEnd,
            user.Name,
            new AuditDetail(AuditSentence.OneOwnSession),
            self => sessions.Find(sessionId) is { } known && known.UserId != self.Id
                ? throw new UserRefusedException(UserRefusal.Gone, "That session is not yours.")
                : sessions.EndAsync(sessionId, cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }

    // Whoever finds a page left open must not be able to guess at it either: counted as sign-in is.
    private async Task DemandPasswordAsync(ConsoleUser self, string password, CancellationToken cancellationToken)
    {
        var address = await SessionAsync().ConfigureAwait(false) is { } here && IPAddress.TryParse(here.RemoteAddress, out var parsed) ? parsed : null;
        var attempt = await guard.BeginAsync(self.Name, address, cancellationToken).ConfigureAwait(false);
        if (attempt.Wait > TimeSpan.Zero)
        {
            throw new UserRefusedException(UserRefusal.TooMany, "Too many attempts failed. Wait a while, then try again.");
        }

        if (users.Authenticate(self.Name, password)?.Id != self.Id)
        {
            throw new UserRefusedException(UserRefusal.PasswordWrong, "The present password is not right.");
        }

        await guard.SucceededAsync(attempt, cancellationToken).ConfigureAwait(false);
    }
}
