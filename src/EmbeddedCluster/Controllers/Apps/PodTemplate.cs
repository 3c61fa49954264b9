using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Apps;

/// <summary>Pods from the template of their controller, with the defaults the API server would fill in.</summary>
internal static class PodTemplate
{
    /// <param name="field">Where in the owner's <c>spec</c> the template is.</param>
    public static JsonObject Instantiate(StoredObject owner, ObjectKind ownerKind, string name, string field = "template")
    {
        var template = owner.Json.Object("spec", field);
        var spec = (JsonObject?)template.Object("spec").Copy() ?? [];
        Default(spec);
        var metadata = new JsonObject { ["name"] = name, ["generateName"] = $"{owner.Key.Name}-", ["namespace"] = owner.Key.Namespace };
        foreach (var part in (ReadOnlySpan<string>)["labels", "annotations"])
        {
            if (template.Object("metadata", part) is { } map)
            {
                metadata[part] = map.DeepClone();
            }
        }

        metadata["ownerReferences"] = new JsonArray(Cluster.ControllerReference(owner, ownerKind));
        return new JsonObject { ["metadata"] = metadata, ["spec"] = spec, ["status"] = new JsonObject { ["phase"] = "Pending" } };
    }

    private static void Default(JsonObject spec)
    {
        foreach (var container in spec.Items("containers").Concat(spec.Items("initContainers")))
        {
            var image = container.Text("image") ?? "";
            container["imagePullPolicy"] ??= image.EndsWith(":latest", StringComparison.Ordinal) || image.LastIndexOf(':') <= image.LastIndexOf('/') ? "Always" : "IfNotPresent";
            container["terminationMessagePath"] ??= "/dev/termination-log";
            container["terminationMessagePolicy"] ??= "File";
            container["resources"] ??= new JsonObject();
            if (container.Object("resources", "limits") is { } limits)
            {
                var requests = container.Ensure("resources", "requests");
                foreach (var (resource, amount) in limits)
                {
                    requests[resource] ??= amount.Copy();
                }
            }
        }

        spec["restartPolicy"] ??= "Always";
        spec["terminationGracePeriodSeconds"] ??= 30;
        spec["dnsPolicy"] ??= "ClusterFirst";
        spec["serviceAccountName"] ??= "default";
        spec["serviceAccount"] ??= spec["serviceAccountName"].Copy();
        spec["securityContext"] ??= new JsonObject();
        spec["schedulerName"] ??= "default-scheduler";
        spec["priority"] ??= 0;
        spec["preemptionPolicy"] ??= "PreemptLowerPriority";
        spec["enableServiceLinks"] ??= true;
        Tolerate(spec, "node.kubernetes.io/not-ready");
        Tolerate(spec, "node.kubernetes.io/unreachable");
    }

    private static void Tolerate(JsonObject spec, string key)
    {
        if (spec["tolerations"] is not JsonArray tolerations)
        {
            spec["tolerations"] = tolerations = [];
        }

        if (!tolerations.Any(t => t.Text("key") == key))
        {
            tolerations.Add(new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = 300 });
        }
    }
}
