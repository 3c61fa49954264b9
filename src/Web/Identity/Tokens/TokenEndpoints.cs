using System.Security.Claims;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.SignIn;
using Runner.Web.Identity.Users;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Runner.Web.Identity.Tokens;

/// <summary>
/// What the token server leaves to us: who the token is about. OpenIddict has checked client, redirect address, code and PKCE before these are called.
/// </summary>
internal static class TokenEndpoints
{
    public const string AuthorizePath = "/connect/authorize";
    public const string TokenPath = "/connect/token";

    private const string Scheme = OpenIddictServerAspNetCoreDefaults.AuthenticationScheme;

    public static void MapTokenServer(this IEndpointRouteBuilder routes)
    {
        string[] getAndPost = [HttpMethods.Get, HttpMethods.Post];
        routes.MapMethods(AuthorizePath, getAndPost, AuthorizeAsync).AllowAnonymous().DisableAntiforgery();
        routes.MapPost(TokenPath, TokenAsync).AllowAnonymous().DisableAntiforgery().RequireRateLimiting(SignInLimit.TokenPolicy);
        EndSession.Map(routes);
    }

    private static async Task<IResult> AuthorizeAsync(HttpContext context, ConsoleSession sessions)
    {
        var request = RequestOf(context);
        var session = await context.AuthenticateAsync(CookieAuthenticationDefaults.AuthenticationScheme).ConfigureAwait(false);
        if (session.Principal is null || sessions.UserOf(session.Principal) is not { } user)
        {
            return request.HasPromptValue(PromptValues.None)
                ? Refuse(Errors.LoginRequired, "Nobody is signed in.")
                : Results.Challenge(new AuthenticationProperties { RedirectUri = context.Request.PathBase + AuthorizePath + ParametersOf(request) }, [CookieAuthenticationDefaults.AuthenticationScheme]);
        }

        return Results.SignIn(PrincipalOf(user, request.GetScopes()), authenticationScheme: Scheme);
    }

    private static async Task<IResult> TokenAsync(HttpContext context, ConsoleSession sessions, IOpenIddictApplicationManager applications, IOpenIddictTokenManager tokens, CancellationToken cancellationToken)
    {
        var request = RequestOf(context);
        if (request.IsClientCredentialsGrantType())
        {
            var client = await applications.FindByClientIdAsync(request.ClientId!, cancellationToken).ConfigureAwait(false)
                ?? throw new InvalidOperationException("The client was removed while its token was made.");
            return Results.SignIn(
                PrincipalOf(request.ClientId!, await applications.GetDisplayNameAsync(client, cancellationToken).ConfigureAwait(false), request.GetScopes()),
                authenticationScheme: Scheme);
        }

        // A code or a refresh token: whoever it was given to may be gone or changed since.
        var given = await context.AuthenticateAsync(Scheme).ConfigureAwait(false);
        if (given.Principal is null || sessions.UserOf(given.Principal) is not { } user)
        {
            return Refuse(Errors.InvalidGrant, "The user's sessions have ended. Sign in again.");
        }

        // OpenIddict takes a refresh token that several send at the same moment from all of them: it redeems it after it has decided. Redeemed here instead, against the
        // state that this request has read, one of them wins.
        if (request.IsRefreshTokenGrantType()
            && (given.Principal.GetTokenId() is not { } tokenId
                || await tokens.FindByIdAsync(tokenId, cancellationToken).ConfigureAwait(false) is not { } token
                || !await tokens.HasStatusAsync(token, Statuses.Valid, cancellationToken).ConfigureAwait(false)
                || !await tokens.TryRedeemAsync(token, cancellationToken).ConfigureAwait(false)))
        {
            return Refuse(Errors.InvalidGrant, "The refresh token was used before. Sign in again.");
        }

        var principal = PrincipalOf(user, given.Principal.GetScopes());
        principal.SetAuthorizationId(given.Principal.GetAuthorizationId());
        return Results.SignIn(principal, authenticationScheme: Scheme);
    }

    private static ClaimsPrincipal PrincipalOf(ConsoleUser user, IEnumerable<string> scopes)
    {
        var identity = NewIdentity(user.Id, user.Name);
        identity.SetClaim(Claims.Role, user.Role.ToString());
        identity.SetClaim(ConsoleClaims.SecurityStamp, user.SecurityStamp);
        return WithScopes(identity, scopes);
    }

    private static ClaimsPrincipal PrincipalOf(string clientId, string? name, IEnumerable<string> scopes) =>
        WithScopes(NewIdentity(clientId, name ?? clientId), scopes);

    private static ClaimsIdentity NewIdentity(string subject, string name) =>
        new ClaimsIdentity(Scheme, Claims.Name, Claims.Role).SetClaim(Claims.Subject, subject).SetClaim(Claims.Name, name);

    private static ClaimsPrincipal WithScopes(ClaimsIdentity identity, IEnumerable<string> scopes)
    {
        identity.SetScopes(scopes);

        // The stamp stays in tokens that only this server reads; an identity token is for the client to read.
        identity.SetDestinations(claim => claim.Type is Claims.Name or Claims.Role ? [Destinations.AccessToken, Destinations.IdentityToken] : [Destinations.AccessToken]);
        return new ClaimsPrincipal(identity);
    }

    private static IResult Refuse(string error, string description) => Results.Forbid(
        new AuthenticationProperties(new Dictionary<string, string?>
        {
            [OpenIddictServerAspNetCoreConstants.Properties.Error] = error,
            [OpenIddictServerAspNetCoreConstants.Properties.ErrorDescription] = description,
        }),
        [Scheme]);

    private static string ParametersOf(OpenIddictRequest request) =>
        QueryString.Create(request.GetParameters().Select(parameter => KeyValuePair.Create(parameter.Key, (string?)parameter.Value))).ToString();

    private static OpenIddictRequest RequestOf(HttpContext context) =>
        context.GetOpenIddictServerRequest() ?? throw new InvalidOperationException("The token server has not seen this request.");
}
