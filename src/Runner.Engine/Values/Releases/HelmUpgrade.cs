namespace Runner.Engine.Values;

/// <summary>The line that brings a file into effect.</summary>
public static class HelmUpgrade
{
    private const string Csghub = "csghub";

    /// <summary>The name under which a file is given to others where it has none.</summary>
    public const string UsualFile = "custom-values.yaml";

    /// <summary>The exact command for a release, its namespace and the version of its chart.</summary>
    /// <param name="chartVersion">As Helm takes it; empty for the newest. Our own chart is upgraded to from its folder.</param>
    public static string Line(ReleaseIdentity release, string chartVersion, string file = UsualFile) =>
        IsOurs(chartVersion)
            ? $"helm upgrade {Quoted(release.Name)} charts/runner --namespace {Quoted(release.Namespace)} --values {Quoted(file)}"
            : $"helm upgrade {Quoted(release.Name)} csghub/runner --namespace {Quoted(release.Namespace)}{(chartVersion.Length > 0 ? $" --version {Quoted(chartVersion)}" : "")} --values {Quoted(file)}";

    /// <summary>
    /// The exact command for a file of a chart, into the release that is there. Where the runner came with another chart the rest of that one's values stay as they are, and the file is the one that
    /// <see cref="ValuesPart.Wrap"/> makes.
    /// </summary>
    public static string For(DeployedRelease? release, ChartVersion chart, string file = UsualFile) => release is { Part.Length: > 0 }
        ? $"helm upgrade {Quoted(release.Identity.Name)} {(release.ChartName == Csghub ? $"{Csghub}/" : "")}{Quoted(release.ChartName)} --namespace {Quoted(release.Identity.Namespace)} --version {Quoted(VersionFor(release, chart))} --reset-then-reuse-values --values {Quoted(file)}"
        : Line(release?.Identity ?? ReleaseIdentity.Usual, VersionFor(release, chart), file);

    /// <summary>
    /// The version that a file for a chart is deployed with: the deployed one where it is of the file's line, the line's own otherwise. Of the charts that the runner can come with only <c>csghub</c> has its versions.
    /// </summary>
    public static string VersionFor(DeployedRelease? release, ChartVersion chart) =>
        release is not null && (release.Chart.IsSameLine(chart) || (release.Part.Length > 0 && release.ChartName != Csghub)) ? release.ChartVersion : chart.ToString();

    private static bool IsOurs(string version) => ChartVersion.TryParse(version, out var read) && read.IsOurs;

    private static string Quoted(string text) =>
        text.Length > 0 && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-' or '/' or '+') && text[0] != '-' ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
