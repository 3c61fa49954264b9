namespace Runner.Web.Hosting;

/// <summary>What every answer tells the browser not to do.</summary>
internal static class SecurityHeaders
{
    /// <summary>
    /// No script but our own files. Inline styles are allowed because MudBlazor writes its theme and the places of its popovers into the page.
    /// </summary>
    private const string ContentSecurityPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    // Signing in for a client ends with a redirect to that client's own address, which the browser counts as the form's.
    private static readonly string WithoutFormAction = ContentSecurityPolicy.Replace(" form-action 'self';", "", StringComparison.Ordinal);

    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        // At the last moment: the exception handler clears what was set before.
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = LeadsToClient(context.Request) ? WithoutFormAction : ContentSecurityPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            headers["Referrer-Policy"] = "same-origin";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
            return Task.CompletedTask;
        });
        return next(context);
    });

    private static bool LeadsToClient(HttpRequest request) =>
        request.Path == Identity.SignIn.SignInEndpoints.SignInPath
        && request.Query["returnUrl"].ToString().StartsWith(Identity.Tokens.TokenEndpoints.AuthorizePath + "?", StringComparison.Ordinal);
}
