using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Services;

namespace Runner.Tests.Engine.Services;

/// <summary>A recorded scenario of Knative or LeaderWorkerSets, played into the state that watches would have built.</summary>
internal sealed class KnativeRecording
{
    public const string Knative = "knative";
    public const string LeaderWorkerSets = "lws";

    private readonly Dictionary<string, KnativeService> _services = [];
    private readonly Dictionary<string, KnativeRevision> _revisions = [];
    private readonly Dictionary<string, LeaderWorkerSet> _sets = [];
    private readonly Dictionary<string, V1Pod> _pods = [];

    /// <summary>Workloads after each event that changed one; null when the service is gone.</summary>
    public List<(long Milliseconds, Workload? Workload)> Changes { get; } = [];

    /// <summary>Names of everything that was recorded.</summary>
    public static IEnumerable<string> Scenarios(string family = Knative) => Directory.GetDirectories(Folder(family, "")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    /// <param name="before">A recording whose end is the beginning of this one.</param>
    /// <param name="family">Folder of recordings.</param>
    public static KnativeRecording Play(string scenario, string? before = null, string family = Knative)
    {
        var recording = before is null ? new KnativeRecording() : Play(before, family: family);
        recording.Changes.Clear();
        var last = recording.Project();
        var folder = Folder(family, scenario);
        var events = (family == Knative ? new[] { "services", "revisions", "pods" } : ["leaderworkersets", "pods"])
            .SelectMany((kind, order) => File.ReadLines(Path.Combine(folder, kind + ".jsonl")).Where(line => line.Length > 0).Select(line => (kind, order, line)))
            .Select(entry => (entry.kind, entry.order, json: JsonDocument.Parse(entry.line).RootElement))
            .OrderBy(entry => entry.json.GetProperty("t").GetInt64()).ThenBy(entry => entry.order);
        foreach (var (kind, _, json) in events)
        {
            recording.Apply(kind, json.GetProperty("type").GetString() == "DELETED", json.GetProperty("object"));
            var now = recording.Project();
            if (!Equals(now, last))
            {
                recording.Changes.Add((json.GetProperty("t").GetInt64(), now));
                last = now;
            }
        }

        return recording;
    }

    /// <summary>What the hub would be told: a line per change of code or reason.</summary>
    public IReadOnlyList<string> Story()
    {
        var lines = Changes.Select(change => change.Workload is { } workload ? $"{(int)workload.Status} {workload.Reason}".TrimEnd() : "gone").ToList();
        return [.. lines.Where((line, index) => index == 0 || lines[index - 1] != line)];
    }

    private static string Folder(string family, string scenario) => Path.Combine(Repository.Root, "tests", "Engine", "Recordings", family, scenario);

    private void Apply(string kind, bool deleted, JsonElement json)
    {
        switch (kind)
        {
            case "services":
                Apply(_services, deleted, KubernetesJson.Deserialize<KnativeService>(json));
                break;
            case "leaderworkersets":
                Apply(_sets, deleted, KubernetesJson.Deserialize<LeaderWorkerSet>(json));
                break;
            case "revisions":
                Apply(_revisions, deleted, KubernetesJson.Deserialize<KnativeRevision>(json));
                break;
            default:
                Apply(_pods, deleted, KubernetesJson.Deserialize<V1Pod>(json));
                break;
        }
    }

    private static void Apply<T>(Dictionary<string, T> objects, bool deleted, T item)
        where T : IMetadata<V1ObjectMeta>
    {
        if (deleted)
        {
            objects.Remove(item.Metadata.Name);
        }
        else
        {
            objects[item.Metadata.Name] = item;
        }
    }

    private Workload? Project() => (_services.Values.SingleOrDefault(), _sets.Values.SingleOrDefault()) switch
    {
        ({ } service, _) => ServiceProjection.Project("recorded", "c1", service, _revisions.Values, _pods.Values),
        (_, { } set) => MultiHostProjection.Project("recorded", "c1", set, _pods.Values),
        _ => null,
    };
}
