using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Defaults;

/// <summary>Fills in the fields that the API server fills in when it reads an object, on create and on update alike.</summary>
internal static class ObjectDefaults
{
    public static void Apply(ResourceType type, JsonObject json)
    {
        if (type.Custom)
        {
            return;
        }

        switch (type.Group, type.Kind)
        {
            case ("", "Pod"):
                PodDefaults.ApplyToPod(json);
                break;
            case ("", "PodTemplate"):
                PodDefaults.ApplyToTemplate(json);
                break;
            case ("apps" or "batch" or "", "Deployment" or "ReplicaSet" or "ReplicationController" or "StatefulSet" or "DaemonSet" or "Job" or "CronJob"):
                WorkloadDefaults.Apply(type.Kind, json.Ensure("spec"));
                break;
            case ("", "Service"):
                ServiceDefaults.Apply(json.Ensure("spec"));
                break;
            case ("rbac.authorization.k8s.io", "RoleBinding" or "ClusterRoleBinding"):
                RoleBinding(json);
                break;
            case ("", _):
                Core(type.Kind, json);
                break;
            case ("storage.k8s.io", "StorageClass"):
                json.Fill("reclaimPolicy", "Delete");
                json.Fill("volumeBindingMode", "Immediate");
                break;
            case ("scheduling.k8s.io", "PriorityClass"):
                json.Fill("preemptionPolicy", "PreemptLowerPriority");
                break;
            case ("autoscaling", "HorizontalPodAutoscaler"):
                json.Ensure("spec").Fill("minReplicas", 1);
                break;
        }
    }

    /// <summary>Defaults of a claim's spec, also of the templates in a stateful set.</summary>
    public static void Claim(JsonObject claim)
    {
        claim.Ensure("spec").Fill("volumeMode", "Filesystem");
        claim.Ensure("status").Fill("phase", "Pending");
    }

    private static void Core(string kind, JsonObject json)
    {
        switch (kind)
        {
            case "Secret":
                Secret(json);
                break;
            case "PersistentVolumeClaim":
                Claim(json);
                break;
            case "PersistentVolume":
                json.Ensure("spec").Fill("persistentVolumeReclaimPolicy", "Retain");
                json.Ensure("spec").Fill("volumeMode", "Filesystem");
                json.Ensure("status").Fill("phase", "Pending");
                break;
            case "Namespace":
                json.Ensure("metadata").Ensure("labels")["kubernetes.io/metadata.name"] = json.Text("metadata", "name");
                json.Ensure("status").Fill("phase", "Active");
                break;
            case "Node" when json.Object("status", "capacity") is { } capacity && json.Object("status", "allocatable") is null:
                json.Ensure("status")["allocatable"] = capacity.DeepClone();
                break;
            case "Endpoints":
                foreach (var port in json.Objects("subsets").SelectMany(subset => subset.Objects("ports")))
                {
                    port.Fill("protocol", "TCP");
                }

                break;
        }
    }

    private static void Secret(JsonObject json)
    {
        json.Fill("type", "Opaque");
        if (json.Object("stringData") is { } plain)
        {
            var data = json.Ensure("data");
            foreach (var (key, value) in plain)
            {
                data[key] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(value.Text()));
            }

            json.Remove("stringData");
        }
    }

    private static void RoleBinding(JsonObject json)
    {
        json.Ensure("roleRef").Fill("apiGroup", "rbac.authorization.k8s.io");
        foreach (var subject in json.Objects("subjects").Where(s => s.Text("kind") is "User" or "Group"))
        {
            subject.Fill("apiGroup", "rbac.authorization.k8s.io");
        }
    }
}
