using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Outputs: what steps and tasks offer to those after them, what a template of steps or tasks gives out, and those of the whole workflow.</summary>
internal static class WorkflowOutputs
{
    /// <summary>Adds what a step or task says of itself, such as <c>tasks.train.outputs.parameters.model</c>.</summary>
    /// <param name="prefix">As <c>tasks.train</c>.</param>
    public static void Offer(Dictionary<string, string> scope, string prefix, JsonObject node)
    {
        foreach (var (name, field) in (ReadOnlySpan<(string, string)>)[("id", "id"), ("status", "phase"), ("startedAt", "startedAt"), ("finishedAt", "finishedAt"), ("hostNodeName", "hostNodeName")])
        {
            Put(scope, $"{prefix}.{name}", node.Text(field));
        }

        Put(scope, $"{prefix}.exitCode", node.Text("outputs", "exitCode"));
        Put(scope, $"{prefix}.outputs.result", node.Text("outputs", "result"));
        foreach (var parameter in node.Items("outputs", "parameters"))
        {
            Put(scope, $"{prefix}.outputs.parameters.{parameter.Text("name")}", parameter.Text("value"));
        }
    }

    /// <summary>Adds what the rounds of a loop say together: lists in JSON.</summary>
    public static void OfferAll(Dictionary<string, string> scope, string prefix, IReadOnlyList<JsonObject> rounds)
    {
        scope[$"{prefix}.outputs.result"] = List(rounds.Select(r => r.Text("outputs", "result")).OfType<string>());
        scope[$"{prefix}.outputs.parameters"] = new JsonArray(
            [.. rounds.Select(r => new JsonObject(r.Items("outputs", "parameters").Select(p => KeyValuePair.Create(p.Text("name") ?? "", p["value"].Copy()))))]).ToJsonString();
        foreach (var parameter in rounds.SelectMany(r => r.Items("outputs", "parameters")).GroupBy(p => p.Text("name")))
        {
            scope[$"{prefix}.outputs.parameters.{parameter.Key}"] = List(parameter.Select(p => p.Text("value") ?? ""));
        }
    }

    /// <summary>Gives the node of a steps or DAG template the outputs that the template declares.</summary>
    /// <exception cref="TemplateFault">An output refers to what is not there and has no default.</exception>
    public static void Collect(WorkflowState state, JsonObject node, JsonObject template, IReadOnlyDictionary<string, string> scope)
    {
        var parameters = new JsonArray();
        foreach (var output in template.Items("outputs", "parameters"))
        {
            var parameter = (JsonObject)output.DeepClone();
            parameter["value"] = Value(output, scope);
            parameters.Add(parameter);
            Publish(state, parameter);
        }

        if (parameters.Count > 0)
        {
            node.Ensure("outputs")["parameters"] = parameters;
        }
    }

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

    private static string Value(JsonObject output, IReadOnlyDictionary<string, string> scope)
    {
        var source = output.Text("valueFrom", "parameter") ?? output.Text("value");
        var value = source is not null ? Substitution.Apply(source, scope)
            : output.Text("valueFrom", "expression") is { } expression ? scope.GetValueOrDefault(expression.Trim())
            : null;
        var known = value is not null && !value.StartsWith("{{", StringComparison.Ordinal);
        return known ? value! : output.Text("valueFrom", "default") ?? throw new TemplateFault($"unable to resolve the output parameter '{output.Text("name")}': {source ?? output.Text("valueFrom", "expression")}");
    }

    private static void Put(Dictionary<string, string> scope, string name, string? value)
    {
        if (value is not null)
        {
            scope[name] = value;
        }
    }

    private static string List(IEnumerable<string> values) => new JsonArray([.. values.Select(v => JsonValue.Create(v))]).ToJsonString();
}
