using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using OpenIddict.Abstractions;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.Sessions;

/// <summary>
/// Whether what a session's cookie or a person's token says still holds: the account must exist, be enabled and carry the same security stamp; of a cookie the
/// session must last too.
/// </summary>
internal sealed class ConsoleSession(UserDirectory users, SessionRegistry sessions)
{
    public static ClaimsPrincipal Create(ConsoleUser user, SessionRecord session) => new(new ClaimsIdentity(
        [
            new Claim(ClaimTypes.NameIdentifier, user.Id),
            new Claim(ClaimTypes.Name, user.Name),
            new Claim(ClaimTypes.Role, user.Role.ToString()),
            new Claim(ConsoleClaims.SecurityStamp, user.SecurityStamp),
            new Claim(ConsoleClaims.RemoteAddress, session.RemoteAddress),
            new Claim(ConsoleClaims.Session, session.Id),
        ],
        CookieAuthenticationDefaults.AuthenticationScheme));

    /// <summary>The account behind a session or token; null when it is gone or its sessions have ended since.</summary>
    public ConsoleUser? UserOf(ClaimsPrincipal principal)
    {
        var id = principal.FindFirstValue(ClaimTypes.NameIdentifier) ?? principal.FindFirstValue(OpenIddictConstants.Claims.Subject);
        var user = id is null ? null : users.FindById(id);
        if (user is not { Disabled: false } || user.SecurityStamp != principal.FindFirstValue(ConsoleClaims.SecurityStamp))
        {
            return null;
        }

        var isCookie = principal.Identities.Any(identity => identity.AuthenticationType == CookieAuthenticationDefaults.AuthenticationScheme);
        return !isCookie || SessionOf(principal)?.UserId == user.Id ? user : null;
    }

    /// <summary>Sessions that hold, the one used last first.</summary>
    public IReadOnlyList<SessionRecord> Open => [.. sessions.All.Where(session => users.FindById(session.UserId) is { Disabled: false } user && user.SecurityStamp == session.Stamp)];

    /// <summary>The session of a cookie; null when it has ended.</summary>
    public SessionRecord? SessionOf(ClaimsPrincipal principal) => principal.FindFirstValue(ConsoleClaims.Session) is { } id ? sessions.Find(id) : null;

    /// <summary>Asked on every request with a cookie.</summary>
    public static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var services = context.HttpContext.RequestServices;
        var check = services.GetRequiredService<ConsoleSession>();
        if (context.Principal?.FindFirstValue(ConsoleClaims.Session) is { } id)
        {
            await services.GetRequiredService<SessionRegistry>().FindAsync(id, context.HttpContext.RequestAborted).ConfigureAwait(false);
        }

        if (context.Principal is { } principal && check.UserOf(principal) is not null && check.SessionOf(principal) is { } session)
        {
            await services.GetRequiredService<SessionRegistry>().TouchAsync(session, context.HttpContext.RequestAborted).ConfigureAwait(false);
            return;
        }

        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync(context.Scheme.Name).ConfigureAwait(false);
    }
}
