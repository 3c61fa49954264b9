using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>
/// A small OpenAPI 3 description: which kinds there are and which requests they take. It is what <c>kubectl</c> reads to learn that the server itself
/// validates fields; it tells nothing about the fields of a kind. Pure.
/// </summary>
internal static class OpenApi
{
    private static readonly string[] WriteParameters = ["dryRun", "fieldManager", "fieldValidation"];

    public static JsonObject Index(ResourceCatalog catalog)
    {
        var paths = new JsonObject();
        foreach (var place in catalog.All.Select(Place).Distinct())
        {
            paths[place] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{place}?hash=1" };
        }

        return new JsonObject { ["paths"] = paths };
    }

    /// <summary>One version of a group; null when it is not served.</summary>
    public static JsonObject? Document(ResourceCatalog catalog, string group, string version)
    {
        var types = catalog.All.Where(t => t.Group == group && t.Version == version).ToList();
        if (types.Count == 0)
        {
            return null;
        }

        var paths = new JsonObject();
        var schemas = new JsonObject();
        foreach (var type in types)
        {
            var scope = type.Namespaced ? "namespaces/{namespace}/" : "";
            var collection = $"/{Place(type)}/{scope}{type.Plural}";
            paths[collection] = Operations(type, ("get", "list"), ("post", "post"), ("delete", "deletecollection"));
            paths[collection + "/{name}"] = Operations(type, ("get", "get"), ("put", "put"), ("patch", "patch"), ("delete", "delete"));
            schemas[SchemaName(type)] = new JsonObject
            {
                ["type"] = "object",
                ["description"] = $"{type.Kind} of {type.ApiVersion}. The embedded cluster does not describe its fields.",
                ["x-kubernetes-group-version-kind"] = new JsonArray(GroupVersionKind(type)),
                ["x-kubernetes-preserve-unknown-fields"] = true,
            };
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = "v1.36.2" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static string Place(ResourceType type) => type.Group.Length == 0 ? $"api/{type.Version}" : $"apis/{type.Group}/{type.Version}";

    private static string SchemaName(ResourceType type) => type.Group.Length == 0
        ? $"io.k8s.api.core.{type.Version}.{type.Kind}"
        : $"{string.Join('.', type.Group.Split('.').Reverse())}.{type.Version}.{type.Kind}";

    private static JsonObject GroupVersionKind(ResourceType type) => new() { ["group"] = type.Group, ["version"] = type.Version, ["kind"] = type.Kind };

    private static JsonObject Operations(ResourceType type, params (string Method, string Action)[] operations)
    {
        var path = new JsonObject();
        foreach (var (method, action) in operations)
        {
            var operation = new JsonObject
            {
                ["x-kubernetes-action"] = action,
                ["x-kubernetes-group-version-kind"] = GroupVersionKind(type),
                ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK" } },
            };
            if (method is "post" or "put" or "patch")
            {
                operation["parameters"] = new JsonArray([.. WriteParameters.Select(name => (JsonNode)new JsonObject
                {
                    ["name"] = name,
                    ["in"] = "query",
                    ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true },
                })]);
            }

            path[method] = operation;
        }

        return path;
    }
}
