using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

/// <summary>What an observer of a LeaderWorkerSet sees: for each object the states it went through, the form in which it first appeared, and the events about it.</summary>
internal sealed partial class LeaderWorkerSetHistory
{
    public static readonly IReadOnlyDictionary<string, ObjectKind> Kinds = new Dictionary<string, ObjectKind>
    {
        ["leaderworkersets"] = ObjectKind.LeaderWorkerSet,
        ["statefulsets"] = ObjectKind.StatefulSet,
        ["pods"] = ObjectKind.Pod,
        ["k8s-services"] = ObjectKind.Service,
        ["controllerrevisions"] = ObjectKind.ControllerRevision,
        ["events"] = ObjectKind.Event,
    };

    private readonly SortedDictionary<string, List<string>> _sequences = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, JsonObject> _forms = new(StringComparer.Ordinal);

    /// <summary>States by "kind name aspect", repetitions left out.</summary>
    public IReadOnlyDictionary<string, List<string>> Sequences => _sequences;

    /// <summary>Objects as they were made, by "kind name", without what differs from run to run.</summary>
    public IReadOnlyDictionary<string, JsonObject> Forms => _forms;

    /// <summary>Events as "type kind name reason: message".</summary>
    public SortedSet<string> Events { get; } = new(StringComparer.Ordinal);

    public static LeaderWorkerSetHistory Recorded(RecordedScenario scenario)
    {
        var history = new LeaderWorkerSetHistory();
        foreach (var kind in Kinds.Keys)
        {
            foreach (var line in scenario.Lines(kind))
            {
                history.Observe(kind, line.Text("type")!, line.Object("object")!);
            }
        }

        return history;
    }

    public static LeaderWorkerSetHistory Simulated(IEnumerable<StoreEvent> changes)
    {
        var history = new LeaderWorkerSetHistory();
        foreach (var change in changes)
        {
            foreach (var (kind, _) in Kinds.Where(k => k.Value.Owns(change.Object.Key)))
            {
                history.Observe(kind, change.Type.ToString().ToUpperInvariant(), change.Object.Json);
            }
        }

        return history;
    }

    private void Observe(string kind, string type, JsonObject json)
    {
        if (kind == "events")
        {
            var about = json.Object("involvedObject");
            Events.Add(Hash().Replace($"{json.Text("type")} {about.Text("kind")} {about.Text("name")} {json.Text("reason")}: {Node().Replace(json.Text("message")!, "node")}", "hash"));
            return;
        }

        var key = $"{kind} {Hash().Replace(json.Name(), "hash")}";
        if (type != "MODIFIED")
        {
            Add($"{key} life", type, always: true);
        }

        if (type == "ADDED")
        {
            _forms.TryAdd(key, Form(json));
        }

        switch (kind)
        {
            case "leaderworkersets":
                foreach (var condition in json.Items("status", "conditions"))
                {
                    Add($"{key} {condition.Text("type")}", $"{condition.Text("status")}/{condition.Text("reason")}: {condition.Text("message")}");
                }

                foreach (var count in (string[])["replicas", "readyReplicas", "updatedReplicas"])
                {
                    Add($"{key} {count}", json.Text("status", count) ?? "none");
                }

                break;
            case "statefulsets":
                foreach (var count in (string[])["replicas", "readyReplicas", "availableReplicas"])
                {
                    Add($"{key} {count}", json.Text("status", count) ?? "none");
                }

                break;
            case "pods":
                ObservePod(key, json);
                break;
        }
    }

    private void ObservePod(string key, JsonObject pod)
    {
        Add($"{key} phase", pod.Text("status", "phase")!);
        Add($"{key} held by", string.Join(',', pod.Array("metadata", "finalizers")?.Select(f => f.Text()) ?? []));
        foreach (var type in (string[])["PodScheduled", "Ready"])
        {
            if (pod.Condition(type) is { } condition)
            {
                Add($"{key} {type}", $"{condition.Text("status")}/{condition.Text("reason")}");
            }
        }

        foreach (var container in pod.Items("status", "containerStatuses"))
        {
            var state = container.Object("state")!.First();
            Add($"{key} {container.Text("name")}", $"{state.Key}/{state.Value.Text("reason")} restarts={container.Text("restartCount")}");
        }
    }

    private void Add(string key, string state, bool always = false)
    {
        if (!_sequences.TryGetValue(key, out var sequence))
        {
            _sequences[key] = sequence = [];
        }

        if (always || sequence.Count == 0 || sequence[^1] != state)
        {
            sequence.Add(state);
        }
    }

    // An object without identity, times, and fingerprints, which every run makes anew.
    private static JsonObject Form(JsonObject json)
    {
        var form = (JsonObject)json.DeepClone();
        foreach (var field in (string[])["uid", "resourceVersion", "creationTimestamp"])
        {
            form["metadata"]!.AsObject().Remove(field);
        }

        foreach (var owner in form.Items("metadata", "ownerReferences"))
        {
            owner.Remove("uid");
        }

        return JsonNode.Parse(Volume().Replace(Hash().Replace(form.ToJsonString(), "hash"), "kube-api-access"))!.AsObject();
    }

    // The alphabet of generated names lacks vowels and the digits that look like them, so that no word and no ordinal is taken for a fingerprint.
    [GeneratedRegex("(?<=[-\" ])[bcdfghjklmnpqrstvwxz2456789]{8,10}(?=[-\" ]|$)")]
    private static partial Regex Hash();

    [GeneratedRegex("kube-api-access-[a-z0-9]+")]
    private static partial Regex Volume();

    [GeneratedRegex(@"node-\d")]
    private static partial Regex Node();
}
