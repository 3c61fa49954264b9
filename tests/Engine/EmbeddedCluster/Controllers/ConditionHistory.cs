using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

/// <summary>What an observer of a scenario sees: for each object and condition the states it went through, repetitions left out.</summary>
internal sealed class ConditionHistory
{
    private readonly SortedDictionary<string, List<string>> _sequences = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _podNames = [];

    /// <summary>States by "kind name condition"; pods are named by the order in which they appeared.</summary>
    public IReadOnlyDictionary<string, List<string>> Sequences => _sequences;

    public void Observe(string kind, JsonObject json)
    {
        if (kind == "pods")
        {
            ObservePod(json);
            return;
        }

        foreach (var condition in json.Items("status", "conditions"))
        {
            Add($"{kind} {json.Name()} {condition.Text("type")}", $"{condition.Text("status")}/{condition.Text("reason")}");
        }
    }

    private void ObservePod(JsonObject pod)
    {
        if (!_podNames.TryGetValue(pod.Name(), out var name))
        {
            _podNames[pod.Name()] = name = $"pods #{_podNames.Count + 1}";
        }

        foreach (var type in (string[])["PodScheduled", "Ready"])
        {
            if (pod.Condition(type) is { } condition)
            {
                Add($"{name} {type}", $"{condition.Text("status")}/{condition.Text("reason")}");
            }
        }

        Add($"{name} phase", pod.Text("status", "phase") ?? "");
        foreach (var container in pod.Items("status", "containerStatuses"))
        {
            var state = container.Object("state")!.First();
            Add($"{name} {container.Text("name")}", $"{state.Key}/{state.Value.Text("reason")} ready={container.Text("ready")} restarts={container.Text("restartCount")}");
        }
    }

    private void Add(string key, string state)
    {
        if (!_sequences.TryGetValue(key, out var sequence))
        {
            _sequences[key] = sequence = [];
        }

        if (sequence.Count == 0 || sequence[^1] != state)
        {
            sequence.Add(state);
        }
    }
}
