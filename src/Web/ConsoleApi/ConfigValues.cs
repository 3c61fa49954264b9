using System.Text;
using Runner.Engine.Values;
using Runner.Web.Identity;
using Runner.Web.Identity.Tokens;

namespace Runner.Web.ConsoleApi;

/// <summary>
/// <c>GET /api/v1/config/values</c>: the configuration as a values file, for pipelines and for the download of administrators. <c>?masked=true</c> puts placeholders in place of secrets;
/// <c>?source=release</c> gives the deployed release's values, <c>saved</c> those saved in the console, none the saved ones and else the release's.
/// </summary>
internal static class ConfigValues
{
    public const string Path = "/api/v1/config/values";

    /// <summary>Carries the exact helm command.</summary>
    public const string UpgradeHeader = "X-Helm-Upgrade";

    /// <summary>Carries the version of the chart that the values are for.</summary>
    public const string ChartHeader = "X-Helm-Chart-Version";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path, ReadAsync).RequireAuthorization(ApiScopes.ConfigValues);

    private static async Task<IResult> ReadAsync(
        HttpContext context, ConfigurationStore store, DeployedReleases releases, AuditLog audit, CancellationToken cancellationToken, bool masked = false, string source = "")
    {
        if (source is not ("" or "saved" or "release"))
        {
            return Refuse(StatusCodes.Status400BadRequest, "source must be saved or release.");
        }

        var release = releases.Current;
        var saved = source == "release" ? null : store.Newest;
        var text = saved is not null ? store.Text(saved.Number) : source == "saved" ? null : release?.ToYaml();
        if (text is null)
        {
            return Refuse(StatusCodes.Status404NotFound, Missing(source, releases.Problem));
        }

        var origin = saved is not null ? $"version {saved.Number}" : $"release {release!.Identity.Name}, revision {release.Revision}";
        await audit.WriteAsync(context.User, AuditActions.ConfigurationExport, origin, AuditOutcome.Done, masked ? "Exported with secrets masked." : "Exported in full.", cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        var chart = HelmUpgrade.VersionFor(release, saved?.Chart ?? release!.Chart);
        context.Response.Headers[ChartHeader] = chart;
        context.Response.Headers[UpgradeHeader] = HelmUpgrade.For(release, saved?.Chart ?? release!.Chart);
        context.Response.Headers.ContentDisposition = $"attachment; filename={HelmUpgrade.UsualFile}";
        var told = masked ? ValuesMask.Mask(ValuesDocument.Parse(text)) : text;

        // Where the runner came with another chart the line above is for a file of the whole. Asked for the release itself, it is the runner's part that is meant.
        return Results.Text(saved is not null && release is { Part.Length: > 0 } ? ValuesPart.Wrap(ValuesDocument.Parse(told), release.Part).Text : told, "application/yaml", Encoding.UTF8);
    }

    private static string Missing(string source, string problem) => source switch
    {
        "saved" => "No configuration is saved. Save one in the console.",
        "release" => $"No release of the runner is known in the cluster. {problem}".TrimEnd(),
        _ => $"No configuration is saved, and no release of the runner is known in the cluster. {problem}".TrimEnd(),
    };

    private static IResult Refuse(int status, string message) => Results.Json(new { msg = message }, statusCode: status);
}
