using System.Text.Json;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Admission;

/// <summary>Short ways to read and fill objects; a missing or ill-typed value reads as nothing.</summary>
internal static class Json
{
    /// <summary>The object at the end of a path of names, or null.</summary>
    public static JsonObject? Object(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) as JsonObject;

    /// <summary>The entries of the list at the end of a path that are objects.</summary>
    public static IEnumerable<JsonObject> Objects(this JsonNode? node, params ReadOnlySpan<string> path) => (node.At(path) as JsonArray)?.OfType<JsonObject>() ?? [];

    /// <summary>The text at the end of a path, empty when there is none.</summary>
    public static string Text(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";

    /// <summary>The number at the end of a path, or null.</summary>
    public static long? Number(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonValue value && value.GetValueKind() == JsonValueKind.Number && long.TryParse(value.ToJsonString(), out var number) ? number : null;

    /// <summary>Whether the value at the end of a path is true.</summary>
    public static bool Flag(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path)?.GetValueKind() == JsonValueKind.True;

    /// <summary>The texts of a list.</summary>
    public static IEnumerable<string> Texts(this JsonNode? node, params ReadOnlySpan<string> path) =>
        (node.At(path) as JsonArray)?.Select(item => item.Text()) ?? [];

    /// <summary>The names and texts of an object such as labels.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Map(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.Object(path)?.Select(entry => KeyValuePair.Create(entry.Key, entry.Value.Text())) ?? [];

    /// <summary>The value at the end of a path, or null.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            node = (node as JsonObject)?[name];
        }

        return node;
    }

    /// <summary>The object of that name, made when it is missing.</summary>
    public static JsonObject Ensure(this JsonObject json, string name)
    {
        if (json[name] is JsonObject existing)
        {
            return existing;
        }

        var made = new JsonObject();
        json[name] = made;
        return made;
    }

    /// <summary>Sets a field that has no value yet (missing, null or empty text).</summary>
    public static void Fill(this JsonObject json, string name, JsonNode value)
    {
        if (json[name] is not { } present || (present.GetValueKind() == JsonValueKind.String && present.GetValue<string>().Length == 0))
        {
            json[name] = value;
        }
    }

    public static bool Same(JsonNode? left, JsonNode? right) => JsonNode.DeepEquals(left, right);
}
