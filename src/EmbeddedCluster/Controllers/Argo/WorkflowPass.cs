using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>One look at a workflow: takes in what its pods say, starts what may start, and says how it stands.</summary>
internal sealed class WorkflowPass(Cluster cluster, StoredObject workflow, DateTimeOffset started)
{
    /// <summary>The workflow as it is to be stored after <see cref="Run"/>.</summary>
    public JsonObject Edited { get; } = workflow.Edit();

    /// <summary>Simulated time until the next pass without any change; null for none.</summary>
    public TimeSpan? Again { get; private set; }

    public void Run()
    {
        try
        {
            var state = new WorkflowState(cluster, workflow, Edited, started);
            Operate(state);
            Again = state.Again;
        }
        catch (TemplateFault fault)
        {
            End(NodePhase.Error, fault.Message);
        }
        catch (Exception malformed) when (malformed is InvalidOperationException or InvalidCastException or FormatException)
        {
            // A field of another type than it should have: the definition takes any specification.
            End(NodePhase.Error, $"invalid spec: {malformed.Message}");
        }
    }

    private void Operate(WorkflowState state)
    {
        if (state.Spec.Text("entrypoint") is not { Length: > 0 } entrypoint)
        {
            throw new TemplateFault("invalid spec: spec.entrypoint is required");
        }

        if (state.Spec.Items("templates").All(t => t.Text("name") != entrypoint))
        {
            throw new TemplateFault($"invalid spec: template name '{entrypoint}' undefined");
        }

        Begin(state);
        PodNodes.TakeIn(state);
        ExecutionControl.Apply(state);
        if (!state.Spec.Flag("suspend"))
        {
            VolumeClaims.Create(state);
            Execute(state, entrypoint);
        }

        Count(state);
    }

    private void Begin(WorkflowState state)
    {
        state.Status["phase"] ??= NodePhase.Running;
        state.Status["startedAt"] ??= cluster.Clock.Timestamp;
        if (!state.Status.ContainsKey("finishedAt"))
        {
            state.Status["finishedAt"] = null;
        }

        Edited.Ensure("metadata", "annotations")[ArgoKeys.PodNameFormat] = "v2";
        var labels = Edited.Ensure("metadata", "labels");
        labels[ArgoKeys.Phase] = state.Status.Text("phase");
        labels[ArgoKeys.Completed] = "false";
        if (state.Spec.Number("activeDeadlineSeconds") is { } seconds && !state.PastDeadline)
        {
            state.LookAgain(cluster.Clock.Until(cluster.Clock.After(started, TimeSpan.FromSeconds(seconds))));
        }
    }

    private void Execute(WorkflowState state, string entrypoint)
    {
        var runner = new TemplateRunner(state);
        var holder = new JsonObject { ["template"] = entrypoint, ["arguments"] = state.Spec["arguments"].Copy() };
        var node = runner.Execute(state.Name, holder, null);
        if (!NodePhase.IsFulfilled(node.Text("phase")))
        {
            return;
        }

        var phase = node.Text("phase") is NodePhase.Skipped or NodePhase.Omitted ? NodePhase.Succeeded : node.Text("phase")!;
        var message = NodePhase.IsFailure(phase) && state.Shutdown is { } strategy ? $"Stopped with strategy '{strategy}'" : node.Text("message");
        if (state.Spec.Text("onExit") is { Length: > 0 } handler && state.Shutdown != "Terminate")
        {
            state.OnExit = true;
            state.Globals["workflow.status"] = phase;
            var exit = runner.Execute($"{state.Name}.onExit", new JsonObject { ["template"] = handler, ["arguments"] = state.Spec["arguments"].Copy() }, null);
            if (!NodePhase.IsFulfilled(exit.Text("phase")))
            {
                return;
            }

            if (phase == NodePhase.Succeeded && NodePhase.IsFailure(exit.Text("phase")))
            {
                (phase, message) = (exit.Text("phase")!, exit.Text("message"));
            }
        }

        End(phase, message);
        VolumeClaims.Delete(state);
    }

    private void End(string phase, string? message)
    {
        var status = Edited.Ensure("status");
        status["phase"] = phase;
        status["startedAt"] ??= cluster.Clock.Timestamp;
        status["finishedAt"] = cluster.Clock.Timestamp;
        if (!string.IsNullOrEmpty(message))
        {
            status["message"] = message;
        }

        var labels = Edited.Ensure("metadata", "labels");
        labels[ArgoKeys.Phase] = phase;
        labels[ArgoKeys.Completed] = "true";
        Condition(status, "Completed", "True");
    }

    private static void Count(WorkflowState state)
    {
        var pods = state.Tree.All.Where(n => n.Text("type") == "Pod").ToList();
        var done = pods.Count(n => n.Text("phase") == NodePhase.Succeeded);
        foreach (var pod in pods)
        {
            pod["progress"] = pod.Text("phase") == NodePhase.Succeeded ? "1/1" : "0/1";
        }

        state.Status["progress"] = string.Create(CultureInfo.InvariantCulture, $"{done}/{pods.Count}");
        Condition(state.Status, "PodRunning", pods.Any(n => n.Text("phase") == NodePhase.Running) ? "True" : "False");
    }

    // Argo's conditions have neither times nor reasons.
    private static void Condition(JsonObject status, string type, string value)
    {
        if (status["conditions"] is not JsonArray conditions)
        {
            status["conditions"] = conditions = [];
        }

        if (conditions.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == type) is { } condition)
        {
            condition["status"] = value;
        }
        else
        {
            conditions.Add(new JsonObject { ["type"] = type, ["status"] = value });
        }
    }
}
