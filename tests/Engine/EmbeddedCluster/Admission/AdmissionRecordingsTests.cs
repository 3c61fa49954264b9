using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission;
using Runner.EmbeddedCluster.Storage;

namespace Runner.Tests.Engine.EmbeddedCluster.Admission;

/// <summary>Feeds recorded request bodies to the admission chain and expects what the real API server answered.</summary>
public sealed class AdmissionRecordingsTests
{
    private static readonly string[] Topics = ["validation", "configmaps-crud", "namespaces", "patch-deployment", "subresources-leases-secrets-events", "finalizers", "errors-and-auth"];

    private static readonly (string Prefix, string Group, string Plural, string Kind, bool Custom)[] Resources =
    [
        ("/api/v1/", "", "pods", "Pod", false),
        ("/api/v1/", "", "configmaps", "ConfigMap", false),
        ("/api/v1/", "", "secrets", "Secret", false),
        ("/api/v1/", "", "services", "Service", false),
        ("/api/v1/", "", "serviceaccounts", "ServiceAccount", false),
        ("/api/v1/", "", "persistentvolumeclaims", "PersistentVolumeClaim", false),
        ("/api/v1/", "", "events", "Event", false),
        ("/api/v1/", "", "nodes", "Node", false),
        ("/api/v1/", "", "namespaces", "Namespace", false),
        ("/apis/apps/v1/", "apps", "deployments", "Deployment", false),
        ("/apis/coordination.k8s.io/v1/", "coordination.k8s.io", "leases", "Lease", false),
        ("/apis/storage.k8s.io/v1/", "storage.k8s.io", "storageclasses", "StorageClass", false),
        ("/apis/serving.knative.dev/v1/", "serving.knative.dev", "services", "Service", true),
        ("/apis/leaderworkerset.x-k8s.io/v1/", "leaderworkerset.x-k8s.io", "leaderworkersets", "LeaderWorkerSet", true),
        ("/apis/argoproj.io/v1alpha1/", "argoproj.io", "workflows", "Workflow", true),
    ];

    // Between the recorded exchanges a controller changed the object, so its state before the request is not recorded.
    private static readonly (string Topic, string Name)[] StateUnknown =
        [("namespaces", "release finalizer"), ("patch-deployment", "merge patch: containers are replaced whole")];

