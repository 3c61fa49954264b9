using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using OpenIddict.Abstractions;
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

    /// <summary>The account behind a session or token; null when it is gone or its sessions have ended since.</summary>
    public static ConsoleUser? UserOf(ClaimsPrincipal principal, UserDirectory users)
    {
        var id = principal.FindFirstValue(ClaimTypes.NameIdentifier) ?? principal.FindFirstValue(OpenIddictConstants.Claims.Subject);
        var user = id is null ? null : users.FindById(id);
        return user?.SecurityStamp == principal.FindFirstValue(ConsoleClaims.SecurityStamp) ? user : null;
    }

    /// <summary>Asked on every request with a cookie.</summary>
    public static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        if (context.Principal is null || UserOf(context.Principal, context.HttpContext.RequestServices.GetRequiredService<UserDirectory>()) is null)
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(context.Scheme.Name).ConfigureAwait(false);
        }
    }
}
