using Runner.EmbeddedCluster.Controllers.Kubelet;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Ends what runs when the workflow is shut down or its deadline has passed.</summary>
internal static class ExecutionControl
{
    /// <summary>The message of a node that was stopped.</summary>
    public static string Message(WorkflowState state) =>
        state.Shutdown is { } strategy ? $"workflow shutdown with strategy:  {strategy}" : "Step exceeded its deadline";

    public static void Apply(WorkflowState state)
    {
        if (state.Shutdown is null && !state.PastDeadline)
        {
            return;
        }

        foreach (var node in state.Tree.All.Where(n => n.Text("type") is "Pod" or "Suspend" && !NodePhase.IsFulfilled(n.Text("phase"))).ToList())
        {
            var pod = state.Pods.GetValueOrDefault(node.Text("id")!);
            if (!state.MustStop(onExit: pod?.Json.Label(ArgoKeys.OnExit) == "true"))
            {
                continue;
            }

            if (pod is not null)
            {
                Terminate(state.Cluster, pod);
            }

            state.Tree.Mark(node, NodePhase.Failed, Message(state));
        }
    }

    // A pod that has not begun is removed, the containers of one that runs are told to stop.
    private static void Terminate(Cluster cluster, StoredObject pod)
    {
        if (pod.Json.Text("status", "phase") is not "Running")
        {
            cluster.Delete(pod.Key);
            return;
        }

        var edited = pod.Edit();
        edited.Ensure("metadata", "annotations")[KubeletController.TerminateAnnotation] = "true";
        cluster.Update(pod, edited);
    }
}