    public static TheoryData<string, int, string> Writes()
    {
        var data = new TheoryData<string, int, string>();
        foreach (var topic in Topics)
        {
            foreach (var (index, exchange) in Recordings.Exchanges(topic).Index())
            {
                if (IsWriteOfObject(exchange) && !StateUnknown.Contains((topic, exchange["name"]!.GetValue<string>())))
                {
                    data.Add(topic, index, exchange["name"]!.GetValue<string>());
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public void A_recorded_write_gets_the_recorded_answer(string topic, int index, string name)
    {
        var exchanges = Recordings.Exchanges(topic);
        var exchange = exchanges[index];
        var (type, subresource) = TypeOf(exchange)!.Value;
        var path = exchange["path"]!.GetValue<string>().Split('?')[0];
        var old = exchange["method"]!.GetValue<string>() == "POST" ? null : LastState(exchanges, index, path);
        var body = Body(exchange, old, type);
        var context = Context(exchange);

        var result = old is null ? AdmissionChain.Create(type, body, context) : AdmissionChain.Update(type, old, body, subresource, context);

        var answer = (JsonObject)exchange["responseBody"]!;
        if (exchange["status"]!.GetValue<int>() >= 400)
        {
            Assert.NotNull(result.Refusal);
            Assert.Equal(exchange["status"]!.GetValue<int>(), result.Refusal.Code);
            Assert.Equal(answer["reason"]?.GetValue<string>(), result.Refusal.Reason);
            Assert.Equal(WithoutDiff(answer["message"]!.GetValue<string>()), result.Refusal.Message);
            var causes = (answer["details"]?["causes"] as JsonArray ?? []).Select(c => (c!["field"]!.GetValue<string>(), c["reason"]!.GetValue<string>(), WithoutDiff(c["message"]!.GetValue<string>())));
            Assert.Equal(causes, result.Refusal.Details?.Causes.Select(c => (c.Field!, c.Reason, c.Message)) ?? []);
        }
        else
        {
            Assert.Null(result.Refusal?.Message);
            Assert.Equal(Normal(answer), Normal(result.Object!));
        }

        if (exchange["responseHeaders"]?["Warning"]?.GetValue<string>() is { } warning)
        {
            Assert.Equal(warning, $"299 - \"{result.Warnings[^1].Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        }

        Assert.NotEmpty(name);
    }

    private static bool IsWriteOfObject(JsonObject exchange)
    {
        if (exchange["method"]!.GetValue<string>() is not ("POST" or "PUT" or "PATCH") || exchange["requestBody"] is not JsonObject || TypeOf(exchange) is not { Subresource: null or "status" })
        {
            return false;
        }

        // What storage, routing and namespaces refuse is not admission's business; strategic patches are applied before it.
        var status = exchange["status"]!.GetValue<int>();
        var message = exchange["responseBody"]?["message"]?.GetValue<string>() ?? "";
        var elsewhere = status is 404 or 405 or 409 or 415 or 500 || exchange["auth"] is not null
            || message.Contains("on the URL", StringComparison.Ordinal) || message.Contains("based on URL", StringComparison.Ordinal)
            || message.Contains("namespace of the provided object", StringComparison.Ordinal) || message.Contains("being terminated", StringComparison.Ordinal)
            || message.StartsWith("error decoding patch", StringComparison.Ordinal) || message.StartsWith("the server rejected", StringComparison.Ordinal);
        return !elsewhere && exchange["requestContentType"]?.GetValue<string>() is "application/json" or "application/merge-patch+json"
            && exchange["method"]!.GetValue<string>() + exchange["requestContentType"] != "PATCHapplication/json";
    }

    private static (ResourceType Type, string? Subresource)? TypeOf(JsonObject exchange)
    {
        var path = exchange["path"]!.GetValue<string>().Split('?')[0];
        foreach (var (prefix, group, plural, kind, custom) in Resources.Where(r => path.StartsWith(r.Prefix, StringComparison.Ordinal)))
        {
            var rest = path[prefix.Length..].Split('/');
            var namespaced = rest[0] == "namespaces" && rest.Length > 2 && rest[2] != "status";
            var at = namespaced ? 2 : 0;
            if (rest[at] == plural)
            {
                var type = new ResourceType(group, prefix.Split('/')[^2], plural, kind.ToLowerInvariant(), kind, namespaced) { Custom = custom, Subresources = ["status"] };
                return (type, rest.Length > at + 2 ? rest[at + 2] : null);
            }
        }

        return null;
    }

    private static JsonObject Body(JsonObject exchange, JsonObject? old, ResourceType type)
    {
        var sent = exchange["requestBody"]!;
        var body = exchange["method"]!.GetValue<string>() == "PATCH" ? Merge(old!.DeepClone(), sent) : (JsonObject)sent.DeepClone();
        var metadata = body["metadata"] as JsonObject ?? [];
        body["metadata"] = metadata.Parent is null ? metadata : metadata.DeepClone();
        metadata = (JsonObject)body["metadata"]!;
        if (metadata["generateName"] is { } prefix && metadata["name"] is null)
        {
            metadata["name"] = prefix.GetValue<string>() + "79slt";
        }

        if (type.Namespaced)
        {
            metadata["namespace"] = exchange["path"]!.GetValue<string>().Split("/namespaces/")[1].Split('/')[0];
        }

        return body;
    }

    private static JsonObject Merge(JsonNode target, JsonNode patch)
    {
        var result = (JsonObject)target;
        foreach (var (name, value) in (JsonObject)patch)
        {
            if (value is null)
            {
                result.Remove(name);
            }
            else
            {
                result[name] = value is JsonObject nested ? Merge((result[name] as JsonObject)?.DeepClone() ?? new JsonObject(), nested) : value.DeepClone();
            }
        }

        return result;
    }

    private static JsonObject LastState(JsonObject[] exchanges, int index, string path)
    {
        var name = path.Split("/status")[0];
        for (var i = index - 1; i >= 0; i--)
        {
            var body = exchanges[i]["responseBody"] as JsonObject;
            if (exchanges[i]["status"]?.GetValue<int>() is 200 or 201 && body?["metadata"]?["name"] is { } found
                && (body["kind"]?.GetValue<string>() is not ("Status" or "Scale"))
                && name.EndsWith("/" + found.GetValue<string>(), StringComparison.Ordinal)
                && name.StartsWith(exchanges[i]["path"]!.GetValue<string>().Split('?')[0].Split("/" + found.GetValue<string>())[0], StringComparison.Ordinal)
                && exchanges[i]["path"]!.GetValue<string>().Contains("dryRun", StringComparison.Ordinal) is false)
            {
                return body;
            }
        }

        throw new InvalidOperationException($"No recorded state of {path} before exchange {index}.");
    }

    private static AdmissionContext Context(JsonObject exchange) => new()
    {
        UserName = "admin",
        Now = DateTimeOffset.UnixEpoch,
        Addresses = new ServiceAddresses(),
        FieldValidation = exchange["path"]!.GetValue<string>().Contains("fieldValidation=Strict", StringComparison.Ordinal) ? FieldValidation.Strict : FieldValidation.Warn,
        Find = key => key is { Plural: "serviceaccounts", Name: "default" } ? [] : null,
    };

    // Unified diffs of Go structures are not reproduced.
    private static string WithoutDiff(string message)
    {
        var start = message.IndexOf("\n@@", StringComparison.Ordinal);
        return start < 0 ? message : message[..start];
    }

    private static string Normal(JsonObject json)
    {
        var copy = (JsonObject)json.DeepClone();
        var metadata = (JsonObject)copy["metadata"]!;
        foreach (var name in (string[])["uid", "resourceVersion", "creationTimestamp", "generation"])
        {
            metadata.Remove(name);
        }

        var text = Sorted(copy)!.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
        text = System.Text.RegularExpressions.Regex.Replace(text, "kube-api-access-[a-z0-9]{5}", "kube-api-access-xxxxx");
        return System.Text.RegularExpressions.Regex.Replace(text, @"10\.43\.\d+\.\d+", "10.43.x.x");
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject json => new JsonObject(json.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => KeyValuePair.Create(e.Key, Sorted(e.Value)))),
        JsonArray array => new JsonArray([.. array.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
