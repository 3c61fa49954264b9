using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>What becomes of pods and workflows that have ended: labels, <c>podGC</c>, <c>ttlStrategy</c>.</summary>
internal static class WorkflowCleanup
{
    /// <summary>Labels the pods of fulfilled nodes as completed, and removes those that <c>podGC</c> wants removed at once.</summary>
    /// <param name="state">The workflow with the status just written.</param>
    public static void MarkPods(Cluster cluster, StoredObject workflow, JsonObject state)
    {
        foreach (var pod in cluster.Cache.OwnedBy(workflow.Json.Uid(), ObjectKind.Pod))
        {
            var phase = state.Text("status", "nodes", pod.Json.Annotation(ArgoKeys.NodeId) ?? "", "phase");
            if (pod.Json.IsDeleting() || !NodePhase.IsFulfilled(phase) || pod.Json.Text("status", "phase") is not ("Succeeded" or "Failed"))
            {
                continue;
            }

            if (IsGarbage(state, phase))
            {
                cluster.Delete(pod.Key);
            }
            else if (pod.Json.Label(ArgoKeys.Completed) != "true")
            {
                var edited = pod.Edit();
                edited.Ensure("metadata", "labels")[ArgoKeys.Completed] = "true";
                cluster.Update(pod, edited);
            }
        }
    }

    /// <summary>Tends a workflow that has ended; removes it when its time to live is over.</summary>
    /// <returns>Simulated time until it must be looked at again; null for never.</returns>
    public static TimeSpan? Run(Cluster cluster, StoredObject workflow, DateTimeOffset finished)
    {
        MarkPods(cluster, workflow, workflow.Json);
        if (TimeToLive(workflow.Json) is not { } life)
        {
            return null;
        }

        if (!cluster.Clock.Passed(finished, life))
        {
            return cluster.Clock.Until(cluster.Clock.After(finished, life));
        }

        cluster.Delete(workflow.Key);
        return null;
    }

    // The strategy for how it ended counts before the one for any end.
    private static TimeSpan? TimeToLive(JsonObject workflow)
    {
        var strategy = workflow.Object("spec", "ttlStrategy");
        var seconds = strategy.Number(workflow.Text("status", "phase") == NodePhase.Succeeded ? "secondsAfterSuccess" : "secondsAfterFailure") ?? strategy.Number("secondsAfterCompletion");
        return seconds is { } given ? TimeSpan.FromSeconds(given) : null;
    }

    private static bool IsGarbage(JsonObject workflow, string? nodePhase)
    {
        var phase = workflow.Text("status", "phase");
        return workflow.Text("spec", "podGC", "strategy") switch
        {
            "OnPodCompletion" => true,
            "OnPodSuccess" => nodePhase == NodePhase.Succeeded,
            "OnWorkflowCompletion" => NodePhase.IsFulfilled(phase),
            "OnWorkflowSuccess" => phase == NodePhase.Succeeded,
            _ => false,
        };
    }
}
