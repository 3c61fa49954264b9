using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Patches;

/// <summary>JSON patch (RFC 6902).</summary>
internal static class JsonPatch
{
    /// <summary>The object after the operations; <paramref name="json"/> is used up.</summary>
    /// <exception cref="ApiException">422 when an operation does not fit the object or its test fails.</exception>
    public static JsonObject Apply(JsonObject json, JsonArray operations)
    {
        JsonNode root = json;
        foreach (var node in operations)
        {
            var operation = node as JsonObject ?? throw Refused();
            var path = Pointer((string?)operation["path"]);
            switch ((string?)operation["op"])
            {
                case "add":
                    root = Add(root, path, Value(operation));
                    break;
                case "replace":
                    _ = Find(root, path) ?? throw Refused();
                    root = path.Length == 0 ? Value(operation)! : Add(Remove(root, path), path, Value(operation));
                    break;
                case "remove":
                    Remove(root, path);
                    break;
                case "test" when JsonNode.DeepEquals(Find(root, path), operation["value"]):
                    break;
                case "copy":
                    root = Add(root, path, (Find(root, Pointer((string?)operation["from"])) ?? throw Refused()).DeepClone());
                    break;
                case "move":
                    var from = Pointer((string?)operation["from"]);
                    var moved = (Find(root, from) ?? throw Refused()).DeepClone();
                    root = Add(Remove(root, from), path, moved);
                    break;
                default:
                    throw Refused();
            }
        }

        return root as JsonObject ?? throw Refused();
    }

    private static ApiException Refused() =>
        new(422, "Invalid", "the server rejected our request due to an error in our request") { Details = StatusDetails.Empty };

    private static JsonNode? Value(JsonObject operation) => operation["value"]?.DeepClone();

    private static string[] Pointer(string? path) => path switch
    {
        null => throw Refused(),
        "" => [],
        _ when path[0] != '/' => throw Refused(),
        _ => [.. path[1..].Split('/').Select(p => p.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))],
    };

    private static JsonNode? Find(JsonNode? node, ReadOnlySpan<string> path)
    {
        foreach (var part in path)
        {
            node = node switch
            {
                JsonObject map => map[part],
                JsonArray array => Index(part, array.Count - 1) is { } i ? array[i] : null,
                _ => null,
            };
        }

        return node;
    }

    private static JsonNode Add(JsonNode root, string[] path, JsonNode? value)
    {
        if (path.Length == 0)
        {
            return value ?? throw Refused();
        }

        switch (Find(root, path.AsSpan(..^1)))
        {
            case JsonObject map:
                map[path[^1]] = value;
                break;
            case JsonArray array:
                array.Insert(path[^1] == "-" ? array.Count : Index(path[^1], array.Count) ?? throw Refused(), value);
                break;
            default:
                throw Refused();
        }

        return root;
    }

    private static JsonNode Remove(JsonNode root, string[] path)
    {
        if (path.Length == 0)
        {
            throw Refused();
        }

        switch (Find(root, path.AsSpan(..^1)))
        {
            case JsonObject map when map.Remove(path[^1]):
                break;
            case JsonArray array when Index(path[^1], array.Count - 1) is { } i:
                array.RemoveAt(i);
                break;
            default:
                throw Refused();
        }

        return root;
    }

    private static int? Index(string part, int last) =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var i) && i <= last ? i : null;
}
