using System.Globalization;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Controllers.Runtime;

/// <summary>Reads and writes members of Kubernetes objects by path; a missing or mistyped member reads as absent.</summary>
internal static class JsonPath
{
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            node = (node as JsonObject)?[name];
        }

        return node;
    }

    public static JsonObject? Object(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) as JsonObject;

    public static JsonArray? Array(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) as JsonArray;

    /// <summary>The objects of a list; empty where it is missing.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.Array(path)?.OfType<JsonObject>() ?? [];

    /// <summary>A string, or a number as text: quantities and ports may be either.</summary>
    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        if (node.At(path) is not JsonValue value)
        {
            return null;
        }

        return value.TryGetValue<string>(out var text) ? text : value.ToJsonString();
    }

    public static long? Number(this JsonNode? node, params ReadOnlySpan<string> path) =>
        long.TryParse(node.Text(path), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static bool Flag(this JsonNode? node, params ReadOnlySpan<string> path) => node.Text(path) == "true";

    /// <summary>The members of a string map such as labels; empty where it is missing.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Map(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.Object(path)?.Select(p => KeyValuePair.Create(p.Key, p.Value.Text() ?? "")) ?? [];

    /// <summary>The object at a path, made where it is missing.</summary>
    public static JsonObject Ensure(this JsonObject node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (node[name] is not JsonObject child)
            {
                node[name] = child = [];
            }

            node = child;
        }

        return node;
    }

    public static string Name(this JsonNode? node) => node.Text("metadata", "name") ?? "";

    public static string Namespace(this JsonNode? node) => node.Text("metadata", "namespace") ?? "";

    public static string Uid(this JsonNode? node) => node.Text("metadata", "uid") ?? "";

    public static string? Label(this JsonNode? node, string name) => node.Text("metadata", "labels", name);

    public static string? Annotation(this JsonNode? node, string name) => node.Text("metadata", "annotations", name);

    /// <summary>1 where storage has not counted generations.</summary>
    public static long Generation(this JsonNode? node) => node.Number("metadata", "generation") ?? 1;

    public static bool IsDeleting(this JsonNode? node) => node.At("metadata", "deletionTimestamp") is not null;

    /// <summary>The owner reference marked as controller.</summary>
    public static JsonObject? ControllerReference(this JsonNode? node)
    {
        foreach (var reference in node.Items("metadata", "ownerReferences"))
        {
            if (reference.Flag("controller"))
            {
                return reference;
            }
        }

        return null;
    }

    public static JsonNode? Copy(this JsonNode? node) => node?.DeepClone();
}
