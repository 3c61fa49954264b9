using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using OpenIddict.Abstractions;
using OpenIddict.Validation.AspNetCore;
using Runner.Web.Identity.SignIn;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.Tokens;

/// <summary>One right on the console's API.</summary>
/// <param name="Scope">What a token must carry.</param>
/// <param name="Role">The lowest role of a person, whether with a session or behind a token.</param>
internal sealed record ApiAccessRequirement(string Scope, ConsoleRole Role) : IAuthorizationRequirement;

/// <summary>
/// Decides on the console's API. A client of its own acts by its scopes; a person with a session by the role; a token that a person gave to a client needs
/// both, and ends with the person's sessions.
/// </summary>
internal sealed class ApiAccess(UserDirectory users) : AuthorizationHandler<ApiAccessRequirement>
{
    public static void Add(AuthorizationBuilder builder)
    {
        builder.Services.AddSingleton<IAuthorizationHandler, ApiAccess>();
        foreach (var (scope, role, _) in ApiScopes.All)
        {
            builder.AddPolicy(scope, policy => policy
                .AddAuthenticationSchemes(OpenIddictValidationAspNetCoreDefaults.AuthenticationScheme, CookieAuthenticationDefaults.AuthenticationScheme)
                .RequireAuthenticatedUser()
                .AddRequirements(new ApiAccessRequirement(scope, role)));
        }
    }

    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, ApiAccessRequirement requirement)
    {
        if (context.User.Identities.Any(identity => identity.IsAuthenticated && Allows(new ClaimsPrincipal(identity), requirement)))
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }

    private bool Allows(ClaimsPrincipal principal, ApiAccessRequirement requirement)
    {
        var isSession = principal.Identity!.AuthenticationType == CookieAuthenticationDefaults.AuthenticationScheme;
        if (!isSession && !principal.HasScope(requirement.Scope))
        {
            return false;
        }

        return isSession || principal.HasClaim(claim => claim.Type == ConsoleClaims.SecurityStamp)
            ? ConsoleSession.UserOf(principal, users) is { } user && user.Role >= requirement.Role
            : true;
    }
}
