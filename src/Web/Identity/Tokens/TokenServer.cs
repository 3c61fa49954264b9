using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.Stores;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Runner.Web.Identity.Tokens;

/// <summary>Registers the OpenID Connect server, its LiteDB stores, and the validation of the tokens it issues.</summary>
internal static class TokenServer
{
    /// <summary>Short, because a token cannot be called back from a client that holds it.</summary>
    private static readonly TimeSpan AccessTokenLifetime = TimeSpan.FromMinutes(15);

    public static IServiceCollection AddTokenServer(this IServiceCollection services, KeyFolder keys, TimeProvider time)
    {
        TokenKeys.Add(services, new TokenCertificates(keys, time));
        services.AddOpenIddict()
            .AddCore(core =>
            {
                core.SetDefaultApplicationEntity<ApplicationEntity>()
                    .SetDefaultAuthorizationEntity<AuthorizationEntity>()
                    .SetDefaultScopeEntity<ScopeEntity>()
                    .SetDefaultTokenEntity<TokenEntity>();
                core.ReplaceApplicationStore<ApplicationEntity, ApplicationStore>(ServiceLifetime.Singleton)
                    .ReplaceAuthorizationStore<AuthorizationEntity, AuthorizationStore>(ServiceLifetime.Singleton)
                    .ReplaceScopeStore<ScopeEntity, ScopeStore>(ServiceLifetime.Singleton)
                    .ReplaceTokenStore<TokenEntity, TokenStore>(ServiceLifetime.Singleton);
            })
            .AddServer(server =>
            {
                server.SetAuthorizationEndpointUris(TokenEndpoints.AuthorizePath)
                    .SetTokenEndpointUris(TokenEndpoints.TokenPath)
                    .SetEndSessionEndpointUris(EndSession.Path)
                    .SetIntrospectionEndpointUris("connect/introspect")
                    .SetRevocationEndpointUris("connect/revoke");
                server.AllowClientCredentialsFlow()
                    .AllowAuthorizationCodeFlow()
                    .RequireProofKeyForCodeExchange()
                    .AllowRefreshTokenFlow();

                // A "plain" challenge is the verifier itself, and protects nobody.
                server.Configure(configured => configured.CodeChallengeMethods.Remove(CodeChallengeMethods.Plain));
                server.RegisterScopes([Scopes.OpenId, Scopes.OfflineAccess, .. ApiScopes.All.Select(scope => scope.Scope)]);

                // However often it is refreshed: what a person signed in for lasts no longer than the person's session can.
                server.SetAccessTokenLifetime(AccessTokenLifetime).SetRefreshTokenLifetime(SessionRegistry.Longest).DisableSlidingRefreshTokenExpiration();

                // Once means once: by default a refresh token is taken again for half a minute.
                server.SetRefreshTokenReuseLeeway(null);

                // First of all: whoever writes the answer ends its handling.
                server.AddEventHandler<ApplyTokenResponseContext>(noted => noted.UseSingletonHandler<TokenNotes>().SetOrder(int.MinValue));

                // TLS ends at the gateway in front of the pod, as for every service of CSGHub.
                server.UseAspNetCore()
                    .EnableAuthorizationEndpointPassthrough()
                    .EnableTokenEndpointPassthrough()
                    .EnableEndSessionEndpointPassthrough()
                    .DisableTransportSecurityRequirement();
            })
            .AddValidation(validation =>
            {
                validation.UseLocalServer();
                validation.UseAspNetCore();

                // A revoked token ends at once and not only when it expires: looking it up costs one read of the local file.
                validation.EnableTokenEntryValidation();
            });
        services.AddScoped<RemovedScopes>();
        services.AddHostedService<TokenSetup>();
        services.AddHostedService<TokenPruning>();
        return services;
    }
}
