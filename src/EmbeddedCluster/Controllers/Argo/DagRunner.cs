using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>A template of tasks that wait for each other.</summary>
internal sealed partial class DagRunner(WorkflowState state, TemplateRunner templates)
{
    /// <exception cref="TemplateFault">A task cannot be carried out as written.</exception>
    public JsonObject Execute(string nodeName, string? name, JsonObject template, JsonObject? boundary)
    {
        var node = state.Tree.Find(nodeName) ?? state.Tree.Add(nodeName, "DAG", name, boundary, NodePhase.Running);
        var graph = new TaskGraph([.. template.Items("dag", "tasks")], task => state.Tree.Find($"{nodeName}.{task}"), state.Tree);
        var scope = new Dictionary<string, string>(state.Globals);
        var target = template.Text("dag", "target");
        var tasks = graph.InOrder(target);
        foreach (var task in tasks)
        {
            Advance(node, task, graph, scope);
            Offer(scope, node, task);
        }

        var targets = graph.Targets(target);
        if (tasks.Select(graph.NodeOf).Any(n => n is not null && !NodePhase.IsFulfilled(n.Text("phase"))))
        {
            return node;
        }

        var phases = targets.Select(t => (Task: t, Phase: graph.BranchPhase(t))).ToList();
        var failure = phases.FirstOrDefault(p => NodePhase.IsFailure(p.Phase) && !GroupRules.ContinuesOn(p.Task, p.Phase)).Phase;
        if (state.Shutdown is not null && failure is null)
        {
            failure = NodePhase.Failed;
        }

        if (failure is null && phases.Any(p => p.Phase is null))
        {
            return node;
        }

        node["outboundNodes"] = GroupRules.Ids(targets.Select(graph.NodeOf).OfType<JsonObject>().SelectMany(n => GroupRules.Outbound(state.Tree, n)));
        if (failure is not null)
        {
            return state.Tree.Mark(node, failure);
        }

        WorkflowOutputs.Collect(state, node, template, scope);
        return state.Tree.Mark(node, NodePhase.Succeeded);
    }

    private void Advance(JsonObject dag, JsonObject task, TaskGraph graph, Dictionary<string, string> scope)
    {
        var nodeName = $"{dag.Text("name")}.{task.Text("name")}";
        var known = state.Tree.Find(nodeName);
        var before = graph.Dependencies(task).Select(graph.NodeOf).ToList();
        if (NodePhase.IsFulfilled(known.Text("phase")) || before.Any(n => !NodePhase.IsFulfilled(n.Text("phase"))))
        {
            return;
        }

        if (known is null && !graph.MayRun(task))
        {
            Connect(dag, before, state.Tree.Add(nodeName, "Skipped", task.Text("template"), dag, NodePhase.Omitted, "omitted: depends condition not met"));
            return;
        }

        var filled = Substitution.Apply(task, scope);
        var child = Loops.IsLoop(filled) ? Loop(nodeName, filled, dag) : GroupRules.Skip(state, nodeName, filled, dag) ?? templates.Execute(nodeName, filled, dag);
        if (child is not null)
        {
            Connect(dag, before, child);
        }
    }

    private JsonObject Loop(string nodeName, JsonObject task, JsonObject dag)
    {
        var group = state.Tree.Find(nodeName) ?? state.Tree.Add(nodeName, "TaskGroup", task.Text("template"), dag, NodePhase.Running);
        var (ended, phase) = (true, NodePhase.Succeeded);
        foreach (var (name, one) in Loops.Expand(task))
        {
            var childName = $"{dag.Text("name")}.{name}";
            var child = GroupRules.Skip(state, childName, one, dag) ?? templates.Execute(childName, one, dag);
            ended &= NodePhase.IsFulfilled(child.Text("phase"));
            if (child is not null)
            {
                NodeTree.Connect(group, child);
                phase = NodePhase.IsFailure(child.Text("phase")) && !GroupRules.ContinuesOn(task, child.Text("phase")) ? child.Text("phase")! : phase;
            }
        }

        return ended ? state.Tree.Mark(group, phase) : group;
    }

    private void Connect(JsonObject dag, List<JsonObject?> before, JsonObject child)
    {
        foreach (var previous in before.Count == 0 ? [dag] : before.OfType<JsonObject>().SelectMany(n => GroupRules.Outbound(state.Tree, n)))
        {
            NodeTree.Connect(previous, child);
        }
    }

