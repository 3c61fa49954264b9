using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission;

namespace Runner.EmbeddedCluster.Tables;

/// <summary>A pod in one word and a few numbers, as <c>kubectl get pods</c> tells it.</summary>
/// <param name="Text">Such as <c>Running</c>, <c>CrashLoopBackOff</c>, <c>Init:0/1</c>, <c>Terminating</c>.</param>
/// <param name="Ready">Containers that are ready.</param>
/// <param name="Total">Containers that should keep running.</param>
internal sealed record PodStatus(string Text, int Ready, int Total, long Restarts, DateTimeOffset? LastRestart)
{
    public static PodStatus Of(JsonObject pod)
    {
        var sidecars = pod.Objects("spec", "initContainers").Where(c => c.Text("restartPolicy") == "Always").Select(c => c.Text("name")).ToHashSet(StringComparer.Ordinal);
        var init = pod.Objects("status", "initContainerStatuses").ToList();
        var containers = pod.Objects("status", "containerStatuses").ToList();
        var ready = init.TakeWhile(s => InitText(pod, s, 0, sidecars) is null).Count(s => sidecars.Contains(s.Text("name")) && s.Flag("started") && s.Flag("ready"));
        var text = Phase(pod);

        // Until the first init container that has not done its part, then it alone speaks for the pod.
        var (initText, counted) = Initialization(pod, init, sidecars);
        var initialized = initText is null || HasCondition(pod, "Initialized");
        if (initialized)
        {
            counted = [.. init.Where(s => sidecars.Contains(s.Text("name"))), .. containers];
            text = Running(pod, containers, initText ?? text, out var running);
            ready += running;
        }
        else
        {
            text = initText!;
        }

        if (pod.At("metadata", "deletionTimestamp") is not null)
        {
            text = pod.Text("status", "reason") == "NodeLost" ? "Unknown"
                : pod.Text("status", "phase") is "Succeeded" or "Failed" ? text
                : "Terminating";
        }

        return new PodStatus(
            text, ready, pod.Objects("spec", "containers").Count() + sidecars.Count, counted.Sum(s => s.Number("restartCount") ?? 0),
            counted.Select(s => Cell.Time(s.At("lastState", "terminated").Text("finishedAt"))).Max());
    }

    private static string Phase(JsonObject pod)
    {
        if (pod.Objects("status", "conditions").Any(c => c.Text("type") == "PodScheduled" && c.Text("reason") == "SchedulingGated"))
        {
            return "SchedulingGated";
        }

        return pod.Text("status", "reason") is { Length: > 0 } reason ? reason : pod.Text("status", "phase");
    }

    private static (string? Text, List<JsonObject> Counted) Initialization(JsonObject pod, List<JsonObject> init, HashSet<string> sidecars)
    {
        foreach (var (index, status) in init.Index())
        {
            if (InitText(pod, status, index, sidecars) is { } text)
            {
                return (text, init[..(index + 1)]);
            }
        }

        return (null, init);
    }

    /// <summary>What an init container keeps the pod waiting for; null when it has done its part.</summary>
    private static string? InitText(JsonObject pod, JsonObject status, int index, HashSet<string> sidecars)
    {
        var ended = status.Object("state", "terminated");
        var succeeded = ended is not null && (ended.Number("exitCode") ?? 0) == 0;
        if (succeeded || (sidecars.Contains(status.Text("name")) && status.Flag("started")))
        {
            return null;
        }

        if (ended is not null)
        {
            return "Init:" + Ended(ended);
        }

        var waiting = status.Text("state", "waiting", "reason");
        return waiting.Length > 0 && waiting != "PodInitializing" ? "Init:" + waiting : $"Init:{index}/{pod.Objects("spec", "initContainers").Count()}";
    }

    private static string Running(JsonObject pod, List<JsonObject> containers, string text, out int ready)
    {
        ready = 0;
        var running = false;
        foreach (var status in containers.AsEnumerable().Reverse())
        {
            var state = status.Object("state");
            if (state.Text("waiting", "reason") is { Length: > 0 } waiting)
            {
                text = waiting;
            }
            else if (state.Object("terminated") is { } ended)
            {
                text = Ended(ended);
            }
            else if (status.Flag("ready") && state.Object("running") is not null)
            {
                running = true;
                ready++;
            }
        }

        return text == "Completed" && running ? HasCondition(pod, "Ready") ? "Running" : "NotReady" : text;
    }

    private static string Ended(JsonObject terminated)
    {
        if (terminated.Text("reason") is { Length: > 0 } reason)
        {
            return reason;
        }

        return terminated.Number("signal") is { } signal and not 0 ? $"Signal:{signal}" : $"ExitCode:{terminated.Number("exitCode") ?? 0}";
    }

    private static bool HasCondition(JsonObject pod, string type) => pod.Objects("status", "conditions").Any(c => c.Text("type") == type && c.Text("status") == "True");
}
