using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters;

namespace Runner.Tests.Engine.Capacity;

/// <summary>Nodes and pods of a real API server, and the figures that a separate computation made of them.</summary>
internal static class NodeRecording
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "Engine", "Recordings", "nodes");

    public static IReadOnlyList<V1Node> Nodes { get; } = Read<V1Node>("nodes.json", ApiJson.Options);

    public static IReadOnlyList<V1Pod> Pods { get; } = Read<V1Pod>("pods.json", ApiJson.PodOptions);

    public static JsonNode Expected { get; } = Parse("expected-capacity.json");

    /// <summary>The objects as they were recorded, for a cluster that is to have them.</summary>
    public static IEnumerable<JsonObject> Raw(string file) => Parse(file)["items"]!.AsArray().Select(item => item!.DeepClone().AsObject());

    public static IEnumerable<string> NodeNames => Expected["nodes"]!.AsArray().Select(node => (string)node!["name"]!);

    private static List<T> Read<T>(string file, JsonSerializerOptions options) =>
        [.. Parse(file)["items"]!.AsArray().Select(item => item.Deserialize<T>(options)!)];

    private static JsonNode Parse(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, file)))!;
}
