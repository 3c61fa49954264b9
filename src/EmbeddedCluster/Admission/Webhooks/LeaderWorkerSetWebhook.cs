using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Webhooks;

/// <summary>What the LeaderWorkerSet's schema and webhook fill in and refuse.</summary>
internal static class LeaderWorkerSetWebhook
{
    public const string Group = "leaderworkerset.x-k8s.io";

    public static JsonObject Default(JsonObject set)
    {
        var spec = set.Ensure("spec");
        spec.Fill("replicas", 1);
        spec.Fill("startupPolicy", "LeaderCreated");
        spec.Ensure("networkConfig").Fill("subdomainPolicy", "Shared");
        var rollout = spec.Ensure("rolloutStrategy");
        rollout.Fill("type", "RollingUpdate");
        var rolling = rollout.Ensure("rollingUpdateConfiguration");
        rolling.Fill("maxUnavailable", 1);
        rolling.Fill("maxSurge", 0);
        var template = spec.Ensure("leaderWorkerTemplate");
        template.Fill("size", 1);
        template.Fill("restartPolicy", "RecreateGroupOnPodRestart");
        foreach (var port in ((string[])["leaderTemplate", "workerTemplate"])
            .Select(name => template.Object(name, "spec"))
            .SelectMany(pod => pod.Objects("initContainers").Concat(pod.Objects("containers")))
            .SelectMany(container => container.Objects("ports")))
        {
            port.Fill("protocol", "TCP");
        }

        return set;
    }

    public static IEnumerable<StatusCause> Validate(JsonObject set)
    {
        if (set.Number("spec", "replicas") is < 0 and var replicas)
        {
            yield return Fault.Invalid(".spec.replicas", replicas, "should be a non-negative integer");
        }
    }
}
