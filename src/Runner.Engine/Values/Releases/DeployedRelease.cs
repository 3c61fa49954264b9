using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>A release as Helm keeps it in the cluster.</summary>
/// <param name="Revision">Its revision, from 1.</param>
/// <param name="Status">As Helm names it: <c>deployed</c>, <c>failed</c>, <c>pending-upgrade</c> …</param>
/// <param name="ChartName">Name of its chart; <c>runner</c>, or <c>csghub</c> where the runner came with the hub.</param>
/// <param name="ChartVersion">The chart's version as it is written.</param>
/// <param name="Values">What the user set.</param>
/// <param name="Defaults">The chart's own values.</param>
/// <param name="Schema">The chart's own schema as JSON; empty where it has none.</param>
public sealed record DeployedRelease(
    ReleaseIdentity Identity, int Revision, string Status, DateTimeOffset? DeployedAt, string ChartName, string ChartVersion, JsonObject Values, JsonObject Defaults, string Schema)
{
    /// <summary>What Helm made of the values for the runner's environment; null where the record has none.</summary>
    public RenderedSettings? Rendered { get; init; }

    /// <summary>The chart's version; the newest known where it cannot be read.</summary>
    public ChartVersion Chart => Runner.Engine.Values.ChartVersion.TryParse(ChartVersion, out var version) ? version : Runner.Engine.Values.ChartVersion.Newest;

    /// <summary>The user's values as a values file. Helm keeps no comments, so there are none.</summary>
    public string ToYaml() => Values.Count == 0 ? "" : YamlValue.Lines(HelmValues.ToYaml(Values), 0, "\n") + "\n";
}
