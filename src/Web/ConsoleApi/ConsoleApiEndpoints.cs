using Runner.Web.Identity;
using Runner.Web.Identity.Tokens;

namespace Runner.Web.ConsoleApi;

/// <summary>The console's own API, for programs with a token and for downloads from pages.</summary>
internal static class ConsoleApiEndpoints
{
    public static void MapConsoleApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/console");
        api.MapGet("/audit", AuditCalls.Read).RequireAuthorization(ApiScopes.AuditRead);
        api.MapGet("/audit/export", AuditCalls.ExportAsync).RequireAuthorization(ApiScopes.AuditRead);
        api.MapGet(BackupCall.Name, BackupCall.SendAsync).RequireAuthorization(ApiScopes.BackupRead);
        ConfigValues.Map(routes);
        api.MapGet("/logs", LogDownload.SendAsync).RequireAuthorization(ApiScopes.WorkloadsRead);
        api.MapGet("/support-bundle", SupportBundle.Answer).RequireAuthorization(ConsolePolicies.Administrator);
    }
}
