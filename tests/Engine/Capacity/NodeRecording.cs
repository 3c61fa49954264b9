using System.Text.Json.Nodes;
using Runner.Tests.Engine.Support;
using k8s.Models;

namespace Runner.Tests.Engine.Capacity;

/// <summary>Nodes and pods of a real API server, and the figures that a separate computation made of them.</summary>
internal static class NodeRecording
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "Engine", "Recordings", "nodes");

    public static IReadOnlyList<V1Node> Nodes { get; } = Read("nodes.json", Held.Node);

    public static IReadOnlyList<V1Pod> Pods { get; } = Read("pods.json", Held.Pod);

    public static JsonNode Expected { get; } = Parse("expected-capacity.json");

    /// <summary>The objects as they were recorded, for a cluster that is to have them.</summary>
    public static IEnumerable<JsonObject> Raw(string file) => Parse(file)["items"]!.AsArray().Select(item => item!.DeepClone().AsObject());

    public static IEnumerable<string> NodeNames => Expected["nodes"]!.AsArray().Select(node => (string)node!["name"]!);

    private static List<T> Read<T>(string file, Func<JsonNode, T> read) => [.. Parse(file)["items"]!.AsArray().Select(item => read(item!))];

    private static JsonNode Parse(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, file)))!;
}
