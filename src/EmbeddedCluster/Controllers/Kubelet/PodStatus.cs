using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Controllers.Scheduling;

namespace Runner.EmbeddedCluster.Controllers.Kubelet;

/// <summary>The status the kubelet writes for a pod.</summary>
internal static class PodStatus
{
    public static JsonObject Of(JsonObject pod, PodRun run, JsonObject node, SimulationClock clock)
    {
        var status = pod.EditStatus();
        var phase = Phase(pod, run);
        status["phase"] = phase;
        SetConditions(status, run, phase, clock);
        status["observedGeneration"] = pod.Generation();
        foreach (var condition in status.Items("conditions"))
        {
            condition["observedGeneration"] = pod.Generation();
        }

        var host = node.Items("status", "addresses").FirstOrDefault(a => a.Text("type") == "InternalIP").Text("address");
        if (host is not null)
        {
            status["hostIP"] = host;
            status["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = host });
        }

        if (run.Address is { } address && run.Started)
        {
            status["podIP"] = address;
            status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = address });
        }

        if (run.DeadlineExceeded)
        {
            status["reason"] = "DeadlineExceeded";
            status["message"] = "Pod was active on the node longer than the specified deadline";
        }

        status["startTime"] ??= clock.Timestamp;
        if (run.InitContainers.Count > 0)
        {
            status["initContainerStatuses"] = Statuses(run.InitContainers, run.Uid);
        }

        status["containerStatuses"] = Statuses(run.Containers.OrderBy(c => c.Name, StringComparer.Ordinal), run.Uid);
        status["qosClass"] = QualityOfService(pod);
        return status;
    }

    private static string Phase(JsonObject pod, PodRun run)
    {
        if (run.Stopped)
        {
            var exitedBadly = run.Containers.Any(c => c.Terminated.Number("exitCode") > 0) && pod.Text("spec", "restartPolicy") != "Always";
            return run.DeadlineExceeded || exitedBadly ? "Failed" : "Succeeded";
        }

        if (!run.Started || !run.Initialized)
        {
            return pod.Text("spec", "restartPolicy") == "Never" && run.InitContainers.Any(c => c.Terminated.Number("exitCode") > 0) ? "Failed" : "Pending";
        }

        if (run.Containers.Any(c => c.State.ContainsKey("waiting") && c.LastState is null))
        {
            return "Pending";
        }

        var policy = pod.Text("spec", "restartPolicy") ?? "Always";
        var ended = run.Containers.All(c => c.Terminated is not null);
        var failed = run.Containers.Any(c => c.Terminated.Number("exitCode") > 0);
        return !ended || policy == "Always" || (policy == "OnFailure" && failed) ? "Running" : failed ? "Failed" : "Succeeded";
    }

    private static void SetConditions(JsonObject status, PodRun run, string phase, SimulationClock clock)
    {
        void Set(string type, bool value, string? reason = null, string? message = null) =>
            Conditions.Set(status, clock, type, value ? "True" : "False", reason, message, "lastProbeTime");

        if (phase is "Succeeded" or "Failed")
        {
            var reason = phase == "Succeeded" ? "PodCompleted" : "PodFailed";
            Set("PodReadyToStartContainers", false);
            Set("Initialized", true, phase == "Succeeded" ? reason : null);
            Set("Ready", false, reason);
            Set("ContainersReady", false, reason);
            return;
        }

        var unready = run.Containers.Where(c => !c.Ready).Select(c => c.Name).ToList();
        var waiting = run.InitContainers.Where(c => c.Terminated.Number("exitCode") != 0 && !c.IsRunning).Select(c => c.Name).ToList();
        var why = unready.Count == 0 ? null : $"containers with unready status: [{string.Join(' ', unready)}]";
        Set("PodReadyToStartContainers", run.Address is not null);
        if (run.Initialized || run.InitContainers.Count == 0)
        {
            Set("Initialized", true);
        }
        else
        {
            Set("Initialized", false, "ContainersNotInitialized", $"containers with incomplete status: [{string.Join(' ', waiting)}]");
        }

        Set("Ready", unready.Count == 0, why is null ? null : "ContainersNotReady", why);
        Set("ContainersReady", unready.Count == 0, why is null ? null : "ContainersNotReady", why);
    }

    private static JsonArray Statuses(IEnumerable<ContainerRun> containers, string podUid) => [.. containers.Select(c => c.Status(podUid))];

    private static string QualityOfService(JsonObject pod)
    {
        var containers = pod.Items("spec", "containers").ToList();
        static bool Guaranteed(JsonObject container, string resource) =>
            container.Text("resources", "limits", resource) is { } limit && Quantity.Parse(container.Text("resources", "requests", resource) ?? limit) == Quantity.Parse(limit);
        return containers.All(c => Guaranteed(c, "cpu") && Guaranteed(c, "memory")) ? "Guaranteed"
            : PodRequests.Of(pod).Keys.Any(r => r is "cpu" or "memory") ? "Burstable"
            : "BestEffort";
    }
}
