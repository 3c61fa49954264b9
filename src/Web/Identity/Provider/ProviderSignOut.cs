using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using OpenIddict.Client.AspNetCore;
using Runner.Engine.Configuration;

namespace Runner.Web.Identity.Provider;

/// <summary>Signs a person out at the outside provider too, where the provider knows how (<c>end_session_endpoint</c>): else the next click would sign the same person in again.</summary>
internal sealed partial class ProviderSignOut(RunnerOptions options, ProviderConfiguration configuration, ILogger<ProviderSignOut> logger)
{
    /// <summary>Name of the identity token among what the session's cookie keeps.</summary>
    public const string TokenName = "id_token";

    private const string Scheme = OpenIddictClientAspNetCoreDefaults.AuthenticationScheme;

    /// <summary>Where the browser has to go on to; null where the session was not the provider's, or the provider cannot be asked now: signing out here works all the same.</summary>
    public async Task<string?> BeginAsync(HttpContext context)
    {
        var session = await context.AuthenticateAsync(CookieAuthenticationDefaults.AuthenticationScheme).ConfigureAwait(false);
        if (!options.OpenIdProvider.Enabled || session.Properties?.GetTokenValue(TokenName) is not { } identityToken)
        {
            return null;
        }

        try
        {
            if ((await configuration.ReadAsync(context.RequestAborted).ConfigureAwait(false)).EndSessionEndpoint is null)
            {
                return null;
            }

            var properties = new AuthenticationProperties { RedirectUri = context.Request.PathBase + "/sign-in" };
            properties.SetParameter(OpenIddictClientAspNetCoreConstants.Properties.IdentityTokenHint, identityToken);
            properties.Items[OpenIddictClientAspNetCoreConstants.Properties.IdentityTokenHint] = identityToken;
            properties.Items[OpenIddictClientAspNetCoreConstants.Properties.RegistrationId] = ProviderServices.Registration;
            await context.SignOutAsync(Scheme, properties).ConfigureAwait(false);
            var next = context.Response.Headers.Location.ToString();
            context.Response.Headers.Location = default;
            context.Response.StatusCode = StatusCodes.Status200OK;
            return next.Length > 0 ? next : null;
        }
#pragma warning disable CA1031 // Signing out here goes on.
        catch (Exception exception) when (exception is not OperationCanceledException || !context.RequestAborted.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogFailed(exception);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Nobody could be signed out at the OpenID Connect provider; the session here has ended.")]
    private partial void LogFailed(Exception exception);
}
