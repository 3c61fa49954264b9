using System.Text.Json.Nodes;
using Runner.Tests.Support;

namespace Runner.Tests.Engine.Charts;

/// <summary>Our chart, rendered by the real <c>helm</c> for a cluster that has every API the chart knows.</summary>
internal static class RunnerChart
{
    public const string Release = "runner";
    public const string Namespace = "csghub";

    private static readonly string[] Apis =
        ["gateway.networking.k8s.io/v1/Gateway", "gateway.envoyproxy.io/v1alpha1/EnvoyProxy", "operator.knative.dev/v1beta1/KnativeServing"];

    public static string Folder { get; } = Path.Combine(Repository.Root, "charts", "runner");

    /// <summary>Renders the chart.</summary>
    /// <param name="arguments">As after <c>helm template</c>: <c>--set</c>, <c>-f</c>.</param>
    public static Task<ToolResult> RunAsync(params IEnumerable<string> arguments) => Tool.RunAsync(
        "helm", ["template", Release, Folder, "-n", Namespace, .. Apis.SelectMany(api => (string[])["--api-versions", api]), .. arguments], TestContext.Current.CancellationToken);

    /// <summary>The rendered objects; fails with what helm said where it refuses.</summary>
    public static async Task<IReadOnlyList<JsonObject>> RenderAsync(params IEnumerable<string> arguments)
    {
        var result = await RunAsync(arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        return YamlObjects.Read(result.Output);
    }

    /// <summary>The one object of a kind and a name.</summary>
    public static JsonObject Object(this IEnumerable<JsonObject> objects, string kind, string name) =>
        Assert.Single(objects, o => (string?)o["kind"] == kind && (string?)o["metadata"]!["name"] == name);
}
