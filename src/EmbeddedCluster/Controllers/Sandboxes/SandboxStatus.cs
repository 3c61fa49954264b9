using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Sandboxes;

/// <summary>A Sandbox's status, as pure functions of what belongs to it.</summary>
internal static class SandboxStatus
{
    /// <param name="pod">Null when there is none, or none is wanted.</param>
    public static JsonObject Of(JsonObject sandbox, JsonObject? pod, JsonObject service, SimulationClock clock)
    {
        var (isReady, message) = PodState(sandbox, pod);
        var status = new JsonObject
        {
            ["conditions"] = Conditions(sandbox, isReady, isReady ? "DependenciesReady" : "DependenciesNotReady", $"{message}; Service Exists", clock),
            ["replicas"] = pod is null ? 0 : 1,
        };
        if (pod is not null)
        {
            status["selector"] = $"{SandboxObjects.NameLabel}={SandboxObjects.NameHash(sandbox.Name())}";
        }

        status["service"] = service.Name();
        status["serviceFQDN"] = $"{service.Name()}.{service.Namespace()}.svc.cluster.local";
        return status;
    }

    /// <summary>The status of a Sandbox whose shutdown time has come and that stays.</summary>
    public static JsonObject Expired(JsonObject sandbox, SimulationClock clock) => new()
    {
        ["conditions"] = Conditions(sandbox, false, "SandboxExpired", "Sandbox has expired", clock),
        ["replicas"] = 0,
    };

    private static (bool IsReady, string Message) PodState(JsonObject sandbox, JsonObject? pod) => pod switch
    {
        null => sandbox.Number("spec", "replicas") == 0 ? (true, "Pod does not exist, replicas is 0") : (false, "Pod does not exist"),
        _ when pod.Text("status", "phase") != "Running" => (false, $"Pod exists with phase: {pod.Text("status", "phase")}"),
        _ => pod.HasCondition("Ready") ? (true, "Pod is Ready") : (false, "Pod is Running but not Ready"),
    };

    private static JsonArray Conditions(JsonObject sandbox, bool isReady, string reason, string message, SimulationClock clock)
    {
        var (before, value) = (sandbox.Condition("Ready"), isReady ? "True" : "False");
        return new JsonArray(new JsonObject
        {
            ["lastTransitionTime"] = before.Text("status") == value ? before!["lastTransitionTime"].Copy() : clock.Timestamp,
            ["message"] = message,
            ["observedGeneration"] = sandbox.Generation(),
            ["reason"] = reason,
            ["status"] = value,
            ["type"] = "Ready",
        });
    }
}
