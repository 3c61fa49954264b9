using Microsoft.AspNetCore.Authorization;

namespace Runner.Web.Identity;

/// <summary>
/// Names of the authorisation policies, for <c>[Authorize(Policy = …)]</c>, <c>RequireAuthorization</c> and <c>AuthorizeView</c>. What names none falls under
/// the fallback policy: a signed-in user of any role.
/// </summary>
public static class ConsolePolicies
{
    /// <summary>Signed in with any role.</summary>
    public const string Viewer = "Viewer";

    /// <summary>Operators and administrators: stop, restart, scale, purge.</summary>
    public const string Operator = "Operator";

    /// <summary>Administrators only: configuration, users, clients, secrets.</summary>
    public const string Administrator = "Administrator";

    /// <summary>The hub with its bearer token, and nobody else: the runner API.</summary>
    public const string Hub = "Hub";

    internal static void Add(AuthorizationBuilder builder) => builder
        .AddPolicy(Viewer, policy => policy.RequireRole(RolesFrom(ConsoleRole.Viewer)))
        .AddPolicy(Operator, policy => policy.RequireRole(RolesFrom(ConsoleRole.Operator)))
        .AddPolicy(Administrator, policy => policy.RequireRole(RolesFrom(ConsoleRole.Administrator)))
        .AddPolicy(Hub, policy => policy.AddAuthenticationSchemes(HubTokenHandler.SchemeName).RequireAuthenticatedUser())
        .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireRole(RolesFrom(ConsoleRole.Viewer)).Build());

    private static string[] RolesFrom(ConsoleRole lowest) =>
        [.. Enum.GetValues<ConsoleRole>().Where(role => role >= lowest).Select(role => role.ToString())];
}
