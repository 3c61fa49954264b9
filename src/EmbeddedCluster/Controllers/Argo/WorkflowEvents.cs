using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Events about a workflow and its nodes, from what one pass changed.</summary>
internal static class WorkflowEvents
{
    public static void Record(Cluster cluster, string component, JsonObject before, StoredObject after)
    {
        var nodes = before.Object("status", "nodes");
        foreach (var (id, node) in after.Json.Object("status", "nodes") ?? [])
        {
            var (phase, previous) = (node.Text("phase"), nodes.Text(id, "phase"));
            if (phase == previous || phase is NodePhase.Pending or NodePhase.Skipped or NodePhase.Omitted)
            {
                continue;
            }

            if (previous is null or NodePhase.Pending && NodePhase.IsFulfilled(phase))
            {
                Node(cluster, component, after, node, NodePhase.Running, null);
            }

            Node(cluster, component, after, node, phase!, node.Text("message"));
        }

        if (after.Json.Text("status", "phase") is not { } now || now == before.Text("status", "phase"))
        {
            return;
        }

        switch (now)
        {
            case NodePhase.Running:
                cluster.Events.Normal(after, component, "WorkflowRunning", "Workflow Running");
                break;
            case NodePhase.Succeeded:
                cluster.Events.Normal(after, component, "WorkflowSucceeded", "Workflow completed");
                break;
            case NodePhase.Failed or NodePhase.Error:
                cluster.Events.Warning(after, component, "WorkflowFailed", after.Json.Text("status", "message") ?? "");
                break;
        }
    }

    private static void Node(Cluster cluster, string component, StoredObject workflow, JsonNode? node, string phase, string? message)
    {
        var text = $"{phase} node {node.Text("name")}{(message is null ? "" : ": " + message)}";
        if (phase is NodePhase.Running or NodePhase.Succeeded)
        {
            cluster.Events.Normal(workflow, component, "WorkflowNode" + phase, text);
        }
        else
        {
            cluster.Events.Warning(workflow, component, "WorkflowNode" + phase, text);
        }
    }
}
