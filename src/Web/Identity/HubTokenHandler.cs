using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Runner.Engine.Configuration;

namespace Runner.Web.Identity;

/// <summary>
/// Recognises the hub by <c>Authorization: Bearer &lt;STARHUB_SERVER_API_TOKEN&gt;</c>, compared in constant time. Refusals are the hub's own codes:
/// <c>AUTH-ERR-5</c> where no token was sent, <c>AUTH-ERR-9</c> where it is the wrong one. An empty configured token refuses every call.
/// </summary>
internal sealed class HubTokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, RunnerOptions runner)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "Hub";

    private const string Prefix = "Bearer ";

    /// <summary>Whether a request carries the hub's token.</summary>
    public static bool IsHub(HttpRequest request, RunnerOptions options) =>
        options.ApiToken.Length > 0 && Header(request) is var header && header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
        && Matches(header[Prefix.Length..].Trim(), options.ApiToken);

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!Header(Request).StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        if (!IsHub(Request, runner))
        {
            return Task.FromResult(AuthenticateResult.Fail("The bearer token is not the hub's."));
        }

        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, "hub")], SchemeName);
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName)));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var code = (await HandleAuthenticateOnceSafeAsync().ConfigureAwait(false)).Failure is null ? "AUTH-ERR-5" : "AUTH-ERR-9";
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        await Response.WriteAsJsonAsync(new { code, msg = code }, Context.RequestAborted).ConfigureAwait(false);
    }

    private static string Header(HttpRequest request) => request.Headers[HeaderNames.Authorization].ToString();

    // Hashes have one length, so that not even the length of the token can be measured.
    private static bool Matches(string given, string expected) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(expected)));
}
