using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>What a pod's status means for its node.</summary>
internal static class PodAssessment
{
    public static (string Phase, string? Message) Of(JsonObject pod) => pod.Text("status", "phase") switch
    {
        "Succeeded" => (NodePhase.Succeeded, null),
        "Running" => (NodePhase.Running, null),
        "Failed" => Failure(pod),
        _ => (NodePhase.Pending, WhyPending(pod)),
    };

    /// <summary>The exit code of the main container once it has ended.</summary>
    public static string? ExitCode(JsonObject pod) =>
        pod.Items("status", "containerStatuses").FirstOrDefault(c => c.Text("name") == ArgoKeys.MainContainer).Text("state", "terminated", "exitCode");

    private static string? WhyPending(JsonObject pod)
    {
        var waiting = pod.Items("status", "containerStatuses").Select(c => c.Object("state", "waiting")).FirstOrDefault(w => w is not null);
        var reason = waiting ?? pod.Items("status", "conditions").FirstOrDefault(c => c.Text("reason") == "Unschedulable");
        return reason is null ? null : reason.Text("message") is { Length: > 0 } message ? $"{reason.Text("reason")}: {message}" : reason.Text("reason");
    }

    // Told of are, in this order: the pod's own message, init containers, the main container, the executor, sidecars.
    private static (string Phase, string Message) Failure(JsonObject pod)
    {
        if (pod.Text("status", "message") is { Length: > 0 } own)
        {
            return (NodePhase.Failed, own);
        }

        foreach (var container in pod.Items("status", "initContainerStatuses").Concat(pod.Items("status", "containerStatuses").OrderBy(Order)))
        {
            var name = container.Text("name");
            if (container.Object("state", "waiting") is { } waiting)
            {
                return (NodePhase.Error, $"Pod failed before {name} container starts due to {waiting.Text("reason")}: {waiting.Text("message")}");
            }

            var ended = container.Object("state", "terminated");
            var exitCode = ended.Number("exitCode") ?? 0;
            if (exitCode == 0 || (Order(container) > 1 && exitCode is 137 or 143))
            {
                continue;
            }

            var message = ended.Text("message") is { Length: > 0 } words ? $": {words}" : "";
            return (name is "init" or "wait" ? NodePhase.Error : NodePhase.Failed, $"{ended.Text("reason")} (exit code {exitCode}){message}");
        }

        return (NodePhase.Failed, "pod failed: neither main nor wait container completed successfully");
    }

    private static int Order(JsonObject container) => container.Text("name") switch
    {
        ArgoKeys.MainContainer => 0,
        "wait" => 1,
        _ => 2,
    };
}
