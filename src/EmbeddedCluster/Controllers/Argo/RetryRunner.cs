using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>A template with a <c>retryStrategy</c>: a node of its own, and one below it for every attempt.</summary>
internal sealed class RetryRunner(WorkflowState state)
{
    /// <param name="attempt">Starts the attempt with this node name, or goes on with it.</param>
    public JsonObject? Execute(string nodeName, string? template, JsonObject strategy, JsonObject? boundary, Func<string, JsonObject?> attempt)
    {
        var node = state.Tree.Find(nodeName) ?? state.Tree.Add(nodeName, "Retry", template, boundary, NodePhase.Running);
        var attempts = state.Tree.ChildrenOf(node).ToList();
        var number = Math.Max(0, attempts.Count - 1);
        if (attempts.LastOrDefault() is { } last && NodePhase.IsFulfilled(last.Text("phase")))
        {
            if (Verdict(strategy, attempts) is not { } verdict)
            {
                number = attempts.Count;
            }
            else if (verdict.Phase == NodePhase.Running)
            {
                return state.Tree.Mark(node, NodePhase.Running, verdict.Message);
            }
            else
            {
                if (last["outputs"] is { } outputs)
                {
                    node["outputs"] = outputs.DeepClone();
                }

                return state.Tree.Mark(node, verdict.Phase, verdict.Message);
            }
        }

        var child = attempt(string.Create(CultureInfo.InvariantCulture, $"{nodeName}({number})"));
        if (child is null)
        {
            return node;
        }

        NodeTree.Connect(node, child);
        state.Tree.Mark(node, NodePhase.Running);
        if (NodePhase.IsFulfilled(child.Text("phase")))
        {
            state.LookAgain(TimeSpan.FromSeconds(1));
        }

        return node;
    }

    // How the retry stands when its last attempt has ended: phase Running while it waits for the next, null when that may start.
    private (string Phase, string? Message)? Verdict(JsonObject strategy, List<JsonObject> attempts)
    {
        var last = attempts[^1];
        var phase = last.Text("phase")!;
        if (!NodePhase.IsFailure(phase))
        {
            return (NodePhase.Succeeded, null);
        }

        if (state.MustStop(state.OnExit))
        {
            return (phase, state.Shutdown is { } shutdown ? $"Stopped with strategy '{shutdown}'" : last.Text("message"));
        }

        var retried = (strategy.Text("retryPolicy") ?? "OnFailure") switch
        {
            "Always" => true,
            "OnError" => phase == NodePhase.Error,
            "OnTransientError" => false,
            _ => phase == NodePhase.Failed,
        };
        if (!retried)
        {
            return (phase, last.Text("message"));
        }

        if (strategy.Number("limit") is { } limit && attempts.Count > limit)
        {
            return (phase, "No more retries left");
        }

        return Pause(strategy, attempts.Count) is { } pause && SimulationClock.Parse(last.Text("finishedAt")) is { } since && !state.Cluster.Clock.Passed(since, pause)
            ? Wait(since, pause)
            : null;
    }

    private (string Phase, string? Message)? Wait(DateTimeOffset since, TimeSpan pause)
    {
        state.LookAgain(state.Cluster.Clock.Until(state.Cluster.Clock.After(since, pause)));
        return (NodePhase.Running, string.Create(CultureInfo.InvariantCulture, $"Backoff for {Math.Ceiling(pause.TotalSeconds)} seconds"));
    }

    private static TimeSpan? Pause(JsonObject strategy, int attempts)
    {
        if (Durations.Parse(strategy.Text("backoff", "duration")) is not { } pause)
        {
            return null;
        }

        var factor = Math.Max(1, strategy.Number("backoff", "factor") ?? 1);
        pause *= Math.Min(Math.Pow(factor, attempts - 1), 1e6);
        return Durations.Parse(strategy.Text("backoff", "cap") ?? strategy.Text("backoff", "maxDuration")) is { } most && most < pause ? most : pause;
    }
}
