using System.Globalization;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Storage;

/// <summary>What the API server itself decides about an object's metadata. Pure: works on the objects it is given.</summary>
internal static class ObjectLife
{
    /// <summary>Finalizer of an object whose dependents go first.</summary>
    public const string ForegroundFinalizer = "foregroundDeletion";

    /// <summary>Finalizer of an object whose dependents stay.</summary>
    public const string OrphanFinalizer = "orphan";

    private static readonly HashSet<string> Generational =
    [
        "pods", "replicationcontrollers", "deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch", "cronjobs.batch",
        "ingresses.networking.k8s.io", "networkpolicies.networking.k8s.io", "ingressclasses.networking.k8s.io", "poddisruptionbudgets.policy",
        "customresourcedefinitions.apiextensions.k8s.io", "endpointslices.discovery.k8s.io", "priorityclasses.scheduling.k8s.io",
        "flowschemas.flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io", "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    ];

    private static readonly string[] SystemFields = ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "generateName"];

    public static string Timestamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Whether its <c>metadata.generation</c> counts changes of what is wanted.</summary>
    public static bool HasGeneration(ResourceType type) => type.Custom || Generational.Contains(type.QualifiedName);

    /// <summary>Gives a new object its identity. What a client says about it does not count.</summary>
    public static void Begin(ResourceType? type, ObjectKey key, JsonObject json, DateTimeOffset now)
    {
        var metadata = Metadata(json);
        metadata["name"] = key.Name;
        if (key.Namespace.Length > 0)
        {
            metadata["namespace"] = key.Namespace;
        }

        metadata.Remove("deletionTimestamp");
        metadata.Remove("deletionGracePeriodSeconds");
        metadata.Remove("selfLink");
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Timestamp(now);
        if (type is not null && HasGeneration(type))
        {
            metadata["generation"] = 1;
        }
        else
        {
            metadata.Remove("generation");
        }
    }

    /// <summary>Keeps what an update cannot change: identity, the mark of deletion, and the status or everything but the status.</summary>
    /// <returns>The object to store; <paramref name="json"/> or a copy of the stored one with parts of it.</returns>
    public static JsonObject CarryOver(ResourceType? type, JsonObject before, JsonObject json, string? subresource)
    {
        var old = Metadata(before);
        if (subresource == "status")
        {
            json = WithStatus(type, before, json);
        }
        else if (subresource is null && type is not null && type.Has("status"))
        {
            Copy(before, json, "status");
        }

        var metadata = Metadata(json);
        metadata["name"] = old["name"]?.DeepClone();
        if (old["namespace"] is { } space)
        {
            metadata["namespace"] = space.DeepClone();
        }

        foreach (var field in SystemFields)
        {
            Copy(old, metadata, field);
        }

        metadata.Remove("selfLink");
        return json;
    }

    /// <summary>Counts a change of what is wanted in <c>metadata.generation</c>.</summary>
    public static void CountGeneration(ResourceType? type, JsonObject before, JsonObject json)
    {
        if (type is not null && HasGeneration(type) && !SameSpec(type, before, json))
        {
            Metadata(json)["generation"] = Generation(before) + 1;
        }
    }

    /// <summary>Marks an object as being deleted.</summary>
    public static void MarkDeleting(JsonObject json, DateTimeOffset now, int? graceSeconds)
    {
        var metadata = Metadata(json);
        if (metadata["deletionTimestamp"] is null && metadata["generation"] is not null)
        {
            metadata["generation"] = Generation(json) + 1;
        }

        metadata["deletionTimestamp"] = Timestamp(now.AddSeconds(graceSeconds ?? 0));
        if (graceSeconds is { } grace)
        {
            metadata["deletionGracePeriodSeconds"] = grace;
        }
    }

    public static IReadOnlyList<string> Finalizers(JsonObject json) =>
        json["metadata"]?["finalizers"] is JsonArray array ? [.. array.Select(f => (string?)f ?? "")] : [];

    public static void SetFinalizers(JsonObject json, IReadOnlyCollection<string> finalizers)
    {
        if (finalizers.Count == 0)
        {
            Metadata(json).Remove("finalizers");
        }
        else
        {
            Metadata(json)["finalizers"] = new JsonArray([.. finalizers.Select(f => (JsonNode)f)]);
        }
    }

    /// <summary>Seconds a pod has to stop: what is asked for, else its own; none when it runs nowhere or no more.</summary>
    public static int PodGrace(JsonObject pod, int? asked)
    {
        var placed = !string.IsNullOrEmpty((string?)pod["spec"]?["nodeName"]);
        var over = (string?)pod["status"]?["phase"] is "Succeeded" or "Failed";
        return !placed || over ? 0 : asked ?? (int?)pod["spec"]?["terminationGracePeriodSeconds"] ?? 30;
    }

    /// <summary>Puts <c>kind</c>, <c>apiVersion</c> and <c>metadata</c> in front, as the API server writes them.</summary>
    public static void PutInOrder(ResourceType? type, JsonObject json)
    {
        var kind = type?.Kind ?? (string?)json["kind"];
        var version = type?.ApiVersion ?? (string?)json["apiVersion"];
        json.Remove("kind");
        json.Remove("apiVersion");
        json.Insert(0, "kind", kind);
        json.Insert(1, "apiVersion", version);
        if (json.IndexOf("metadata") != 2)
        {
            var metadata = json["metadata"];
            json.Remove("metadata");
            json.Insert(2, "metadata", metadata ?? new JsonObject());
        }
    }

    public static JsonObject Metadata(JsonObject json)
    {
        if (json["metadata"] is not JsonObject metadata)
        {
            json["metadata"] = metadata = [];
        }

        return metadata;
    }

    public static long Generation(JsonObject json) => json["metadata"]?["generation"]?.GetValueKind() == System.Text.Json.JsonValueKind.Number
        ? long.Parse(json["metadata"]!["generation"]!.ToJsonString(), CultureInfo.InvariantCulture)
        : 0;

    private static JsonObject WithStatus(ResourceType? type, JsonObject before, JsonObject json)
    {
        var result = (JsonObject)before.DeepClone();
        Copy(json, result, "status");
        if (type is { Custom: true })
        {
            return result;
        }

        // A built-in type takes labels, annotations, finalizers and owners through its status too; only the spec is kept.
        result["metadata"] = json["metadata"]?.DeepClone() ?? new JsonObject();
        return result;
    }

    private static bool SameSpec(ResourceType type, JsonObject before, JsonObject json)
    {
        if (!type.Custom && json.ContainsKey("spec"))
        {
            // That a pod was given a node is no change of what is wanted.
            if (type.Is("", "pods") && before["spec"]?["nodeName"] is null && json["spec"]!["nodeName"] is { } node)
            {
                before = (JsonObject)before.DeepClone();
                before["spec"]!["nodeName"] = node.DeepClone();
            }

            return JsonNode.DeepEquals(before["spec"], json["spec"]);
        }

        var status = type.Has("status");
        bool Counts(string name) => name != "metadata" && !(status && name == "status");
        return before.Count(p => Counts(p.Key)) == json.Count(p => Counts(p.Key))
            && json.Where(p => Counts(p.Key)).All(p => JsonNode.DeepEquals(before[p.Key], p.Value));
    }

    private static void Copy(JsonObject from, JsonObject to, string field)
    {
        if (from[field] is { } value)
        {
            to[field] = value.DeepClone();
        }
        else
        {
            to.Remove(field);
        }
    }
}
