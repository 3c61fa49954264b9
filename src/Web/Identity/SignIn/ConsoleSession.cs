using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.SignIn;

/// <summary>What the session cookie says, and whether it still holds: the account must exist and carry the same security stamp.</summary>
internal static class ConsoleSession
{
    public static ClaimsPrincipal Create(ConsoleUser user, string remoteAddress) => new(new ClaimsIdentity(
        [
            new Claim(ClaimTypes.NameIdentifier, user.Id),
            new Claim(ClaimTypes.Name, user.Name),
            new Claim(ClaimTypes.Role, user.Role.ToString()),
            new Claim(ConsoleClaims.SecurityStamp, user.SecurityStamp),
            new Claim(ConsoleClaims.RemoteAddress, remoteAddress),
        ],
        CookieAuthenticationDefaults.AuthenticationScheme));

    /// <summary>Whether the session of this principal is still good.</summary>
    public static bool Holds(ClaimsPrincipal principal, UserDirectory users) =>
        principal.FindFirstValue(ClaimTypes.NameIdentifier) is { } id
        && users.FindById(id) is { } user
        && user.SecurityStamp == principal.FindFirstValue(ConsoleClaims.SecurityStamp);

    /// <summary>Asked on every request with a cookie.</summary>
    public static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        if (context.Principal is null || !Holds(context.Principal, context.HttpContext.RequestServices.GetRequiredService<UserDirectory>()))
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(context.Scheme.Name).ConfigureAwait(false);
        }
    }
}
