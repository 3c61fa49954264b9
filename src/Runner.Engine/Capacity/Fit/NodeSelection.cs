using System.Globalization;
using k8s.Models;

namespace Runner.Engine.Capacity.Fit;

/// <summary>Whether a node is one of those that a pod wishes for, and which of its taints the pod does not bear. Pure.</summary>
internal static class NodeSelection
{
    /// <summary>What of the node selector and the required node affinity a node does not satisfy, as text; empty when it satisfies them.</summary>
    public static IEnumerable<string> Unmet(V1PodSpec spec, NodeCapacity node)
    {
        foreach (var (key, value) in spec.NodeSelector ?? new Dictionary<string, string>())
        {
            if (node.Labels.GetValueOrDefault(key) != value)
            {
                yield return $"{key}={value}";
            }
        }

        if (spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is { } required && !(required.NodeSelectorTerms ?? []).Any(term => Matches(term, node)))
        {
            yield return string.Join(" | ", (required.NodeSelectorTerms ?? []).Select(Text));
        }
    }

    /// <summary>The taints that keep the pod away.</summary>
    public static IEnumerable<NodeTaint> Untolerated(V1PodSpec spec, NodeCapacity node) =>
        node.Taints.Where(taint => taint.Repels && !Tolerates(spec, taint));

    /// <summary>Whether one of the pod's tolerations accepts a taint.</summary>
    public static bool Tolerates(V1PodSpec spec, NodeTaint taint) => (spec.Tolerations ?? []).Any(toleration => Accepts(toleration, taint));

    private static bool Accepts(V1Toleration toleration, NodeTaint taint)
    {
        var exists = toleration.OperatorProperty == "Exists";
        return (string.IsNullOrEmpty(toleration.Effect) || toleration.Effect == taint.Effect)
            && (string.IsNullOrEmpty(toleration.Key) ? exists : toleration.Key == taint.Key)
            && (exists || (toleration.Value ?? "") == taint.Value);
    }

    // A term without any requirement matches nothing.
    private static bool Matches(V1NodeSelectorTerm term, NodeCapacity node)
    {
        var (labels, fields) = (term.MatchExpressions ?? [], term.MatchFields ?? []);
        return labels.Count + fields.Count > 0
            && labels.All(requirement => Matches(requirement, node.Labels.GetValueOrDefault(requirement.Key)))
            && fields.All(requirement => requirement.Key == "metadata.name" && Matches(requirement, node.Name));
    }

    private static bool Matches(V1NodeSelectorRequirement requirement, string? value) => requirement.OperatorProperty switch
    {
        "In" => value is not null && (requirement.Values ?? []).Contains(value),
        "NotIn" => value is null || !(requirement.Values ?? []).Contains(value),
        "Exists" => value is not null,
        "DoesNotExist" => value is null,
        "Gt" => Number(value) is { } left && Number(requirement.Values?.FirstOrDefault()) is { } right && left > right,
        "Lt" => Number(value) is { } left && Number(requirement.Values?.FirstOrDefault()) is { } right && left < right,
        _ => false,
    };

    private static long? Number(string? text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(V1NodeSelectorTerm term) => string.Join(", ", (term.MatchExpressions ?? []).Concat(term.MatchFields ?? [])
        .Select(requirement => $"{requirement.Key} {requirement.OperatorProperty} {string.Join(',', requirement.Values ?? [])}".TrimEnd()));
}
