using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;
using Runner.EmbeddedCluster.Tables;

namespace Runner.EmbeddedCluster.Http;

/// <summary>CustomResourceDefinitions and the resources they define.</summary>
internal static class CustomResourceDefinitions
{
    /// <summary>One resource for each served version of a definition.</summary>
    public static ImmutableArray<ResourceType> Types(JsonObject definition)
    {
        if (definition["spec"] is not JsonObject spec || spec["names"] is not JsonObject names || spec["versions"] is not JsonArray versions)
        {
            return [];
        }

        var kind = (string?)names["kind"] ?? "";
        return
        [
            .. from version in versions.OfType<JsonObject>()
               where (bool?)version["served"] == true
               let subresources = version["subresources"] as JsonObject
               select new ResourceType((string?)spec["group"] ?? "", (string?)version["name"] ?? "", (string?)names["plural"] ?? "",
                   (string?)names["singular"] ?? kind.ToLowerInvariant(), kind, (string?)spec["scope"] == "Namespaced")
               {
                   Custom = true,
                   ShortNames = Strings(names["shortNames"]),
                   Categories = Strings(names["categories"]),
                   Subresources = [.. subresources?.Select(s => s.Key) ?? []],
               },
        ];
    }

    /// <summary>The definition that would define these versions of one resource, for those that are there from the start.</summary>
    public static JsonObject Definition(IReadOnlyList<ResourceType> versions)
    {
        var type = versions[0];
        var names = new JsonObject { ["plural"] = type.Plural, ["singular"] = type.Singular, ["kind"] = type.Kind, ["listKind"] = type.Kind + "List" };
        if (type.ShortNames.Count > 0)
        {
            names["shortNames"] = Array(type.ShortNames);
        }

        if (type.Categories.Count > 0)
        {
            names["categories"] = Array(type.Categories);
        }

        return new JsonObject
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new JsonObject { ["name"] = type.QualifiedName },
            ["spec"] = new JsonObject
            {
                ["group"] = type.Group,
                ["names"] = names,
                ["scope"] = type.Namespaced ? "Namespaced" : "Cluster",
                ["versions"] = new JsonArray([.. versions.Select((v, i) => Version(v, i == 0))]),
                ["conversion"] = new JsonObject { ["strategy"] = "None" },
            },
        };
    }

    /// <summary>Names and conditions as the API server confirms them.</summary>
    public static void Establish(JsonObject definition, string now)
    {
        definition["status"] = new JsonObject
        {
            ["conditions"] = new JsonArray(
                Condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
                Condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now)),
            ["acceptedNames"] = definition["spec"]?["names"]?.DeepClone(),
            ["storedVersions"] = new JsonArray([.. (definition["spec"]?["versions"] as JsonArray ?? []).Where(v => (bool?)v?["storage"] == true).Select(v => v!["name"]!.DeepClone())]),
        };
    }

    private static JsonObject Condition(string type, string reason, string message, string now) => new()
    {
        ["type"] = type,
        ["status"] = "True",
        ["lastTransitionTime"] = now,
        ["reason"] = reason,
        ["message"] = message,
    };

    private static JsonObject Version(ResourceType type, bool storage)
    {
        var version = new JsonObject
        {
            ["name"] = type.Version,
            ["served"] = true,
            ["storage"] = storage,
            ["schema"] = new JsonObject
            {
                ["openAPIV3Schema"] = new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
            },
        };
        if (StandardColumns.Of(type.QualifiedName) is { } columns)
        {
            version["additionalPrinterColumns"] = columns;
        }

        if (type.Subresources.Count > 0)
        {
            var subresources = new JsonObject();
            foreach (var name in type.Subresources)
            {
                subresources[name] = name == "scale"
                    ? new JsonObject { ["specReplicasPath"] = ".spec.replicas", ["statusReplicasPath"] = ".status.replicas" }
                    : new JsonObject();
            }

            version["subresources"] = subresources;
        }

        return version;
    }

    private static JsonArray Array(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);

    private static string[] Strings(JsonNode? node) => node is JsonArray array ? [.. array.Select(n => (string?)n ?? "")] : [];
}
