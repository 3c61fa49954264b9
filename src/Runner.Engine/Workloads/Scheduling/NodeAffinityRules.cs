using k8s.Models;
using Runner.Engine.Workloads.Containers;

namespace Runner.Engine.Workloads.Scheduling;

/// <summary>Which nodes a pod may or should run on. Pure.</summary>
internal static class NodeAffinityRules
{
    /// <summary>Every node bears its name under this label.</summary>
    public const string NodeNameLabel = "kubernetes.io/hostname";

    /// <summary>
    /// Keeps apart what should not share a node: pods without accelerators stay off nodes that have some, whole accelerators off nodes that hand
    /// them out in shares, and shares off the others. Null where nothing is to be kept apart.
    /// </summary>
    /// <param name="nodes">The nodes as the hub knows them. A node it does not know yet stays open to all but shares.</param>
    /// <param name="allowWithoutAccelerator">Whether pods without accelerators may run beside accelerators.</param>
    public static V1NodeAffinity? ForNodes(IEnumerable<NodeRequest?>? nodes, ResourceRules resources, bool allowWithoutAccelerator)
    {
        var known = (nodes ?? []).OfType<NodeRequest>().Where(node => node.Name.Length > 0).DistinctBy(node => node.Name).ToList();
        if (resources.HasShare && known.Any(node => node.EnableVxpu))
        {
            return Require("In", known.Where(node => node.EnableVxpu));
        }

        var isKeptOff = resources switch
        {
            { HasShare: true } => (Func<NodeRequest, bool>)(node => !node.EnableVxpu),
            { HasAccelerator: false } when !allowWithoutAccelerator => node => node.HasXpu || node.EnableVxpu,
            _ => node => node.EnableVxpu,
        };
        return known.Any(isKeptOff) ? Require("NotIn", known.Where(isKeptOff)) : null;
    }

    /// <summary>
    /// A node satisfies the merged affinity exactly when it satisfies each of the parts; preferences add up. A part that is null or has no terms says nothing.
    /// </summary>
    public static V1NodeAffinity? Merge(params IEnumerable<V1NodeAffinity?> parts)
    {
        V1NodeAffinity? merged = null;
        foreach (var part in parts.OfType<V1NodeAffinity>())
        {
            merged = new()
            {
                RequiredDuringSchedulingIgnoredDuringExecution =
                    Both(merged?.RequiredDuringSchedulingIgnoredDuringExecution, part.RequiredDuringSchedulingIgnoredDuringExecution),
                PreferredDuringSchedulingIgnoredDuringExecution = OrNull<V1PreferredSchedulingTerm>(
                    [.. merged?.PreferredDuringSchedulingIgnoredDuringExecution ?? [], .. (part.PreferredDuringSchedulingIgnoredDuringExecution ?? []).Where(term => term is not null)]),
            };
        }

        return merged is { RequiredDuringSchedulingIgnoredDuringExecution: null, PreferredDuringSchedulingIgnoredDuringExecution: null } ? null : merged;
    }

    private static V1NodeSelector? Both(V1NodeSelector? left, V1NodeSelector? right)
    {
        var lefts = TermsOf(left);
        var rights = TermsOf(right);
        if (lefts.Count == 0 || rights.Count == 0)
        {
            List<V1NodeSelectorTerm> only = lefts.Count > 0 ? lefts : rights;
            return only.Count > 0 ? new() { NodeSelectorTerms = only } : null;
        }

        // Terms are alternatives, what a term holds must all be true. A term that holds nothing matches no node, so it can be left out of a product.
        List<V1NodeSelectorTerm> both =
        [
            .. from a in lefts
               where !IsEmpty(a)
               from b in rights
               where !IsEmpty(b)
               select new V1NodeSelectorTerm
               {
                   MatchExpressions = OrNull<V1NodeSelectorRequirement>([.. a.MatchExpressions ?? [], .. b.MatchExpressions ?? []]),
                   MatchFields = OrNull<V1NodeSelectorRequirement>([.. a.MatchFields ?? [], .. b.MatchFields ?? []]),
               },
        ];
        return new() { NodeSelectorTerms = both.Count > 0 ? both : [new()] };
    }

    private static List<V1NodeSelectorTerm> TermsOf(V1NodeSelector? selector) => [.. (selector?.NodeSelectorTerms ?? []).Where(term => term is not null)];

    private static bool IsEmpty(V1NodeSelectorTerm term) => term is { MatchExpressions: null or { Count: 0 }, MatchFields: null or { Count: 0 } };

    private static List<T>? OrNull<T>(List<T> items) => items.Count > 0 ? items : null;

    private static V1NodeAffinity Require(string @operator, IEnumerable<NodeRequest> nodes) => new()
    {
        RequiredDuringSchedulingIgnoredDuringExecution = new()
        {
            NodeSelectorTerms =
            [
                new()
                {
                    MatchExpressions =
                    [
                        new() { Key = NodeNameLabel, OperatorProperty = @operator, Values = [.. nodes.Select(node => node.Name).Order(StringComparer.Ordinal)] },
                    ],
                },
            ],
        },
    };
}