    private void Offer(Dictionary<string, string> scope, JsonObject dag, JsonObject task)
    {
        if (state.Tree.Find($"{dag.Text("name")}.{task.Text("name")}") is not { } node || !NodePhase.IsFulfilled(node.Text("phase")))
        {
            return;
        }

        var prefix = $"tasks.{task.Text("name")}";
        WorkflowOutputs.Offer(scope, prefix, node);
        if (node.Text("type") == "TaskGroup")
        {
            WorkflowOutputs.OfferAll(scope, prefix, [.. state.Tree.ChildrenOf(node)]);
        }
    }

    /// <summary>Who waits for whom.</summary>
    private sealed partial class TaskGraph(IReadOnlyList<JsonObject> tasks, Func<string, JsonObject?> nodeOf, NodeTree tree)
    {
        private readonly Dictionary<string, JsonObject> _tasks = tasks.GroupBy(t => t.Text("name") ?? "").ToDictionary(g => g.Key, g => g.First());

        public JsonObject? NodeOf(JsonObject task) => nodeOf(task.Text("name") ?? "");

        public IReadOnlyList<JsonObject> Dependencies(JsonObject task)
        {
            var names = task.Text("depends") is { Length: > 0 } depends
                ? Name().Matches(depends).Select(m => m.Value.Split('.')[0])
                : task.Array("dependencies")?.Select(d => d.Text() ?? "") ?? [];
            return [.. names.Distinct().Select(n => _tasks.GetValueOrDefault(n) ?? throw new TemplateFault($"dependency '{n}' of task '{task.Text("name")}' not defined"))];
        }

        /// <summary>Every task that is needed, after those it waits for.</summary>
        /// <exception cref="TemplateFault">Tasks wait for each other in a circle.</exception>
        public List<JsonObject> InOrder(string? target)
        {
            var order = new List<JsonObject>();
            var done = new HashSet<JsonObject>();
            var path = new HashSet<JsonObject>();
            void Visit(JsonObject task)
            {
                if (done.Contains(task))
                {
                    return;
                }

                if (!path.Add(task))
                {
                    throw new TemplateFault($"dependency cycle detected: task '{task.Text("name")}' waits for itself");
                }

                foreach (var dependency in Dependencies(task))
                {
                    Visit(dependency);
                }

                done.Add(task);
                order.Add(task);
            }

            foreach (var task in target is { Length: > 0 } ? Targets(target) : [.. _tasks.Values])
            {
                Visit(task);
            }

            return order;
        }

        /// <summary>The tasks that decide: those named as target, else those no other waits for.</summary>
        public IReadOnlyList<JsonObject> Targets(string? target)
        {
            if (target is { Length: > 0 })
            {
                return [.. target.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => _tasks.GetValueOrDefault(n)).OfType<JsonObject>()];
            }

            var awaited = _tasks.Values.SelectMany(Dependencies).ToHashSet();
            return [.. _tasks.Values.Where(t => !awaited.Contains(t))];
        }

        /// <summary>How the branch that ends with a task went: one that did not run inherits the failure of those before it. Null while it has no node.</summary>
        public string? BranchPhase(JsonObject task) => NodeOf(task).Text("phase") switch
        {
            NodePhase.Skipped or NodePhase.Omitted => Dependencies(task).Select(BranchPhase).FirstOrDefault(NodePhase.IsFailure) ?? NodePhase.Succeeded,
            var phase => phase,
        };

        public bool MayRun(JsonObject task) => task.Text("depends") is { Length: > 0 } depends
            ? Condition.IsTrue(depends, Is)
            : Dependencies(task).All(d => Is(d.Text("name") ?? ""));

        // A fact of a depends expression: "A", or "A.Failed".
        private bool Is(string fact)
        {
            var dot = fact.IndexOf('.', StringComparison.Ordinal);
            var task = _tasks.GetValueOrDefault(dot < 0 ? fact : fact[..dot]) ?? throw new TemplateFault($"task '{fact}' in depends not defined");
            var node = NodeOf(task);
            var phase = node.Text("phase");
            return (dot < 0 ? "" : fact[(dot + 1)..]) switch
            {
                "" => phase is NodePhase.Succeeded or NodePhase.Skipped || GroupRules.ContinuesOn(task, phase),
                "Errored" => phase == NodePhase.Error,
                "AnySucceeded" => node is not null && tree.ChildrenOf(node).Any(c => c.Text("phase") == NodePhase.Succeeded),
                "AllFailed" => node is not null && tree.ChildrenOf(node).All(c => c.Text("phase") == NodePhase.Failed),
                "Daemoned" => false,
                var wanted => phase == wanted,
            };
        }

        [GeneratedRegex(@"[A-Za-z0-9_][A-Za-z0-9_.-]*")]
        private static partial Regex Name();
    }
}
