using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http;

/// <summary>The documents that tell clients what is served: per version, and all at once. Pure.</summary>
internal static class Discovery
{
    private const string ScaleGroup = "autoscaling";

    /// <summary>Subresources whose body is of another kind than the resource, with its kind, group and version where it has one.</summary>
    private static readonly Dictionary<string, (string Kind, string Group, string Version)> Kinds = new()
    {
        ["scale"] = ("Scale", ScaleGroup, "v1"),
        ["pods/binding"] = ("Binding", "", ""),
        ["pods/eviction"] = ("Eviction", "policy", "v1"),
        ["pods/attach"] = ("PodAttachOptions", "", ""),
        ["pods/exec"] = ("PodExecOptions", "", ""),
        ["pods/portforward"] = ("PodPortForwardOptions", "", ""),
        ["pods/proxy"] = ("PodProxyOptions", "", ""),
        ["services/proxy"] = ("ServiceProxyOptions", "", ""),
        ["nodes/proxy"] = ("NodeProxyOptions", "", ""),
        ["serviceaccounts/token"] = ("TokenRequest", "authentication.k8s.io", "v1"),
    };

    public static JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = "36",
        ["emulationMajor"] = "1",
        ["emulationMinor"] = "36",
        ["minCompatibilityMajor"] = "1",
        ["minCompatibilityMinor"] = "35",
        ["gitVersion"] = "v1.36.2",
        ["gitCommit"] = "98b35193b2ac7a23a673325f5e9b830ecd5ba406",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "2026-01-01T00:00:00Z",
        ["goVersion"] = "go1.26.10",
        ["compiler"] = "gc",
        ["platform"] = "linux/amd64",
    };

    /// <param name="address">Host and port of this server.</param>
    public static JsonObject CoreVersions(string address) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = address }),
    };

    public static JsonObject Groups(ResourceCatalog catalog) => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = new JsonArray([.. GroupNames(catalog).Select(g => (JsonNode)GroupBody(catalog, g))]),
    };

    /// <summary>One group; null when it is not served.</summary>
    public static JsonObject? Group(ResourceCatalog catalog, string group)
    {
        if (group.Length == 0 || !GroupNames(catalog).Contains(group))
        {
            return null;
        }

        var body = GroupBody(catalog, group);
        body.Insert(0, "kind", "APIGroup");
        body.Insert(1, "apiVersion", "v1");
        return body;
    }

    /// <summary>The resources of one version; null when it is not served.</summary>
    public static JsonObject? Resources(ResourceCatalog catalog, string group, string version)
    {
        var types = catalog.All.Where(t => t.Group == group && t.Version == version).ToList();
        if (types.Count == 0)
        {
            return null;
        }

        var list = new JsonObject { ["kind"] = "APIResourceList" };
        if (group.Length > 0)
        {
            list["apiVersion"] = "v1";
        }

        list["groupVersion"] = types[0].ApiVersion;
        list["resources"] = new JsonArray([.. types.SelectMany(Entries)]);
        return list;
    }

    /// <summary>All resources at once: of core, or of all groups.</summary>
    public static JsonObject Aggregated(ResourceCatalog catalog, bool core) => new()
    {
        ["kind"] = "APIGroupDiscoveryList",
        ["apiVersion"] = "apidiscovery.k8s.io/v2",
        ["metadata"] = new JsonObject(),
        ["items"] = new JsonArray([.. (core ? [""] : GroupNames(catalog)).Select(g => (JsonNode)AggregatedGroup(catalog, g))]),
    };

    private static IEnumerable<string> GroupNames(ResourceCatalog catalog) => catalog.All.Select(t => t.Group).Where(g => g.Length > 0).Distinct();

    private static IEnumerable<string> Versions(ResourceCatalog catalog, string group) => catalog.All.Where(t => t.Group == group).Select(t => t.Version).Distinct();

    private static JsonObject GroupBody(ResourceCatalog catalog, string group)
    {
        var versions = Versions(catalog, group).Select(v => new JsonObject { ["groupVersion"] = $"{group}/{v}", ["version"] = v }).ToList();
        return new JsonObject
        {
            ["name"] = group,
            ["versions"] = new JsonArray([.. versions]),
            ["preferredVersion"] = versions[0].DeepClone(),
        };
    }

    private static IEnumerable<JsonNode> Entries(ResourceType type)
    {
        var entry = new JsonObject
        {
            ["name"] = type.Plural,
            ["singularName"] = type.Singular,
            ["namespaced"] = type.Namespaced,
            ["kind"] = type.Kind,
            ["verbs"] = Array(type.Verbs),
        };
        Add(entry, "shortNames", type.ShortNames);
        Add(entry, "categories", type.Categories);
        if (type.StorageVersionHash is not null)
        {
            entry["storageVersionHash"] = type.StorageVersionHash;
        }

        yield return entry;
        foreach (var name in type.Subresources)
        {
            var (kind, group, version) = KindOf(type, name);
            var sub = new JsonObject { ["name"] = $"{type.Plural}/{name}", ["singularName"] = "", ["namespaced"] = type.Namespaced };
            if (group.Length > 0)
            {
                sub["group"] = group;
                sub["version"] = version;
            }

            sub["kind"] = kind;
            sub["verbs"] = Array(SubresourceVerbs(name));
            yield return sub;
        }
    }

    private static JsonObject AggregatedGroup(ResourceCatalog catalog, string group)
    {
        var metadata = new JsonObject();
        if (group.Length > 0)
        {
            metadata["name"] = group;
        }

        return new JsonObject
        {
            ["metadata"] = metadata,
            ["versions"] = new JsonArray([.. Versions(catalog, group).Select(v => (JsonNode)new JsonObject
            {
                ["version"] = v,
                ["resources"] = new JsonArray([.. catalog.All.Where(t => t.Group == group && t.Version == v).Select(t => (JsonNode)AggregatedResource(t))]),
                ["freshness"] = "Current",
            })]),
        };
    }

    private static JsonObject AggregatedResource(ResourceType type)
    {
        var resource = new JsonObject
        {
            ["resource"] = type.Plural,
            ["responseKind"] = ResponseKind(type.Custom ? type.Group : "", type.Custom ? type.Version : "", type.Kind),
            ["scope"] = type.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = type.Singular,
            ["verbs"] = Array(type.Verbs),
        };
        Add(resource, "shortNames", type.ShortNames);
        Add(resource, "categories", type.Categories);
        if (type.Subresources.Count > 0)
        {
            resource["subresources"] = new JsonArray([.. type.Subresources.Select(name =>
            {
                var (kind, group, version) = KindOf(type, name);
                return (JsonNode)new JsonObject
                {
                    ["subresource"] = name,
                    ["responseKind"] = kind == type.Kind && type.Custom ? ResponseKind(type.Group, type.Version, kind) : ResponseKind(group, version, kind),
                    ["verbs"] = Array(SubresourceVerbs(name)),
                };
            })]);
        }

        return resource;
    }

    private static JsonObject ResponseKind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static (string Kind, string Group, string Version) KindOf(ResourceType type, string subresource) =>
        Kinds.TryGetValue(subresource, out var shared) ? shared
        : Kinds.TryGetValue($"{type.Plural}/{subresource}", out var own) && type.Group.Length == 0 ? own
        : (type.Kind, "", "");

    private static string[] SubresourceVerbs(string name) => name switch
    {
        "log" => ["get"],
        "binding" or "eviction" or "token" => ["create"],
        "attach" or "exec" or "portforward" => ["create", "get"],
        "proxy" => ["create", "delete", "get", "patch", "update"],
        "finalize" => ["update"],
        _ => ["get", "patch", "update"],
    };

    private static void Add(JsonObject json, string name, IReadOnlyList<string> values)
    {
        if (values.Count > 0)
        {
            json[name] = Array(values);
        }
    }

    private static JsonArray Array(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);
}
