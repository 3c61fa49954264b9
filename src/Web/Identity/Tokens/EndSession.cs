using System.Security.Claims;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.SignIn;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Runner.Web.Identity.Tokens;

/// <summary>
/// Where a client sends a browser to sign out (OpenID Connect RP-Initiated Logout 1.0). Only a client that shows an identity token of whoever is signed in ends the session at once; any other
/// request is a mere link, which anybody may have set, and asks. OpenIddict has checked client, address and identity token before.
/// </summary>
internal static class EndSession
{
    public const string Path = "/connect/end-session";

    private const string Scheme = OpenIddictServerAspNetCoreDefaults.AuthenticationScheme;

    /// <summary>What is handed on from the request to the answer of the question.</summary>
    private static readonly string[] HandedOn =
    [
        Parameters.ClientId, Parameters.IdTokenHint, "logout_hint", Parameters.PostLogoutRedirectUri, Parameters.State, Parameters.UiLocales,
    ];

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapMethods(Path, [HttpMethods.Get, HttpMethods.Post], RunAsync).AllowAnonymous().DisableAntiforgery();

    private static async Task<IResult> RunAsync(HttpContext context, IAntiforgery antiforgery, AuditLog audit, SessionRegistry sessions, CancellationToken cancellationToken)
    {
        var request = context.GetOpenIddictServerRequest() ?? throw new InvalidOperationException("The token server has not seen this request.");
        var parameters = HandedOn.Select(name => (Name: name, Value: (string?)request[name])).Where(parameter => !string.IsNullOrEmpty(parameter.Value)).ToList();
        var isPost = HttpMethods.IsPost(context.Request.Method);
        var session = await context.AuthenticateAsync(CookieAuthenticationDefaults.AuthenticationScheme).ConfigureAwait(false);
        if (session.Principal is not { } principal)
        {
            // The browser keeps the session's cookie from what another site posts, and brings it where that leads.
            return isPost ? new SeeOther(Path + QueryString.Create(parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value)))) : SignedOut(context);
        }

        var isConfirmed = isPost && await antiforgery.IsRequestValidAsync(context).ConfigureAwait(false);
        if (!isConfirmed && !await IsShownByItsClientAsync(context, principal).ConfigureAwait(false))
        {
            return SignInPages.SignOut(principal.Identity?.Name ?? "", [.. parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value!))]);
        }

        await audit.WriteAsync(principal, AuditActions.SignOut, "", AuditOutcome.Done, AuditDetail.None, cancellationToken).ConfigureAwait(false);
        if (principal.FindFirstValue(ConsoleClaims.Session) is { } id)
        {
            await sessions.EndAsync(id, cancellationToken).ConfigureAwait(false);
        }

        await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme).ConfigureAwait(false);
        return SignedOut(context);
    }

    /// <summary>Whether the request has an identity token of the very user who is signed in; it may have ended since.</summary>
    private static async Task<bool> IsShownByItsClientAsync(HttpContext context, ClaimsPrincipal principal)
    {
        var hint = await context.AuthenticateAsync(Scheme).ConfigureAwait(false);
        return hint.Principal?.GetClaim(Claims.Subject) is { } subject && subject == principal.FindFirstValue(ClaimTypes.NameIdentifier);
    }

    private static IResult SignedOut(HttpContext context) =>
        Results.SignOut(new AuthenticationProperties { RedirectUri = context.Request.PathBase + SignInEndpoints.SignInPath }, [Scheme]);

    /// <summary>303: what follows is a GET.</summary>
    private sealed class SeeOther(string path) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = httpContext.Request.PathBase + path;
            return Task.CompletedTask;
        }
    }
}
