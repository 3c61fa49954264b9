using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Webhooks;

/// <summary>What the schema of the Sandbox resource fills in and refuses.</summary>
internal static class SandboxSchema
{
    public const string Group = "agents.x-k8s.io";

    public static JsonObject Default(JsonObject sandbox)
    {
        sandbox.Ensure("spec").Fill("shutdownPolicy", "Retain");
        return sandbox;
    }

    public static IEnumerable<StatusCause> Validate(JsonObject sandbox)
    {
        foreach (var path in (string[][])[["podTemplate"], ["podTemplate", "spec"], ["podTemplate", "spec", "containers"]])
        {
            if (sandbox["spec"].At(path) is null)
            {
                yield return Fault.Required($"spec.{string.Join('.', path)}");
                break;
            }
        }

        if (sandbox.Number("spec", "replicas") is { } replicas and not (0 or 1))
        {
            yield return Fault.Invalid("spec.replicas", replicas, replicas < 0
                ? "spec.replicas in body should be greater than or equal to 0"
                : "spec.replicas in body should be less than or equal to 1");
        }

        if (sandbox.Text("spec", "shutdownPolicy") is { Length: > 0 } policy and not ("Delete" or "Retain"))
        {
            yield return Fault.NotSupported("spec.shutdownPolicy", policy, "Delete", "Retain");
        }

        if (sandbox.Text("spec", "shutdownTime") is { Length: > 0 } end && !DateTimeOffset.TryParse(end, CultureInfo.InvariantCulture, out _))
        {
            yield return Fault.Invalid("spec.shutdownTime", end, $"spec.shutdownTime in body must be of type date-time: \"{end}\"");
        }
    }
}
