using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Handlers;

/// <summary>
/// Answers what containers and nodes use, as a metrics server does. No container has a process here: each uses a share of what it asked for that its pod's uid decides and that
/// goes up and down within a few minutes; what asked for nothing uses a little.
/// </summary>
internal sealed class UsageHandler(ObjectStore store, TimeProvider time)
{
    private const decimal Mebibyte = 1048576m;
    private static readonly TimeSpan Wave = TimeSpan.FromMinutes(4);

    /// <summary>Whether a resource is measured and not stored.</summary>
    public static bool Handles(ResourceType type) => type.Group == MetricsGroup.Name;

    public Task HandleAsync(ApiRequest request)
    {
        var (type, info) = (request.Type, request.Info);
        if (info.Name is { } name)
        {
            var one = store.Get(new ObjectKey("", type.Plural, type.Namespaced ? info.Namespace ?? "" : "", name)) is { } stored ? Measure(type, [stored]).FirstOrDefault() : null;
            return Answers.WriteAsync(request.Http, 200, one ?? throw ApiErrors.NotFound(type.Group, type.Plural, name), request.Format.Yaml);
        }

        var options = ListOptions.Read(request);
        var items = Measure(type, store.List("", type.Plural, type.Namespaced ? options.Namespace : null).Where(options.Matches));
        return Answers.WriteAsync(
            request.Http, 200, new JsonObject { ["kind"] = $"{type.Kind}List", ["apiVersion"] = type.ApiVersion, ["metadata"] = new JsonObject(), ["items"] = new JsonArray([.. items]) }, request.Format.Yaml);
    }

    private IEnumerable<JsonNode> Measure(ResourceType type, IEnumerable<StoredObject> objects)
    {
        if (type.Namespaced)
        {
            return objects.Select(pod => OfPod(type, pod.Json)).OfType<JsonNode>();
        }

        var pods = store.List("", "pods").ToLookup(pod => pod.Json.Text("spec", "nodeName") ?? "");
        return objects.Select(node => OfNode(type, node.Json, pods[node.Key.Name]));
    }

    /// <returns>Null for a pod without a running container: a metrics server does not name it.</returns>
    private JsonObject? OfPod(ResourceType type, JsonObject pod)
    {
        var containers = Measured(pod).Select(container => (JsonNode)new JsonObject { ["name"] = container.Name, ["usage"] = Usage(container.Cores, container.Bytes) }).ToArray();
        return containers.Length == 0 ? null : Body(type, pod, "containers", new JsonArray(containers));
    }

    private JsonObject OfNode(ResourceType type, JsonObject node, IEnumerable<StoredObject> pods)
    {
        var measured = pods.SelectMany(pod => Measured(pod.Json)).ToList();
        var idle = Share(node.Uid(), "node", 0.01m, 0.02m);
        return Body(type, node, "usage", Usage(
            measured.Sum(container => container.Cores) + (Quantity.Parse(node.Text("status", "capacity", "cpu")) * idle),
            measured.Sum(container => container.Bytes) + (Quantity.Parse(node.Text("status", "capacity", "memory")) * idle)));
    }

    private IEnumerable<(string Name, decimal Cores, decimal Bytes)> Measured(JsonObject pod)
    {
        foreach (var status in pod.Items("status", "containerStatuses").Where(status => status.Object("state", "running") is not null))
        {
            var name = status.Text("name") ?? "";
            var resources = pod.Items("spec", "containers").FirstOrDefault(container => container.Text("name") == name).Object("resources");
            yield return (name,
                Asked(resources, "cpu", 0.1m) * Share(pod.Uid(), $"{name} cpu", 0.05m, 0.7m),
                Asked(resources, "memory", 256 * Mebibyte) * Share(pod.Uid(), $"{name} memory", 0.3m, 0.8m));
        }
    }

    private static decimal Asked(JsonNode? resources, string resource, decimal otherwise) =>
        Quantity.Parse(resources.Text("requests", resource) ?? resources.Text("limits", resource)) is > 0 and var asked ? asked : otherwise;

    /// <summary>Between two bounds, the same for the same uid and purpose, but for the wave.</summary>
    private decimal Share(string uid, string purpose, decimal least, decimal most)
    {
        var place = $"{uid} {purpose}".Aggregate(17u, (hash, letter) => (hash * 31) + letter) % 1000 / 1000m;
        var phase = (time.GetUtcNow().Ticks % Wave.Ticks / (double)Wave.Ticks) + (double)place;
        return least + ((most - least) * ((place * 0.8m) + (0.1m * (1 + (decimal)Math.Sin(2 * Math.PI * phase)))));
    }

    private JsonObject Body(ResourceType type, JsonObject of, string field, JsonNode value)
    {
        var now = ObjectLife.Timestamp(time.GetUtcNow());
        var metadata = new JsonObject { ["name"] = of.Name() };
        if (of.Namespace() is { Length: > 0 } @namespace)
        {
            metadata["namespace"] = @namespace;
        }

        metadata["creationTimestamp"] = now;
        if (of.Object("metadata", "labels") is { } labels)
        {
            metadata["labels"] = labels.DeepClone();
        }

        return new JsonObject { ["kind"] = type.Kind, ["apiVersion"] = type.ApiVersion, ["metadata"] = metadata, ["timestamp"] = now, ["window"] = "15.0s", [field] = value };
    }

    // A metrics server tells billionths of cores and kibibytes.
    private static JsonObject Usage(decimal cores, decimal bytes) => new()
    {
        ["cpu"] = string.Create(CultureInfo.InvariantCulture, $"{decimal.Truncate(cores * 1e9m):0}n"),
        ["memory"] = string.Create(CultureInfo.InvariantCulture, $"{decimal.Truncate(bytes / 1024):0}Ki"),
    };
}
