using System.Text.Json.Nodes;
using Runner.Engine.Values;

namespace Runner.Tests.Engine.Values;

/// <summary>What the official charts did with each key, recorded with the real helm (<c>Recordings/helm</c>).</summary>
internal sealed class HelmRecording
{
    private readonly JsonObject _file;

    private HelmRecording(string chart)
    {
        _file = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "Engine", "Recordings", "helm", $"effects-{chart}.json")))!.AsObject();
        Chart = ChartVersion.Parse(_file["chart"]!.GetValue<string>());
        Effects = [.. _file["effects"]!.AsArray().Select(effect => new HelmEffect(effect!.AsObject()))];
    }

    public static IReadOnlyList<HelmRecording> All { get; } = [new("1.16.1"), new("1.17.0"), new("2.4.1")];

    public ChartVersion Chart { get; }

    public IReadOnlyList<HelmEffect> Effects { get; }

    public Dictionary<string, string?> ConfigMap => _file["base_configmap"]!.AsObject().ToDictionary(entry => entry.Key, entry => entry.Value?.GetValue<string>());

    /// <summary>The values that every rendering began with, as a file.</summary>
    public ValuesDocument Values() => With(ValuesDocument.Parse(""), _file["base_values"]!.AsObject(), KeyPath.Root);

    public static HelmRecording Of(string chart) => All.Single(recording => recording.Chart.ToString() == chart);

    private static ValuesDocument With(ValuesDocument document, JsonObject values, KeyPath path)
    {
        foreach (var (key, value) in values)
        {
            document = value is JsonObject map ? With(document, map, path.Child(key)) : document.Set(path.Child(key), HelmValues.ToYaml(value));
        }

        return document;
    }
}

/// <summary>What one change of the values did.</summary>
internal sealed class HelmEffect(JsonObject effect)
{
    public IReadOnlyList<(KeyPath Key, JsonNode? Value)> Set { get; } = [.. effect["set"]!.AsArray().Select(set => (KeyPath.Parse(set!["key"]!.GetValue<string>()), set["value"]))];

    public bool Ignored { get; } = effect["ignored"]?.GetValue<bool>() ?? false;

    public string? Refused { get; } = effect["refused"]?.GetValue<string>();

    /// <summary>The changed keys of the runner's ConfigMap with their values afterwards.</summary>
    public Dictionary<string, string?> ConfigMap { get; } = (effect["effects"] as JsonArray ?? [])
        .Where(change => change!["resource"]!.GetValue<string>() == "ConfigMap/csghub/runner-runner" && change["path"] is not null)
        .ToDictionary(change => change!["path"]!.GetValue<string>()["data.".Length..], change => change!["after"]?.GetValue<string>());

    /// <summary>True where the ConfigMap as a whole was no longer there under its name.</summary>
    public bool ConfigMapGone { get; } = (effect["effects"] as JsonArray ?? [])
        .Any(change => change!["resource"]!.GetValue<string>() == "ConfigMap/csghub/runner-runner" && change["change"]?.GetValue<string>() == "removed");

    public override string ToString() => string.Join(", ", Set.Select(set => $"{set.Key}={set.Value?.ToJsonString()}"));
}
