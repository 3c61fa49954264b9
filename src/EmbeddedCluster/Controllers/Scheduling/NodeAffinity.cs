using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Scheduling;

/// <summary>Node selector and node affinity.</summary>
internal static class NodeAffinity
{
    /// <summary>Whether a node has every label of the selector and satisfies one of the required terms, where there are any.</summary>
    public static bool Matches(JsonNode pod, JsonObject node)
    {
        var labels = node.Object("metadata", "labels");
        if (pod.Map("spec", "nodeSelector").Any(s => labels.Text(s.Key) != s.Value))
        {
            return false;
        }

        return pod.Object("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution") is not { } required
            || required.Items("nodeSelectorTerms").Any(t => Term(t, node));
    }

    /// <summary>Sum of the weights of preferred terms the node satisfies.</summary>
    public static long Preference(JsonNode pod, JsonObject node) =>
        pod.Items("spec", "affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution")
            .Where(p => p.Object("preference") is { } term && Term(term, node))
            .Sum(p => p.Number("weight") ?? 0);

    // A term without any requirement matches nothing.
    private static bool Term(JsonObject term, JsonObject node)
    {
        var labels = term.Items("matchExpressions").ToList();
        var fields = term.Items("matchFields").ToList();
        return labels.Count + fields.Count > 0
            && labels.All(e => LabelSelector.Expression(e, node.Object("metadata", "labels")))
            && fields.All(e => LabelSelector.Expression(e, new JsonObject { ["metadata.name"] = node.Name() }));
    }
}
