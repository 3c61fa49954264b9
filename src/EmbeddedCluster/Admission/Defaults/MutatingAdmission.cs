using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission.Webhooks;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Defaults;

/// <summary>What admission plug-ins and the preparation before storing do to objects.</summary>
internal static class MutatingAdmission
{
    private const string ClaimProtection = "kubernetes.io/pvc-protection";
    private const string VolumeProtection = "kubernetes.io/pv-protection";

    /// <summary>Refuses pods whose service account or priority class does not exist.</summary>
    /// <exception cref="ApiException">403.</exception>
    public static void Require(ResourceType type, JsonObject json, AdmissionContext context)
    {
        if (!type.Is("", "pods"))
        {
            return;
        }

        var @namespace = json.Text("metadata", "namespace");
        var account = AccountName(json);
        if (context.Find(new ObjectKey("", "serviceaccounts", @namespace, account)) is null)
        {
            throw Forbidden($"error looking up service account {@namespace}/{account}: serviceaccount \"{account}\" not found");
        }

        var priority = json.Text("spec", "priorityClassName");
        if (priority.Length > 0 && Priorities.Of(priority, context) is null)
        {
            throw Forbidden($"no PriorityClass with name {priority} was found");
        }

        ApiException Forbidden(string why) => ApiErrors.Forbidden("", "pods", json.Text("metadata", "name"), why);
    }

    /// <summary>Prepares a new object.</summary>
    public static void OnCreate(ResourceType type, JsonObject json, AdmissionContext context)
    {
        switch (type.Group, type.Kind)
        {
            case ("", "Pod"):
                LeaderWorkerSetPods.Apply(json);
                PodAdmission.Apply(json, AccountName(json), context);
                break;
            case ("", "Service"):
                ServiceAdmission.Allocate(json, context.Addresses);
                break;
            case ("", "Node"):
                AddNotReadyTaint(json.Ensure("spec"));
                break;
            case ("", "Namespace"):
                if (json.At("spec", "finalizers") is null)
                {
                    json.Ensure("spec")["finalizers"] = new JsonArray("kubernetes");
                }

                break;
            case ("", "PersistentVolumeClaim"):
                AddFinalizer(json.Ensure("metadata"), ClaimProtection);
                break;
            case ("", "PersistentVolume"):
                AddFinalizer(json.Ensure("metadata"), VolumeProtection);
                break;
            case ("batch", "Job"):
                LabelJobPods(json);
                break;
            case ("apps", "StatefulSet"):
                json["status"] ??= new JsonObject { ["replicas"] = 0, ["availableReplicas"] = 0 };
                break;
        }
    }

    /// <summary>Carries over what a client may leave out of an update although it is fixed.</summary>
    public static void OnUpdate(ResourceType type, JsonObject old, JsonObject json)
    {
        var (before, after) = (old["metadata"] as JsonObject ?? [], json.Ensure("metadata"));
        foreach (var name in (string[])["uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"])
        {
            if (after[name] is null && before[name] is { } kept)
            {
                after[name] = kept.DeepClone();
            }
        }

        if (type.Is("", "services"))
        {
            ServiceAdmission.CarryOver(old["spec"] as JsonObject ?? [], json.Ensure("spec"));
        }
        else if (type.Is("", "namespaces") && old["spec"] is { } spec)
        {
            json["spec"] = spec.DeepClone();
        }
    }

    private static string AccountName(JsonObject pod) => pod.Text("spec", "serviceAccountName") is { Length: > 0 } name ? name : "default";

    private static void AddNotReadyTaint(JsonObject spec)
    {
        if (spec.Objects("taints").Any(taint => taint.Text("key") == "node.kubernetes.io/not-ready"))
        {
            return;
        }

        var taints = spec["taints"] as JsonArray ?? [];
        taints.Add(new JsonObject { ["key"] = "node.kubernetes.io/not-ready", ["effect"] = "NoSchedule" });
        spec["taints"] = taints.DeepClone();
    }

    private static void AddFinalizer(JsonObject metadata, string finalizer)
    {
        if (metadata["finalizers"] is not JsonArray finalizers)
        {
            metadata["finalizers"] = new JsonArray(finalizer);
        }
        else if (!finalizers.Any(f => f.Text() == finalizer))
        {
            finalizers.Add(finalizer);
        }
    }

    private static void LabelJobPods(JsonObject job)
    {
        var uid = job.Text("metadata", "uid");
        var spec = job.Ensure("spec");
        if (spec.Flag("manualSelector") || spec["selector"] is not null || uid.Length == 0)
        {
            return;
        }

        var labels = spec.Ensure("template").Ensure("metadata").Ensure("labels");
        var name = job.Text("metadata", "name");
        foreach (var prefix in (string[])["", "batch.kubernetes.io/"])
        {
            labels[prefix + "controller-uid"] = uid;
            labels[prefix + "job-name"] = name;
        }

        spec["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["batch.kubernetes.io/controller-uid"] = uid } };
    }
}

/// <summary>Values of priority classes.</summary>
internal static class Priorities
{
    /// <summary>Value and preemption policy of a class; null when there is no such class.</summary>
    public static (int Value, string Preemption)? Of(string name, AdmissionContext context) => name switch
    {
        "system-cluster-critical" => (2_000_000_000, "PreemptLowerPriority"),
        "system-node-critical" => (2_000_001_000, "PreemptLowerPriority"),
        _ when context.Find(new ObjectKey("scheduling.k8s.io", "priorityclasses", "", name)) is { } found =>
            ((int)(found.Number("value") ?? 0), found.Text("preemptionPolicy") is { Length: > 0 } policy ? policy : "PreemptLowerPriority"),
        _ => null,
    };
}
