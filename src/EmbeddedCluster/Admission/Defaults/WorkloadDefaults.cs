using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Admission.Defaults;

/// <summary>Defaults of the kinds that make pods.</summary>
internal static class WorkloadDefaults
{
    public static void Apply(string kind, JsonObject spec)
    {
        if (kind == "CronJob")
        {
            spec.Fill("concurrencyPolicy", "Allow");
            spec.Fill("suspend", false);
            spec.Fill("successfulJobsHistoryLimit", 3);
            spec.Fill("failedJobsHistoryLimit", 1);
            var job = spec.Ensure("jobTemplate");
            job.Ensure("metadata");
            PodDefaults.ApplyToTemplate(job.Ensure("spec"));
            return;
        }

        PodDefaults.ApplyToTemplate(spec);
        switch (kind)
        {
            case "Deployment":
                spec.Fill("replicas", 1);
                Rolling(spec.Ensure("strategy"), ("maxUnavailable", "25%"), ("maxSurge", "25%"));
                spec.Fill("revisionHistoryLimit", 10);
                spec.Fill("progressDeadlineSeconds", 600);
                break;
            case "ReplicaSet" or "ReplicationController":
                spec.Fill("replicas", 1);
                break;
            case "StatefulSet":
                StatefulSet(spec);
                break;
            case "DaemonSet":
                Rolling(spec.Ensure("updateStrategy"), ("maxUnavailable", 1), ("maxSurge", 0));
                spec.Fill("revisionHistoryLimit", 10);
                break;
            case "Job":
                Job(spec);
                break;
        }
    }

    private static void StatefulSet(JsonObject spec)
    {
        spec.Fill("replicas", 1);
        spec.Fill("podManagementPolicy", "OrderedReady");
        Rolling(spec.Ensure("updateStrategy"), ("partition", 0));
        spec.Fill("revisionHistoryLimit", 10);
        var retention = spec.Ensure("persistentVolumeClaimRetentionPolicy");
        retention.Fill("whenDeleted", "Retain");
        retention.Fill("whenScaled", "Retain");
        foreach (var claim in spec.Objects("volumeClaimTemplates"))
        {
            claim.Fill("kind", "PersistentVolumeClaim");
            claim.Fill("apiVersion", "v1");
            ObjectDefaults.Claim(claim);
        }
    }

    private static void Job(JsonObject spec)
    {
        if (spec["completions"] is null && spec["parallelism"] is null)
        {
            spec["completions"] = 1;
        }

        spec.Fill("parallelism", 1);
        spec.Fill("backoffLimit", 6);
        spec.Fill("completionMode", "NonIndexed");
        spec.Fill("suspend", false);
        spec.Fill("podReplacementPolicy", "TerminatingOrFailed");
    }

    private static void Rolling(JsonObject strategy, params (string Name, JsonNode Value)[] values)
    {
        strategy.Fill("type", "RollingUpdate");
        if (strategy.Text("type") == "RollingUpdate")
        {
            var rolling = strategy.Ensure("rollingUpdate");
            foreach (var (name, value) in values)
            {
                rolling.Fill(name, value);
            }
        }
    }
}
