using System.Text.Json.Nodes;

namespace Runner.Tests.Engine.EmbeddedCluster.Admission;

/// <summary>The recorded exchanges with a real API server.</summary>
internal static class Recordings
{
    /// <summary>The exchanges of a topic in the order in which they were made.</summary>
    public static JsonObject[] Exchanges(string topic)
    {
        var file = Path.Combine(Repository.Root, "tests/Engine/Recordings/kubernetes-api", topic + ".json");
        return [.. JsonNode.Parse(File.ReadAllText(file))!["exchanges"]!.AsArray().Select(e => (JsonObject)e!)];
    }
}
