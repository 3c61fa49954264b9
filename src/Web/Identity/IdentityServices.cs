using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;
using Runner.Web.Identity.Access;
using Runner.Web.Identity.Provider;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.SignIn;
using Runner.Web.Identity.Tokens;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity;

/// <summary>Registers who may come in: accounts, sessions, the hub's token, policies and the audit log.</summary>
internal static class IdentityServices
{
    public static IServiceCollection AddConsoleIdentity(this IServiceCollection services, RunnerOptions options, TimeProvider time)
    {
        services.AddSingleton<AuditLog>();
        services.AddHostedService<AuditIndexes>();
        services.AddScoped<ActAudit>();
        services.AddSingleton<AccessNotes>();
        services.AddHostedService(provider => provider.GetRequiredService<AccessNotes>());
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, NotedAuthorization>();
        services.AddSingleton<IAuthorizationEvaluator, NotedHubAuthorization>();
        services.AddSingleton<UserDirectory>();
        services.AddSingleton<IPrunable, AuditRetention>();
        services.AddSingleton<OneTimeLinks>();
        services.AddSingleton<SecondFactor>();
        services.AddSingleton<SecondStep>();
        services.AddSingleton<SignInGuard>();
        services.AddSingleton<SessionRegistry>();
        services.AddSingleton<IPrunable>(provider => provider.GetRequiredService<SessionRegistry>());
        services.AddSingleton<ConsoleSession>();
        services.AddSingleton<SessionStart>();
        services.AddSingleton<SignInServices>();
        services.AddScoped<ApiClients>();
        services.AddScoped<AccessActions>();
        services.AddScoped<ProfileActions>();
        services.AddSingleton<StateSetup>();
        services.AddHostedService(provider => provider.GetRequiredService<StateSetup>());
        services.AddHostedService<AdministratorSetup>();
        var keys = KeyFolder.Create(options.DataDirectory);
        services.AddSingleton(keys);
        services.AddKeys(options, keys);
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = "runner.antiforgery";
            antiforgery.Cookie.HttpOnly = true;
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        SignInLimit.Add(services, options);
        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
            .AddCookie(ConfigureCookie)
            .AddScheme<AuthenticationSchemeOptions, HubTokenHandler>(HubTokenHandler.SchemeName, null);
        var policies = services.AddAuthorizationBuilder();
        ConsolePolicies.Add(policies);
        ApiAccess.Add(policies);
        services.AddTokenServer(keys, time);
        services.AddProvider(options);
        services.AddCascadingAuthenticationState();
        services.AddScoped<AuthenticationStateProvider, CircuitSession>();
        return services;
    }

    private static void ConfigureCookie(CookieAuthenticationOptions cookie)
    {
        cookie.Cookie.Name = "runner.session";
        cookie.Cookie.HttpOnly = true;

        // Lax and not Strict: an authorisation request comes from another site and needs the session.
        cookie.Cookie.SameSite = SameSiteMode.Lax;
        cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        cookie.ExpireTimeSpan = SessionRegistry.Idle;
        cookie.SlidingExpiration = true;
        cookie.LoginPath = SignInEndpoints.SignInPath;
        cookie.ReturnUrlParameter = "returnUrl";
        cookie.Events.OnValidatePrincipal = ConsoleSession.ValidateAsync;
        cookie.Events.OnRedirectToLogin = context => RefuseAsync(context, StatusCodes.Status401Unauthorized, "Sign in first.");
        cookie.Events.OnRedirectToAccessDenied = context => RefuseAsync(context, StatusCodes.Status403Forbidden, ApiAccess.Refusal(context.HttpContext));
    }

    // A person who opens a page is led to sign-in; programs, posts and sockets get the plain status.
    private static Task RefuseAsync(RedirectContext<CookieAuthenticationOptions> context, int status, string message)
    {
        var request = context.Request;
        var browsing = HttpMethods.IsGet(request.Method) && !request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
            && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
        if (browsing && status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Redirect(context.RedirectUri);
            return Task.CompletedTask;
        }

        context.Response.StatusCode = status;
        return browsing ? Task.CompletedTask : context.Response.WriteAsJsonAsync(new { msg = message }, context.HttpContext.RequestAborted);
    }
}
