using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Carries templates out: each call brings the node of one template forward and says how it stands.</summary>
internal sealed class TemplateRunner(WorkflowState state)
{
    private const int Deepest = 100;
    private const int MostNodes = 5000;

    // Of steps and DAG nodes: how many pods may run at the same time.
    private readonly Dictionary<string, long> _limits = [];
    private int _depth;

    /// <summary>Starts a template or goes on with it.</summary>
    /// <param name="nodeName">The node that stands for this use of the template.</param>
    /// <param name="holder">What names the template and gives its arguments: a step, a task, or the entrypoint.</param>
    /// <param name="boundary">The steps or DAG node it is a part of.</param>
    /// <returns>The node; null while it must wait for others to end (parallelism).</returns>
    public JsonObject? Execute(string nodeName, JsonObject holder, JsonObject? boundary)
    {
        var node = state.Tree.Find(nodeName);
        if (NodePhase.IsFulfilled(node.Text("phase")))
        {
            return node;
        }

        var name = holder.Text("template") ?? holder.Text("templateRef", "template");
        _depth++;
        try
        {
            if (_depth > Deepest)
            {
                throw new TemplateFault("Maximum recursion depth exceeded. See https://argo-workflows.readthedocs.io/en/latest/scaling/#maximum-recursion-depth");
            }

            if (state.Tree.Count > MostNodes)
            {
                throw new TemplateFault($"more than {MostNodes} nodes, which the embedded cluster does not take");
            }

            var (template, inputs) = Arguments.Bind(state.Template(holder), holder, state.Globals);
            var begun = (template.Object("retryStrategy") ?? state.Spec.Object("retryStrategy")) is { } strategy
                ? new RetryRunner(state).Execute(nodeName, name, strategy, boundary, attempt => WithInputs(Carry(attempt, name, template, boundary), inputs))
                : Carry(nodeName, name, template, boundary);
            return WithInputs(begun, inputs);
        }
        catch (TemplateFault fault)
        {
            node = state.Tree.Find(nodeName) ?? state.Tree.Add(nodeName, "Skipped", name, boundary, NodePhase.Error);
            return state.Tree.Mark(node, NodePhase.Error, fault.Message);
        }
        finally
        {
            _depth--;
        }
    }

    private static JsonObject? WithInputs(JsonObject? node, JsonArray inputs)
    {
        if (node is not null && inputs.Count > 0)
        {
            node["inputs"] ??= new JsonObject { ["parameters"] = inputs.DeepClone() };
        }

        return node;
    }

    private JsonObject? Carry(string nodeName, string? name, JsonObject template, JsonObject? boundary)
    {
        if (template["steps"] is JsonArray)
        {
            Limit(nodeName, template);
            return new StepsRunner(state, this).Execute(nodeName, name, template, boundary);
        }

        if (template["dag"] is JsonObject)
        {
            Limit(nodeName, template);
            return new DagRunner(state, this).Execute(nodeName, name, template, boundary);
        }

        if (template["container"] is JsonObject || template["script"] is JsonObject)
        {
            return Pod(nodeName, name, template, boundary);
        }

        if (template["suspend"] is not null)
        {
            return Suspend(nodeName, name, template, boundary);
        }

        throw new TemplateFault($"Template '{template.Text("name")}' missing specification");
    }

    private void Limit(string nodeName, JsonObject template)
    {
        if (template.Number("parallelism") is { } most)
        {
            _limits[ArgoKeys.IdOf(state.Name, nodeName)] = most;
        }
    }

    private JsonObject? Pod(string nodeName, string? name, JsonObject template, JsonObject? boundary)
    {
        if (state.Tree.Find(nodeName) is { } begun)
        {
            return begun;
        }

        var part = boundary.Text("id");
        if (state.ActivePods() >= (state.Spec.Number("parallelism") ?? long.MaxValue) || (part is not null && state.ActivePods(part) >= _limits.GetValueOrDefault(part, long.MaxValue)))
        {
            return null;
        }

        if (state.MustStop(state.OnExit))
        {
            return state.Tree.Add(nodeName, "Pod", name, boundary, NodePhase.Failed, ExecutionControl.Message(state));
        }

        template["name"] ??= name;
        if (Substitution.Unresolved(template) is { } unresolved)
        {
            throw new TemplateFault($"failed to resolve {unresolved}");
        }

        try
        {
            state.Cluster.Create(
                ObjectKind.Pod, WorkflowPod.Build(state.Workflow, state.Spec, template, nodeName, state.Status.Items("persistentVolumeClaims"), state.OnExit, state.Globals));
        }
        catch (ApiException exists) when (exists.Code == 409)
        {
            // Made by an earlier pass whose result could not be stored.
        }
        catch (ApiException refused)
        {
            throw new TemplateFault(refused.Message);
        }
        catch (YamlDotNet.Core.YamlException malformed)
        {
            throw new TemplateFault($"Error applying PodSpecPatch: {malformed.Message}");
        }

        return state.Tree.Add(nodeName, "Pod", name, boundary, NodePhase.Pending);
    }

    private JsonObject Suspend(string nodeName, string? name, JsonObject template, JsonObject? boundary)
    {
        var node = state.Tree.Find(nodeName) ?? state.Tree.Add(nodeName, "Suspend", name, boundary, NodePhase.Running);
        if (Durations.Parse(template.Text("suspend", "duration")) is { } duration && SimulationClock.Parse(node.Text("startedAt")) is { } since)
        {
            if (state.Cluster.Clock.Passed(since, duration))
            {
                return state.Tree.Mark(node, NodePhase.Succeeded);
            }

            state.LookAgain(state.Cluster.Clock.Until(state.Cluster.Clock.After(since, duration)));
        }

        return node;
    }
}
