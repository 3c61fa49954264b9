using FsCheck;
using FsCheck.Fluent;
using k8s.Models;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Scheduling;

namespace Runner.Tests.Engine.Scheduling;

/// <summary>The merge of affinities against Kubernetes' own reading of them, over any affinities and any nodes.</summary>
public sealed class NodeAffinityProperties
{
    private static readonly Gen<V1NodeSelectorRequirement> Requirements =
        from key in Gen.Elements("zone", "disk", NodeAffinityRules.NodeNameLabel)
        from @operator in Gen.Elements("In", "NotIn", "Exists", "DoesNotExist")
        from values in Gen.Elements("a", "b", "c").NonEmptyListOf()
        select new V1NodeSelectorRequirement { Key = key, OperatorProperty = @operator, Values = @operator is "In" or "NotIn" ? [.. values] : null };

    private static readonly Gen<V1NodeSelectorTerm> Terms =
        from expressions in Requirements.ListOf()
        select new V1NodeSelectorTerm { MatchExpressions = expressions.Count > 0 ? [.. expressions] : null };

    private static readonly Gen<V1NodeAffinity> Affinities =
        from terms in Terms.NonEmptyListOf()
        from preferred in Terms.ListOf()
        select new V1NodeAffinity
        {
            RequiredDuringSchedulingIgnoredDuringExecution = new() { NodeSelectorTerms = [.. terms] },
            PreferredDuringSchedulingIgnoredDuringExecution = [.. preferred.Select((term, index) => new V1PreferredSchedulingTerm { Weight = index + 1, Preference = term })],
        };

    private static readonly Gen<Dictionary<string, string>> Nodes =
        from zone in Gen.Elements("a", "b", "c", "")
        from disk in Gen.Elements("a", "b", "c", "")
        from name in Gen.Elements("a", "b", "c")
        select new Dictionary<string, string> { ["zone"] = zone, ["disk"] = disk, [NodeAffinityRules.NodeNameLabel] = name }
            .Where(label => label.Value.Length > 0).ToDictionary();

    [Fact]
    public void A_node_satisfies_a_merge_exactly_when_it_satisfies_every_part() =>
        Prop.ForAll(Affinities.ListOf().ToArbitrary(), Nodes.ToArbitrary(), (parts, node) =>
            Satisfies(node, NodeAffinityRules.Merge(parts)) == parts.All(part => Satisfies(node, part))).QuickCheckThrowOnFailure();

    [Fact]
    public void Preferences_add_up_in_their_order() =>
        Prop.ForAll(Affinities.ListOf().ToArbitrary(), parts =>
            (NodeAffinityRules.Merge(parts)?.PreferredDuringSchedulingIgnoredDuringExecution ?? [])
                .SequenceEqual(parts.SelectMany(part => part.PreferredDuringSchedulingIgnoredDuringExecution))).QuickCheckThrowOnFailure();

    [Fact]
    public void Parts_that_say_nothing_change_nothing() =>
        Prop.ForAll(Affinities.ToArbitrary(), Nodes.ToArbitrary(), (affinity, node) =>
            Satisfies(node, NodeAffinityRules.Merge(null, affinity, new V1NodeAffinity(), new() { RequiredDuringSchedulingIgnoredDuringExecution = new() }))
                == Satisfies(node, affinity)).QuickCheckThrowOnFailure();

    [Fact]
    public void Whole_accelerators_shares_and_pods_without_any_are_kept_apart_on_every_known_node()
    {
        var nodes =
            from kinds in Gen.Elements((Enable: false, Has: false), (Enable: false, Has: true), (Enable: true, Has: true)).NonEmptyListOf()
            select kinds.Select((kind, index) => new NodeRequest { Name = $"node-{index}", EnableVxpu = kind.Enable, HasXpu = kind.Has }).ToList();
        var hardware = Gen.Elements(
            new HardwareRequest(),
            new HardwareRequest { Gpu = new() { Num = "1", ResourceName = "nvidia.com/gpu" } },
            new HardwareRequest { Gpu = new() { Num = "1", ResourceName = "nvidia.com/vgpu", ResourceMemName = "nvidia.com/vgpumem", MemSize = "4096" } });

        Prop.ForAll(nodes.ToArbitrary(), hardware.ToArbitrary(), Gen.Elements(false, true).ToArbitrary(), (known, wanted, allow) =>
        {
            var resources = ResourceRules.From(wanted, new(), []);
            var affinity = NodeAffinityRules.ForNodes(known, resources, allow);
            return known.All(node => Satisfies(new() { [NodeAffinityRules.NodeNameLabel] = node.Name }, affinity) == resources switch
            {
                { HasShare: true } => node.EnableVxpu,
                { HasAccelerator: true } => !node.EnableVxpu,
                _ => !node.EnableVxpu && (allow || !node.HasXpu),
            });
        }).QuickCheckThrowOnFailure();
    }

    /// <summary>As the scheduler reads it: terms are alternatives, a term that holds nothing matches nothing, no terms at all say nothing.</summary>
    private static bool Satisfies(Dictionary<string, string> labels, V1NodeAffinity? affinity) =>
        affinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms is not { Count: > 0 } terms
        || terms.Any(term => term.MatchExpressions is { Count: > 0 } expressions && expressions.All(expression => Satisfies(labels, expression)));

    private static bool Satisfies(Dictionary<string, string> labels, V1NodeSelectorRequirement expression) => expression.OperatorProperty switch
    {
        "In" => labels.TryGetValue(expression.Key, out var value) && expression.Values.Contains(value),
        "NotIn" => !labels.TryGetValue(expression.Key, out var value) || !expression.Values.Contains(value),
        "Exists" => labels.ContainsKey(expression.Key),
        _ => !labels.ContainsKey(expression.Key),
    };
}
