using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Gives a template its values.</summary>
internal static class Arguments
{
    /// <summary>The template with its input parameters and the workflow's values filled in, and the parameters.</summary>
    /// <exception cref="TemplateFault">A parameter without a default was not given.</exception>
    public static (JsonObject Template, JsonArray Inputs) Bind(JsonObject template, JsonObject holder, IReadOnlyDictionary<string, string> globals)
    {
        var values = new Dictionary<string, string>(globals);
        var inputs = new JsonArray();
        foreach (var input in template.Items("inputs", "parameters"))
        {
            var name = input.Text("name") ?? "";
            var given = holder.Items("arguments", "parameters").FirstOrDefault(p => p.Text("name") == name);
            var value = Substitution.Apply(
                given.Text("value") ?? input.Text("value") ?? input.Text("default") ?? throw new TemplateFault($"inputs.parameters.{name} was not supplied"), globals);
            values[$"inputs.parameters.{name}"] = value;
            inputs.Add(new JsonObject { ["name"] = name, ["value"] = value });
        }

        values["inputs.parameters"] = inputs.ToJsonString();
        return (Substitution.Apply(template, values), inputs);
    }
}
