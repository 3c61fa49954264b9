using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.SignIn;

/// <summary>The end of every way to sign in: session, cookie, audit log.</summary>
internal sealed class SessionStart(SessionRegistry sessions, UserDirectory users, AuditLog audit)
{
    /// <param name="properties">Kept in the cookie, encrypted.</param>
    /// <param name="detail">For the audit log.</param>
    public async Task RunAsync(
        HttpContext context, ConsoleUser user, SignInMethod method, AuditDetail detail, AuthenticationProperties? properties, CancellationToken cancellationToken)
    {
        var signedIn = await users.SignedInAsync(user.Id, cancellationToken).ConfigureAwait(false);
        var address = AddressOf(context);
        var session = await sessions.StartAsync(signedIn, address, ClientName.Of(context.Request.Headers.UserAgent.ToString()), method, cancellationToken).ConfigureAwait(false);
        await audit.WriteAsync(user.Name, address, AuditActions.SignIn, "", AuditOutcome.Done, detail, cancellationToken).ConfigureAwait(false);
        await context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, ConsoleSession.Create(signedIn, session), properties).ConfigureAwait(false);
    }

    public static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "";
}
