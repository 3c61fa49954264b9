using System.Security.Cryptography;

namespace Runner.Web.Hosting;

/// <summary>What every answer tells the browser not to do.</summary>
internal static class SecurityHeaders
{
    /// <summary>
    /// No script but our own files. An editor's workers begin as a blob that loads our own files, and are held to the same rule inside. Inline styles are allowed because MudBlazor writes its theme and the places of its popovers into the page.
    /// </summary>
    private const string ContentSecurityPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    // Signing in or out for a client ends with a redirect to that client's own address, which the browser counts as the form's.
    private static readonly string WithoutFormAction = ContentSecurityPolicy.Replace(" form-action 'self';", "", StringComparison.Ordinal);

    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        // At the last moment: the exception handler clears what was set before.
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = PolicyOf(context);
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            if (context.Request.IsHttps)
            {
                // Only what was asked over TLS may say so; not for other names below this one, which are none of the console's.
                headers.StrictTransportSecurity = "max-age=31536000";
            }

            headers["Referrer-Policy"] = "same-origin";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
            return Task.CompletedTask;
        });
        return next(context);
    });

    /// <summary>Lets this one answer hold scripts of its own that carry the nonce; for pages that a package writes.</summary>
    /// <returns>The nonce, made anew.</returns>
    public static string AllowScriptWithNonce(HttpContext context)
    {
        var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        context.Items[typeof(SecurityHeaders)] = nonce;
        return nonce;
    }

    private static string PolicyOf(HttpContext context)
    {
        if (context.Items[typeof(SecurityHeaders)] is string nonce)
        {
            return ContentSecurityPolicy.Replace("script-src 'self'", $"script-src 'self' 'nonce-{nonce}'", StringComparison.Ordinal);
        }

        return LeadsToClient(context.Request) ? WithoutFormAction : ContentSecurityPolicy;
    }

    private static bool LeadsToClient(HttpRequest request) =>
        request.Path == Identity.Tokens.EndSession.Path
        || (request.Path == Identity.SignIn.SignInEndpoints.SignInPath
            && request.Query["returnUrl"].ToString().StartsWith(request.PathBase + Identity.Tokens.TokenEndpoints.AuthorizePath + "?", StringComparison.Ordinal));
}
