using System.Text.Json.Nodes;
using Runner.Tests.Support;

namespace Runner.Tests.Engine.Charts;

/// <summary>
/// What the official charts of 1.12 to 2.4 give the program they start: arguments, variables and rights, as <c>helm template</c> rendered them
/// (<c>official-charts.json</c>): once with little more than a token set, once with the flat sample and the log collector on.
/// </summary>
internal static class OfficialCharts
{
    private static readonly JsonObject File =
        JsonNode.Parse(System.IO.File.ReadAllText(Path.Combine(Repository.Root, "tests", "Engine", "Charts", "official-charts.json")))!.AsObject();

    /// <summary>Arguments of the runner, after <c>/starhub-bin/starhub</c>.</summary>
    public static string RunnerArguments { get; } = string.Join(' ', File["command"]!.AsArray().Select(word => (string)word!));

    /// <summary>Arguments of the log collector.</summary>
    public static string CollectorArguments { get; } = string.Join(' ', File["collector"]!.AsArray().Select(word => (string)word!));

    /// <summary>Every environment, by chart and values (<c>default</c> or <c>sample</c>).</summary>
    public static IReadOnlyDictionary<(string Chart, string Values), IReadOnlyDictionary<string, string?>> Environments { get; } =
        File["environments"]!.AsArray().ToDictionary(
            entry => ((string)entry!["chart"]!, (string)entry["values"]!),
            entry => (IReadOnlyDictionary<string, string?>)File["common"]!.AsObject().Concat(entry!["variables"]!.AsObject()).ToDictionary(pair => pair.Key, pair => (string?)pair.Value));

    /// <summary>The chart's ServiceAccount with its rights, as objects to apply.</summary>
    /// <param name="account">Name of the ServiceAccount, in the release's namespace.</param>
    public static IEnumerable<JsonObject> RightsOf(string chart, out string account)
    {
        var rights = File["rights"]!.AsArray().Single(entry => entry!["charts"]!.AsArray().Any(version => (string?)version == chart))!;
        var name = account = (string)rights["serviceAccount"]!;
        var rules = rights["rules"]!.AsArray().Select(rule => rule!.AsObject()).GroupBy(rule => (string?)rule["namespace"]);
        return rules.SelectMany(group => Granted(name, group.Key, group))
            .Prepend(new() { ["apiVersion"] = "v1", ["kind"] = "ServiceAccount", ["metadata"] = Metadata(name, RunnerChart.Namespace) });
    }

    private static IEnumerable<JsonObject> Granted(string account, string? @namespace, IEnumerable<JsonObject> rules)
    {
        var kind = @namespace is null ? "ClusterRole" : "Role";
        yield return new()
        {
            ["apiVersion"] = "rbac.authorization.k8s.io/v1",
            ["kind"] = kind,
            ["metadata"] = Metadata("official", @namespace),
            ["rules"] = new JsonArray([.. rules.Select(rule => new JsonObject
            {
                ["apiGroups"] = rule["groups"]!.DeepClone(),
                ["resources"] = rule["resources"]!.DeepClone(),
                ["resourceNames"] = rule["names"]?.DeepClone(),
                ["verbs"] = rule["verbs"]!.DeepClone(),
            })]),
        };
        yield return new()
        {
            ["apiVersion"] = "rbac.authorization.k8s.io/v1",
            ["kind"] = kind + "Binding",
            ["metadata"] = Metadata("official", @namespace),
            ["subjects"] = new JsonArray(new JsonObject { ["kind"] = "ServiceAccount", ["name"] = account, ["namespace"] = RunnerChart.Namespace }),
            ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = kind, ["name"] = "official" },
        };
    }

    private static JsonObject Metadata(string name, string? @namespace) => @namespace is null ? new() { ["name"] = name } : new() { ["name"] = name, ["namespace"] = @namespace };
}
