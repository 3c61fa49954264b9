using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Scheduling;

/// <summary>Why a node does not take a pod.</summary>
/// <param name="Reasons">The scheduler's words, one for each resource that is short.</param>
/// <param name="PreemptionCouldHelp">Whether the pod would fit if other pods left.</param>
internal sealed record Misfit(IReadOnlyList<string> Reasons, bool PreemptionCouldHelp);

/// <summary>The scheduler's filters in its order; the first that refuses speaks for the node.</summary>
internal static class NodeFit
{
    /// <summary>Null when the node takes the pod.</summary>
    public static Misfit? Check(JsonNode pod, IReadOnlyDictionary<string, decimal> requests, NodeInfo node)
    {
        if (node.Json.Flag("spec", "unschedulable") && !Tolerations.Tolerates(pod, new() { ["key"] = "node.kubernetes.io/unschedulable", ["effect"] = "NoSchedule" }))
        {
            return new(["node(s) were unschedulable"], false);
        }

        if (node.Json.Items("spec", "taints").Any(t => t.Text("effect") is "NoSchedule" or "NoExecute" && !Tolerations.Tolerates(pod, t)))
        {
            return new(["node(s) had untolerated taint(s)"], false);
        }

        return !NodeAffinity.Matches(pod, node.Json!) ? new(["node(s) didn't match Pod's node affinity/selector"], false)
            : Resources(requests, node) ?? (VirtualDevices.Place(pod, node.Json!, node.Shares) is null ? new(["CardInsufficientMemory"], true) : null);
    }

    private static Misfit? Resources(IReadOnlyDictionary<string, decimal> requests, NodeInfo node)
    {
        var reasons = new List<string>();
        var couldFitEmpty = true;
        if (node.Pods + 1 > node.Allocatable.GetValueOrDefault("pods"))
        {
            reasons.Add("Too many pods");
        }

        foreach (var (resource, amount) in requests)
        {
            var allocatable = node.Allocatable.GetValueOrDefault(resource);
            if (amount > 0 && !VirtualDevices.IsOfCards(resource) && amount > allocatable - node.Requested.GetValueOrDefault(resource))
            {
                reasons.Add($"Insufficient {resource}");
                couldFitEmpty &= amount <= allocatable;
            }
        }

        return reasons.Count == 0 ? null : new(reasons, couldFitEmpty);
    }
}
