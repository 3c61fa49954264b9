using Runner.Web.Live.Hub;

namespace Runner.Web.Hosting;

/// <summary>
/// Refuses live connections that another site's page opens. Browsers send the session cookie along with a WebSocket from anywhere and ask no permission;
/// the only thing that tells is the Origin.
/// </summary>
internal static class OriginCheck
{
    private static readonly PathString[] Paths = ["/_blazor", LiveHubServices.Path];

    public static void UseOriginCheck(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var live = context.WebSockets.IsWebSocketRequest || Paths.Any(path => context.Request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase));
        if (!live || IsOurs(context.Request.Headers.Origin.ToString(), context.Request.Host))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return context.Response.WriteAsJsonAsync(new { msg = "Live connections are for the console's own pages, and for programs that are no browsers." }, context.RequestAborted);
    });

    // The scheme is left out: behind a gateway that ends TLS it is https outside and http here. Programs that are no browsers send no Origin, and no cookie unasked.
    internal static bool IsOurs(string origin, HostString host) =>
        origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(host.Value, StringComparison.OrdinalIgnoreCase));
}
