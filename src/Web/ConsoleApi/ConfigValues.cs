using System.Text;
using Runner.Engine.Values;
using Runner.Web.Identity;
using Runner.Web.Identity.Tokens;

namespace Runner.Web.ConsoleApi;

/// <summary>
/// <c>GET /api/v1/config/values</c>: the configuration as a values file, for pipelines and for downloads. <c>?masked=true</c> puts placeholders in place of secrets, and is open to more callers;
/// <c>?source=release</c> gives the deployed release's values, <c>saved</c> those saved in the console, none the saved ones and else the release's.
/// </summary>
internal static class ConfigValues
{
    public const string Path = "/api/v1/config/values";

    /// <summary>Carries the exact helm command.</summary>
    public const string UpgradeHeader = "X-Helm-Upgrade";

    /// <summary>Carries the version of the runner's chart that the values are for.</summary>
    public const string ChartHeader = "X-Helm-Chart-Version";

    /// <summary>Where the runner came with another chart: the key under which its values are in the file. The rest of that chart's values are not in it, but for what is global.</summary>
    public const string PartHeader = "X-Helm-Values-Part";

    /// <summary>Where the runner came with another chart: paths of that chart's values by which the runner is switched on, which are not in the file, by commas.</summary>
    public const string SwitchesHeader = "X-Helm-Part-Switches";

    /// <summary>Where the runner came with another chart: other keys that the release has values under, by commas.</summary>
    public const string OtherPartsHeader = "X-Helm-Other-Parts";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path, ReadAsync).RequireAuthorization(ApiScopes.ConfigRead);

    private static async Task<IResult> ReadAsync(
        HttpContext context, ConfigurationStore store, DeployedReleases releases, AuditLog audit, AccessNotes notes, CancellationToken cancellationToken, bool masked = false, string source = "")
    {
        if (!masked && !await ApiAccess.MayAsync(context, context.RequestServices, ApiScopes.ConfigValues))
        {
            var why = new AuditDetail(AuditSentence.SecretsTakeMore, ApiScopes.ConfigValues);
            notes.NoteRefused(context, why);
            return Refuse(StatusCodes.Status403Forbidden, AuditWords.Say(why).English);
        }

        if (source is not ("" or "saved" or "release"))
        {
            return Refuse(StatusCodes.Status400BadRequest, "source must be saved or release.");
        }

        var release = releases.Current;
        var saved = source == "release" ? null : store.Newest;
        var text = saved is not null ? store.Text(saved.Number) : source == "saved" ? null : release?.ToYamlOfChart();
        if (text is null)
        {
            return Refuse(StatusCodes.Status404NotFound, Missing(source, releases.Problem));
        }

        var origin = saved is not null ? $"version {saved.Number}" : $"release {release!.Identity.Name}, revision {release.Revision}";
        await audit.WriteAsync(context.User, AuditActions.ConfigurationExport, origin, AuditOutcome.Done, new AuditDetail(masked ? AuditSentence.ExportedMasked : AuditSentence.ExportedInFull), cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        var chart = saved?.Chart ?? release!.Chart;
        context.Response.Headers[ChartHeader] = release is { Part.Length: > 0 } ? (release.Chart.IsSameLine(chart) ? release.Chart : chart).ToString() : HelmUpgrade.VersionFor(release, chart);
        context.Response.Headers[UpgradeHeader] = HelmUpgrade.For(release, chart);
        context.Response.Headers.ContentDisposition = $"attachment; filename={HelmUpgrade.UsualFile}";
        if (release?.Whole is { } whole)
        {
            context.Response.Headers[PartHeader] = whole.Name;
            context.Response.Headers[SwitchesHeader] = string.Join(',', whole.Switches.Select(Uri.EscapeDataString));
            context.Response.Headers[OtherPartsHeader] = string.Join(',', whole.Others.Select(Uri.EscapeDataString));
            text = saved is null ? text : whole.Wrap(ValuesDocument.Parse(text), chart).Text;
        }

        return Results.Text(masked ? ValuesMask.Mask(ValuesDocument.Parse(text)) : text, "application/yaml", Encoding.UTF8);
    }

    private static string Missing(string source, string problem) => source switch
    {
        "saved" => "No configuration is saved. Save one in the console.",
        "release" => $"No release of the runner is known in the cluster. {problem}".TrimEnd(),
        _ => $"No configuration is saved, and no release of the runner is known in the cluster. {problem}".TrimEnd(),
    };

    private static IResult Refuse(int status, string message) => Results.Json(new { msg = message }, statusCode: status);
}
