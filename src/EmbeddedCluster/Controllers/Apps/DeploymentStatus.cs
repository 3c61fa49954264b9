using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Apps;

/// <summary>Replicas of a Deployment by their state.</summary>
internal sealed record ReplicaCounts(long Wanted, long Total, long Updated, long Ready, long Available, long Terminating);

/// <summary>A Deployment's status as its controller writes it.</summary>
internal static class DeploymentStatus
{
    public static ReplicaCounts Count(JsonObject deployment, JsonObject current, IEnumerable<JsonObject> old)
    {
        var all = old.Append(current).ToList();
        long Sum(string field) => all.Sum(s => s.Number("status", field) ?? 0);
        return new(
            deployment.Number("spec", "replicas") ?? 1,
            Sum("replicas"),
            current.Number("status", "replicas") ?? 0,
            Sum("readyReplicas"),
            Sum("availableReplicas"),
            Sum("terminatingReplicas"));
    }

    /// <param name="set">Name of the current ReplicaSet.</param>
    /// <param name="overdue">Whether nothing moved for as long as the progress deadline.</param>
    /// <param name="moved">Whether the counts have changed since the last time.</param>
    public static JsonObject Of(JsonObject deployment, string set, ReplicaCounts counts, bool overdue, bool moved, SimulationClock clock)
    {
        var before = deployment.Object("status");
        var status = new JsonObject { ["observedGeneration"] = deployment.Generation() };
        void Number(string field, long count)
        {
            if (count > 0)
            {
                status[field] = count;
            }
        }

        Number("replicas", counts.Total);
        Number("updatedReplicas", counts.Updated);
        Number("readyReplicas", counts.Ready);
        Number("availableReplicas", counts.Available);
        Number("unavailableReplicas", Math.Max(0, Math.Max(counts.Wanted, counts.Total) - counts.Available));
        status["terminatingReplicas"] = counts.Terminating;
        status["conditions"] = before.Array("conditions").Copy() ?? new JsonArray();
        var complete = counts.Updated == counts.Wanted && counts.Total == counts.Wanted && counts.Available == counts.Wanted;
        SetProgressing(status, set, complete, overdue, moved && counts.Total > 0, clock);
        var enough = counts.Available >= counts.Wanted - Rollout.MaxUnavailable(deployment);
        Conditions.Set(
            status, clock, "Available", enough ? "True" : "False",
            enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            enough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.",
            "lastUpdateTime");
        return status;
    }

    // A Deployment that was complete once stays so: pods that come and go later are no roll-out.
    private static void SetProgressing(JsonObject status, string set, bool complete, bool overdue, bool moved, SimulationClock clock)
    {
        var current = status.Items("conditions").FirstOrDefault(c => c.Text("type") == "Progressing");
        var sameSet = current.Text("message")?.Contains($"\"{set}\"", StringComparison.Ordinal) == true;
        if (sameSet && current.Text("reason") == "NewReplicaSetAvailable")
        {
            return;
        }

        if (complete)
        {
            Conditions.Set(status, clock, "Progressing", "True", "NewReplicaSetAvailable", $"ReplicaSet \"{set}\" has successfully progressed.", "lastUpdateTime");
        }
        else if (overdue)
        {
            Conditions.Set(status, clock, "Progressing", "False", "ProgressDeadlineExceeded", $"ReplicaSet \"{set}\" has timed out progressing.", "lastUpdateTime");
        }
        else if (moved || !sameSet)
        {
            Conditions.Set(status, clock, "Progressing", "True", "ReplicaSetUpdated", $"ReplicaSet \"{set}\" is progressing.", "lastUpdateTime");
        }
    }
}
