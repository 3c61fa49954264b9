using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>A release as Helm keeps it in the cluster.</summary>
/// <param name="Revision">Its revision, from 1.</param>
/// <param name="Status">As Helm names it: <c>deployed</c>, <c>failed</c>, <c>pending-upgrade</c> …</param>
/// <param name="ChartName">Name of its chart; <c>runner</c>, or <c>csghub</c> where the runner came with the hub.</param>
/// <param name="ChartVersion">The chart's version as it is written.</param>
/// <param name="Values">What the user set, as the runner's chart sees it.</param>
/// <param name="Defaults">The chart's own values, as the runner's chart sees them.</param>
/// <param name="Schema">The runner's chart's own schema as JSON; empty where it has none or came with another chart.</param>
public sealed record DeployedRelease(
    ReleaseIdentity Identity, int Revision, string Status, DateTimeOffset? DeployedAt, string ChartName, string ChartVersion, JsonObject Values, JsonObject Defaults, string Schema)
{
    /// <summary>The runner's values in those of a chart that it came with, such as <c>csghub</c>; null where the release is of its own.</summary>
    public ValuesPart? Whole { get; init; }

    /// <summary>The key under which the runner's values are where it came with another chart; empty where the release is of its own.</summary>
    public string Part => Whole?.Name ?? "";

    /// <summary>The version of the runner's chart as it is written, where it came with another; empty otherwise.</summary>
    public string PartVersion { get; init; } = "";

    /// <summary>True where the release has the runner.</summary>
    public bool HasRunner => Part.Length > 0 || ChartName == RunnerChart;

    /// <summary>Name of the runner's chart.</summary>
    internal const string RunnerChart = "runner";

    /// <summary>What Helm made of the values for the runner's environment; null where the record has none.</summary>
    public RenderedSettings? Rendered { get; init; }

    /// <summary>The version of the runner's chart; the newest known where it cannot be read.</summary>
    public ChartVersion Chart => Runner.Engine.Values.ChartVersion.TryParse(Part.Length > 0 ? PartVersion : ChartVersion, out var version) ? version : Runner.Engine.Values.ChartVersion.Newest;

    /// <summary>The user's values as a values file. Helm keeps no comments, so there are none.</summary>
    public string ToYaml() => HelmValues.ToDocument(Values).Text;

    /// <summary>What the user set as a file of the release's chart: where the runner came with another chart, its part and what is global. No value of another part is in it.</summary>
    public string ToYamlOfChart() => HelmValues.ToDocument(Whole?.ToValues() ?? Values).Text;
}
