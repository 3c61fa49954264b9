using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Rules that steps and tasks have in common.</summary>
internal static class GroupRules
{
    /// <summary>Whether a failure of this step or task is put up with.</summary>
    public static bool ContinuesOn(JsonObject step, string? phase) =>
        (phase == NodePhase.Failed && step.Flag("continueOn", "failed")) || (phase == NodePhase.Error && step.Flag("continueOn", "error"));

    /// <summary>A node that stands for a step or task whose <c>when</c> is false; null when it is to run.</summary>
    /// <exception cref="TemplateFault">The condition is malformed.</exception>
    public static JsonObject? Skip(WorkflowState state, string nodeName, JsonObject step, JsonObject boundary)
    {
        if (state.Tree.Find(nodeName) is not null || step.Text("when") is not { Length: > 0 } condition || Condition.IsTrue(condition, word => word == "true"))
        {
            return null;
        }

        return state.Tree.Add(nodeName, "Skipped", step.Text("template"), boundary, NodePhase.Skipped, $"when '{condition}' evaluated false");
    }

    /// <summary>The nodes after which what follows this node begins.</summary>
    public static IEnumerable<JsonObject> Outbound(NodeTree tree, JsonObject node)
    {
        if (node.Array("outboundNodes") is { } outbound)
        {
            return outbound.Select(id => tree.ById(id.Text() ?? "")).OfType<JsonObject>();
        }

        return node.Text("type") switch
        {
            "Retry" when tree.ChildrenOf(node).LastOrDefault() is { } last => Outbound(tree, last),
            "TaskGroup" when node["children"] is not null => tree.ChildrenOf(node).SelectMany(c => Outbound(tree, c)),
            _ => [node],
        };
    }

    public static JsonArray Ids(IEnumerable<JsonObject> nodes) => [.. nodes.Select(n => JsonValue.Create(n.Text("id"))).DistinctBy(id => id.Text())];
}
