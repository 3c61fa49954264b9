using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace Runner.Web.Identity;

/// <summary>Registers who may come in: sessions, the hub's token, policies and the audit log.</summary>
internal static class IdentityServices
{
    public static IServiceCollection AddConsoleIdentity(this IServiceCollection services)
    {
        services.AddSingleton<AuditLog>();
        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
            .AddCookie()
            .AddScheme<AuthenticationSchemeOptions, HubTokenHandler>(HubTokenHandler.SchemeName, null);
        ConsolePolicies.Add(services.AddAuthorizationBuilder());
        services.AddCascadingAuthenticationState();
        return services;
    }
}
