using System.Security.Claims;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.IdentityModel.JsonWebTokens;
using OpenIddict.Abstractions;
using OpenIddict.Client.AspNetCore;
using Runner.Engine.Configuration;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.SignIn;
using Runner.Web.Identity.Users;

namespace Runner.Web.Identity.Provider;

/// <summary>The way to the outside provider and back. What comes back has been checked by OpenIddict: state, nonce, code, PKCE, issuer, audience, signature, times.</summary>
internal static partial class ProviderEndpoints
{
    public const string StartPath = "/account/oidc";
    public const string CallbackPath = "/account/oidc/callback";
    public const string SignedOutPath = "/account/oidc/signed-out";

    /// <summary>How far the clocks of provider and runner may be apart.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private const string Scheme = OpenIddictClientAspNetCoreDefaults.AuthenticationScheme;

    public static void MapProvider(this IEndpointRouteBuilder routes)
    {
        if (!routes.ServiceProvider.GetRequiredService<RunnerOptions>().OpenIdProvider.Enabled)
        {
            return;
        }

        routes.MapGet(StartPath, StartAsync).AllowAnonymous().RequireRateLimiting(SignInLimit.Policy);
        routes.MapGet(CallbackPath, CallbackAsync).AllowAnonymous().RequireRateLimiting(SignInLimit.Policy);
        routes.MapGet(SignedOutPath, () => Results.LocalRedirect("~" + SignInEndpoints.SignInPath)).AllowAnonymous();
    }

    private static async Task<IResult> StartAsync(HttpContext context, string? returnUrl, ProviderConfiguration configuration, ILogger<ProviderSignOut> logger)
    {
        var to = LocalUrl.OrHome(returnUrl);
        try
        {
            await configuration.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            return Results.Challenge(new AuthenticationProperties { RedirectUri = to == LocalUrl.Home ? context.Request.PathBase + "/" : to }, [Scheme]);
        }
#pragma warning disable CA1031 // Whatever the provider answers, or does not: local sign-in still works, and the page says so.
        catch (Exception exception) when (exception is not OperationCanceledException || !context.RequestAborted.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogDown(logger, exception);
            return SignInPages.Password(to, SignInProblem.ProviderDown);
        }
    }

    private static async Task<IResult> CallbackAsync(
        HttpContext context, RunnerOptions options, UserDirectory users, SessionStart start, AuditLog audit, TimeProvider time, ILogger<ProviderSignOut> logger, CancellationToken cancellationToken)
    {
        var provider = options.OpenIdProvider;
        var result = context.GetOpenIddictClientResponse() is null ? await context.AuthenticateAsync(Scheme).ConfigureAwait(false) : null;
        if (result is not { Succeeded: true, Principal: { } person } || !IsFresh(result.Properties, time.GetUtcNow()) || person.FindFirstValue(OpenIddictConstants.Claims.Subject) is not { Length: > 0 } subject)
        {
            var error = context.GetOpenIddictClientResponse();
            LogRefused(logger, "the answer", error?.Error ?? "no_subject", error?.ErrorDescription ?? result?.Failure?.Message ?? "");
            await RefuseAsync("", error?.Error is { } code ? new(AuditSentence.ProviderSaid, provider.Name, code) : new(AuditSentence.ProviderAnswer, provider.Name)).ConfigureAwait(false);
            return SignInPages.Password(LocalUrl.Home, SignInProblem.ProviderRefused);
        }

        var name = ProviderRoles.NameOf(person, provider);
        if (ProviderRoles.RoleOf(person, provider) is not { } role)
        {
            if (await users.EndOutsideAsync(provider.Issuer!.AbsoluteUri, subject, cancellationToken).ConfigureAwait(false) is { } former)
            {
                await audit.WriteAsync("system", SessionStart.AddressOf(context), AuditActions.SessionEnd, former.Name, AuditOutcome.Done, new AuditDetail(AuditSentence.NoRoleAnyMore), cancellationToken).ConfigureAwait(false);
            }

            await RefuseAsync(name, new(AuditSentence.ProviderRole, provider.Name, provider.RoleClaim)).ConfigureAwait(false);
            return SignInPages.Password(LocalUrl.Home, SignInProblem.NoRole);
        }

        var user = await users.TakeOverAsync(provider.Issuer!.AbsoluteUri, subject, name, role, cancellationToken).ConfigureAwait(false);
        if (user.Disabled)
        {
            await RefuseAsync(user.Name, new(AuditSentence.ProviderDisabled, provider.Name)).ConfigureAwait(false);
            return SignInPages.Password(LocalUrl.Home, SignInProblem.Disabled);
        }

        // For signing out there later; in the cookie, encrypted, and nowhere else.
        var kept = new AuthenticationProperties();
        if (result.Properties?.GetTokenValue(OpenIddictClientAspNetCoreConstants.Tokens.BackchannelIdentityToken) is { } identityToken)
        {
            kept.StoreTokens([new AuthenticationToken { Name = ProviderSignOut.TokenName, Value = identityToken }]);
        }

        await start.RunAsync(context, user, SignInMethod.Provider, new AuditDetail(AuditSentence.ByProvider, provider.Name, $"{role}"), kept, cancellationToken).ConfigureAwait(false);
        return Results.LocalRedirect(LocalUrl.OrHome(result.Properties?.RedirectUri));

        Task RefuseAsync(string who, AuditDetail why) =>
            audit.WriteAsync(who, SessionStart.AddressOf(context), AuditActions.SignIn, "", AuditOutcome.Refused, why, cancellationToken);
    }

    // OpenIddict has checked the identity token but for its end: it comes straight from the provider, but one of long ago is no proof of today.
    private static bool IsFresh(AuthenticationProperties? properties, DateTimeOffset now) =>
        properties?.GetTokenValue(OpenIddictClientAspNetCoreConstants.Tokens.BackchannelIdentityToken) is { } token
        && new JsonWebToken(token).ValidTo + ClockSkew > now.UtcDateTime;

    [LoggerMessage(LogLevel.Warning, "The OpenID Connect provider cannot be used now: is RUNNER_OIDC_ISSUER right, and is it reachable from here?")]
    private static partial void LogDown(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Warning, "Sign-in with the OpenID Connect provider was refused at {Step}: {Error}. {Description}")]
    private static partial void LogRefused(ILogger logger, string step, string error, string description);
}
