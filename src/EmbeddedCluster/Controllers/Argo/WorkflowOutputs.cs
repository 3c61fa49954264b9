using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Output parameters: those of the whole workflow, and what steps and tasks offer to those after them.</summary>
internal static class WorkflowOutputs
{
    /// <summary>Makes a parameter with a <c>globalName</c> an output of the workflow.</summary>
    public static void Publish(WorkflowState state, JsonObject parameter)
    {
        if (parameter.Text("globalName") is not { Length: > 0 } name)
        {
            return;
        }

        var value = parameter.Text("value") ?? "";
        var outputs = state.Status.Ensure("outputs");
        if (outputs["parameters"] is not JsonArray published)
        {
            outputs["parameters"] = published = [];
        }

        state.Globals[$"workflow.outputs.parameters.{name}"] = value;
        if (published.OfType<JsonObject>().FirstOrDefault(p => p.Text("name") == name) is { } known)
        {
            known["value"] = value;
        }
        else
        {
            published.Add(new JsonObject { ["name"] = name, ["value"] = value });
        }
    }
}
