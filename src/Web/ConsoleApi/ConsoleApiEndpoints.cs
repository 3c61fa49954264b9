using Runner.Web.Identity;
using Runner.Web.Identity.Tokens;

namespace Runner.Web.ConsoleApi;

/// <summary>The console's own API, for programs with a token and for downloads from pages.</summary>
internal static class ConsoleApiEndpoints
{
    private const int LargestPage = 1000;

    public static void MapConsoleApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/console");
        api.MapGet("/audit", ReadAudit).RequireAuthorization(ApiScopes.AuditRead);
        api.MapGet("/logs", LogDownload.SendAsync).RequireAuthorization(ApiScopes.WorkloadsRead);
    }

    /// <summary>Entries of the audit log, the newest first: <c>?take=100&amp;skip=0</c>.</summary>
    private static IResult ReadAudit(AuditLog audit, int take = 100, int skip = 0) =>
        take is < 1 or > LargestPage || skip < 0
            ? Results.BadRequest(new { msg = $"take must be 1 to {LargestPage} and skip 0 or more." })
            : Results.Ok(new { msg = "OK", data = audit.Read(take, skip) });
}
