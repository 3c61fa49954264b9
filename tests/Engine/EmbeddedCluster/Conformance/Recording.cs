using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.EmbeddedCluster.Conformance;

/// <summary>One recorded request with what a real API server answered.</summary>
internal sealed class Exchange(string topic, int number, JsonObject json)
{
    public string Topic { get; } = topic;

    public string Name { get; } = (string)json["name"]!;

    /// <summary>Names it among all: topic, number and name.</summary>
    public string Id => $"{Topic} {number:00} {Name}";

    public string Method { get; } = (string)json["method"]!;

    public string Path { get; } = (string)json["path"]!;

    public string Accept { get; } = (string?)json["accept"] ?? "application/json";

    public string? Auth { get; } = (string?)json["auth"];

    public bool HasContentType { get; } = json["requestContentType"] is not null;

    public string? ContentType { get; } = (string?)json["requestContentType"];

    public JsonNode? Body { get; } = json["requestBody"];

    public int Status { get; } = (int)json["status"]!;

    public string? ResponseContentType { get; } = (string?)json["responseContentType"];

    public JsonObject Headers { get; } = json["responseHeaders"] as JsonObject ?? [];

    public JsonNode? Response { get; } = json["responseBody"];

    public bool IsWatch { get; } = json["watchSeconds"] is not null;

    public IReadOnlyList<JsonObject> Events { get; } = [.. (json["events"] as JsonArray ?? []).OfType<JsonObject>()];

    public bool ServerEnds { get; } = json["serverEndedAtMs"] is not null;

    public IReadOnlyList<Exchange> During { get; } =
        [.. (json["during"] as JsonArray ?? []).OfType<JsonObject>().Select((d, i) => new Exchange($"{topic} {number:00}", i + 1, d))];

    /// <summary>Resource version of the cluster when it answered; 0 where the answer does not tell.</summary>
    public long Version => IsWatch
        ? 0
        : long.TryParse((string?)(Response as JsonObject)?["metadata"]?["resourceVersion"], out var version) ? version : 0;
}

/// <summary>The recordings of a real API server.</summary>
internal static class Recordings
{
    public static string Folder { get; } = System.IO.Path.Combine(Repository.Root, "tests/Engine/Recordings/kubernetes-api");

    public static IEnumerable<string> Topics => Directory.GetFiles(Folder, "*.json").Select(f => System.IO.Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal);

    public static IReadOnlyList<Exchange> Read(string topic)
    {
        var json = JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(Folder, topic + ".json")), documentOptions: new JsonDocumentOptions { MaxDepth = 128 })!;
        return [.. json["exchanges"]!.AsArray().OfType<JsonObject>().Select((e, i) => new Exchange(topic, i + 1, e))];
    }
}
