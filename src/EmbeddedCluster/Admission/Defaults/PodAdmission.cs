using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Admission.Defaults;

/// <summary>What admission adds to a new pod: service account and its token volume, tolerations, priority, first status.</summary>
internal static class PodAdmission
{
    private const string TokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const int TokenSeconds = 3607;
    private const int TolerationSeconds = 300;

    public static void Apply(JsonObject pod, string account, AdmissionContext context)
    {
        var spec = pod.Ensure("spec");
        spec["serviceAccountName"] = account;
        spec["serviceAccount"] = account;
        var serviceAccount = context.Find(new Storage.ObjectKey("", "serviceaccounts", pod.Text("metadata", "namespace"), account));
        if (spec["imagePullSecrets"] is null && serviceAccount?["imagePullSecrets"] is JsonArray { Count: > 0 } secrets)
        {
            spec["imagePullSecrets"] = secrets.DeepClone();
        }

        if ((spec["automountServiceAccountToken"] ?? serviceAccount?["automountServiceAccountToken"])?.GetValueKind() != System.Text.Json.JsonValueKind.False)
        {
            MountToken(spec);
        }

        Tolerate(spec, "node.kubernetes.io/not-ready");
        Tolerate(spec, "node.kubernetes.io/unreachable");
        var (priority, preemption) = Priorities.Of(spec.Text("priorityClassName"), context) ?? (0, "PreemptLowerPriority");
        spec["priority"] = priority;
        spec["preemptionPolicy"] ??= preemption;
        var status = pod.Ensure("status");
        status.Fill("phase", "Pending");
        status["qosClass"] = Quality(spec);
    }

    private static void MountToken(JsonObject spec)
    {
        var containers = spec.Objects("initContainers").Concat(spec.Objects("containers")).Where(c => !c.Objects("volumeMounts").Any(m => m.Text("mountPath") == TokenPath)).ToList();
        if (containers.Count == 0)
        {
            return;
        }

        var volume = spec.Objects("volumes").Select(v => v.Text("name")).FirstOrDefault(n => n.StartsWith("kube-api-access-", StringComparison.Ordinal));
        if (volume is null)
        {
            volume = "kube-api-access-" + RandomNumberGenerator.GetString("bcdfghjklmnpqrstvwxz2456789", 5);
            Add(spec, "volumes", new JsonObject { ["name"] = volume, ["projected"] = TokenSources() });
        }

        foreach (var container in containers)
        {
            Add(container, "volumeMounts", new JsonObject { ["name"] = volume, ["readOnly"] = true, ["mountPath"] = TokenPath });
        }
    }

    private static JsonObject TokenSources() => new()
    {
        ["sources"] = new JsonArray(
            new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = TokenSeconds, ["path"] = "token" } },
            new JsonObject
            {
                ["configMap"] = new JsonObject
                {
                    ["name"] = "kube-root-ca.crt",
                    ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }),
                },
            },
            new JsonObject
            {
                ["downwardAPI"] = new JsonObject
                {
                    ["items"] = new JsonArray(new JsonObject
                    {
                        ["path"] = "namespace",
                        ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
                    }),
                },
            }),
        ["defaultMode"] = 420,
    };

    private static void Tolerate(JsonObject spec, string taint)
    {
        var tolerated = spec.Objects("tolerations").Any(t => (t.Text("key") == taint || t.Text("key").Length == 0) && t.Text("effect") is "NoExecute" or "");
        if (!tolerated)
        {
            Add(spec, "tolerations", new JsonObject { ["key"] = taint, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = TolerationSeconds });
        }
    }

    /// <summary>Quality of service: guaranteed when every container limits cpu and memory to what it requests, best effort when none asks for anything.</summary>
    private static string Quality(JsonObject spec)
    {
        var containers = spec.Objects("initContainers").Concat(spec.Objects("containers")).Select(c => c.Object("resources")).ToList();
        string[] counted = ["cpu", "memory"];
        if (!containers.Any(r => counted.Any(name => r.At("requests", name) is not null || r.At("limits", name) is not null)))
        {
            return "BestEffort";
        }

        var guaranteed = containers.All(r => counted.All(name => r.At("limits", name) is { } limit && Json.Same(limit, r.At("requests", name) ?? limit)));
        return guaranteed ? "Guaranteed" : "Burstable";
    }

    private static void Add(JsonObject json, string list, JsonObject item)
    {
        if (json[list] is not JsonArray array)
        {
            json[list] = array = [];
        }

        array.Add(item);
    }
}
