using OpenIddict.Client;
using Runner.Engine.Configuration;

namespace Runner.Web.Identity.Provider;

/// <summary>
/// Registers the client of the outside OpenID Connect provider: authorisation code with PKCE, state and nonce bound to the browser, all checked by OpenIddict. The
/// provider is asked only when somebody signs in with it: one that is down keeps nothing else from working.
/// </summary>
internal static class ProviderServices
{
    /// <summary>Id of the one registration.</summary>
    public const string Registration = "outside";

    /// <summary>What a person waits for a provider that does not answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static IServiceCollection AddProvider(this IServiceCollection services, RunnerOptions options)
    {
        services.AddSingleton<ProviderSignOut>();
        services.AddSingleton<ProviderConfiguration>();
        if (options.OpenIdProvider is not { Issuer: { } issuer } provider)
        {
            return services;
        }

        services.AddOpenIddict().AddClient(client =>
        {
            client.AllowAuthorizationCodeFlow();
            client.SetRedirectionEndpointUris(ProviderEndpoints.CallbackPath.TrimStart('/'))
                .SetPostLogoutRedirectionEndpointUris(ProviderEndpoints.SignedOutPath.TrimStart('/'));
            client.UseAspNetCore()
                .EnableRedirectionEndpointPassthrough()
                .EnablePostLogoutRedirectionEndpointPassthrough()
                .EnableErrorPassthrough()
                .DisableTransportSecurityRequirement()

                // What binds a request to the browser comes back with a plain redirect, and over plain HTTP where there is nothing else.
                .Configure(web =>
                {
                    web.CookieBuilder.SameSite = SameSiteMode.Lax;
                    web.CookieBuilder.SecurePolicy = CookieSecurePolicy.SameAsRequest;
                });
            client.UseSystemNetHttp().ConfigureHttpClient(http => http.Timeout = Patience);
            var registration = new OpenIddictClientRegistration
            {
                RegistrationId = Registration,
                ProviderName = Registration,
                Issuer = issuer,
                ClientId = provider.ClientId,
                ClientSecret = provider.ClientSecret.Length > 0 ? provider.ClientSecret : null,
                RedirectUri = new Uri(ProviderEndpoints.CallbackPath.TrimStart('/'), UriKind.Relative),
                PostLogoutRedirectUri = new Uri(ProviderEndpoints.SignedOutPath.TrimStart('/'), UriKind.Relative),
            };
            registration.Scopes.UnionWith(provider.Scopes.Prepend("openid"));
            client.AddRegistration(registration);
        });
        return services;
    }
}
