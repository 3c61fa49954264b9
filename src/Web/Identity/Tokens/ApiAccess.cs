using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using OpenIddict.Abstractions;
using OpenIddict.Validation.AspNetCore;
using Runner.Engine.Configuration;
using Runner.Web.Identity.Sessions;

namespace Runner.Web.Identity.Tokens;

/// <summary>One right on the console's API.</summary>
/// <param name="Scope">What a token must carry.</param>
/// <param name="Role">The lowest role of a person, whether with a session or behind a token.</param>
internal sealed record ApiAccessRequirement(string Scope, ConsoleRole Role) : IAuthorizationRequirement;

/// <summary>
/// Decides on the console's API. A client of its own acts by its scopes; a person with a session by the role; a token that a person gave to a client needs
/// both, and ends with the person's sessions.
/// </summary>
internal sealed class ApiAccess(ConsoleSession sessions, RunnerOptions options) : AuthorizationHandler<ApiAccessRequirement>
{
    public static void Add(AuthorizationBuilder builder)
    {
        builder.Services.AddSingleton<IAuthorizationHandler, ApiAccess>();
        foreach (var (scope, role, _) in ApiScopes.All)
        {
            builder.AddPolicy(scope, policy => policy
                .AddAuthenticationSchemes(OpenIddictValidationAspNetCoreDefaults.AuthenticationScheme, CookieAuthenticationDefaults.AuthenticationScheme)
                .AddRequirements(new ApiAccessRequirement(scope, role)));
        }
    }

    /// <summary>Whether the caller of an open address may see more than others do.</summary>
    public static async Task<bool> MayAsync(HttpContext context, IServiceProvider services, string scope)
    {
        var policy = (await services.GetRequiredService<IAuthorizationPolicyProvider>().GetPolicyAsync(scope).ConfigureAwait(false))!;
        var evaluator = services.GetRequiredService<IPolicyEvaluator>();
        var authenticated = await evaluator.AuthenticateAsync(policy, context).ConfigureAwait(false);
        return (await evaluator.AuthorizeAsync(policy, authenticated, context, context).ConfigureAwait(false)).Succeeded;
    }

    /// <summary>Why a caller with credentials is refused, for a program: a token by the scope that it lacks, a person by the role.</summary>
    public static string Refusal(HttpContext context) => AuditWords.Say(RefusalDetail(context)).English;

    /// <summary>The same, for the audit log.</summary>
    public static AuditDetail RefusalDetail(HttpContext context)
    {
        var scope = context.GetEndpoint()?.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(data => data.Policy).FirstOrDefault(policy => ApiScopes.All.Any(known => known.Scope == policy));
        return RefusalDetail(context.User, scope);
    }

    /// <summary>The same, where it is known what was asked for.</summary>
    /// <param name="scope">Null where it is none of the API's.</param>
    public static AuditDetail RefusalDetail(ClaimsPrincipal user, string? scope)
    {
        var token = user.Identities.FirstOrDefault(identity => identity.IsAuthenticated && identity.AuthenticationType != CookieAuthenticationDefaults.AuthenticationScheme);
        return scope is not null && token is not null && !ApiScopes.Opening(scope).Any(new ClaimsPrincipal(token).HasScope)
            ? new AuditDetail(AuditSentence.ScopeMissing, scope)
            : new AuditDetail(AuditSentence.YourRole);
    }

    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, ApiAccessRequirement requirement)
    {
        // The token server takes only its own tokens, so the hub's is looked at here.
        var isHub = requirement.Scope == ApiScopes.MetricsRead && context.Resource is HttpContext call && HubTokenHandler.IsHub(call.Request, options);
        if (isHub || context.User.Identities.Any(identity => identity.IsAuthenticated && Allows(new ClaimsPrincipal(identity), requirement)))
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }

    private bool Allows(ClaimsPrincipal principal, ApiAccessRequirement requirement)
    {
        var isSession = principal.Identity!.AuthenticationType == CookieAuthenticationDefaults.AuthenticationScheme;
        if (!isSession && !ApiScopes.Opening(requirement.Scope).Any(principal.HasScope))
        {
            return false;
        }

        return isSession || principal.HasClaim(claim => claim.Type == ConsoleClaims.SecurityStamp)
            ? sessions.UserOf(principal) is { } user && user.Role >= requirement.Role
            : true;
    }
}
