using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>A template of steps: groups one after the other, the steps of a group at the same time.</summary>
internal sealed class StepsRunner(WorkflowState state, TemplateRunner templates)
{
    /// <exception cref="TemplateFault">A step cannot be carried out as written.</exception>
    public JsonObject Execute(string nodeName, string? name, JsonObject template, JsonObject? boundary)
    {
        var node = state.Tree.Find(nodeName) ?? state.Tree.Add(nodeName, "Steps", name, boundary, NodePhase.Running);
        var scope = new Dictionary<string, string>(state.Globals);
        List<JsonObject> before = [node];
        var groups = template.Array("steps")!;
        for (var i = 0; i < groups.Count; i++)
        {
            var group = Group(string.Create(CultureInfo.InvariantCulture, $"{nodeName}[{i}]"), node, before);
            var steps = (groups[i] as JsonArray ?? groups[i].Array("steps"))?.OfType<JsonObject>().Select(s => Substitution.Apply(s, scope)).ToList() ?? [];
            if (!NodePhase.IsFulfilled(group.Text("phase")) && !Advance(group, steps, node))
            {
                return node;
            }

            if (NodePhase.IsFailure(group.Text("phase")))
            {
                node["outboundNodes"] = GroupRules.Ids(state.Tree.ChildrenOf(group).SelectMany(c => GroupRules.Outbound(state.Tree, c)));
                return state.Tree.Mark(node, NodePhase.Failed, group.Text("message"));
            }

            foreach (var step in steps)
            {
                Offer(scope, group, step);
            }

            before = [.. state.Tree.ChildrenOf(group).SelectMany(c => GroupRules.Outbound(state.Tree, c))];
            before = before.Count == 0 ? [group] : before;
        }

        WorkflowOutputs.Collect(state, node, template, scope);
        node["outboundNodes"] = GroupRules.Ids(before);
        return state.Tree.Mark(node, NodePhase.Succeeded);
    }

    private JsonObject Group(string groupName, JsonObject node, List<JsonObject> before)
    {
        if (state.Tree.Find(groupName) is { } known)
        {
            return known;
        }

        var group = state.Tree.Add(groupName, "StepGroup", null, node, NodePhase.Running);
        before.ForEach(previous => NodeTree.Connect(previous, group));
        return group;
    }

    // Says whether the group has ended thereby.
    private bool Advance(JsonObject group, List<JsonObject> steps, JsonObject node)
    {
        var ended = true;
        JsonObject? failed = null;
        foreach (var step in steps)
        {
            foreach (var (stepName, one) in Loops.Expand(step))
            {
                var childName = $"{group.Text("name")}.{stepName}";
                var child = GroupRules.Skip(state, childName, one, node) ?? templates.Execute(childName, one, node);
                if (child is null)
                {
                    ended = false;
                    continue;
                }

                NodeTree.Connect(group, child);
                var phase = child.Text("phase");
                ended &= NodePhase.IsFulfilled(phase);
                failed ??= NodePhase.IsFailure(phase) && !GroupRules.ContinuesOn(step, phase) ? child : null;
            }
        }

        if (ended)
        {
            state.Tree.Mark(group, failed is null ? NodePhase.Succeeded : NodePhase.Failed, failed is null ? null : $"child '{failed.Text("id")}' failed");
        }

        return ended;
    }

    private void Offer(Dictionary<string, string> scope, JsonObject group, JsonObject step)
    {
        var prefix = $"steps.{step.Text("name")}";
        var rounds = Loops.Expand(step).Select(s => state.Tree.Find($"{group.Text("name")}.{s.Name}")).OfType<JsonObject>().ToList();
        if (Loops.IsLoop(step))
        {
            WorkflowOutputs.OfferAll(scope, prefix, rounds);
        }
        else
        {
            rounds.ForEach(round => WorkflowOutputs.Offer(scope, prefix, round));
        }
    }
}
