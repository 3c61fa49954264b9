using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

/// <summary>One recorded scenario of a real cluster with Knative or LeaderWorkerSet.</summary>
/// <param name="topic">Folder of the recordings.</param>
internal sealed partial class RecordedScenario(string folder, string topic = "knative")
{
    public static readonly IReadOnlyDictionary<string, ObjectKind> Kinds = new Dictionary<string, ObjectKind>
    {
        ["services"] = ObjectKind.KnativeService,
        ["configurations"] = ObjectKind.Configuration,
        ["revisions"] = ObjectKind.Revision,
        ["routes"] = ObjectKind.Route,
        ["podautoscalers"] = ObjectKind.PodAutoscaler,
        ["deployments"] = ObjectKind.Deployment,
        ["pods"] = ObjectKind.Pod,
    };

    public string Folder { get; } = Path.Combine(Repository.Root, "tests", "Engine", "Recordings", topic, folder);

    /// <summary>How long the recorder listened.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds(int.Parse(
        DurationPattern().Match(File.ReadAllText(Path.Combine(Folder, "README.md"))).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>What the driver did, with the time after the start.</summary>
    public IEnumerable<(TimeSpan At, JsonObject Action)> Actions => Lines("actions").Select(a => (TimeSpan.FromMilliseconds(a.Number("t") ?? 0), a));

    /// <summary>First recorded state of the Service, for scenarios in which it existed before.</summary>
    public JsonObject Before => Lines("services").First().Object("object")!;

    public ConditionHistory History()
    {
        var history = new ConditionHistory();
        foreach (var kind in Kinds.Keys)
        {
            foreach (var line in Lines(kind))
            {
                history.Observe(kind, line.Object("object")!);
            }
        }

        return history;
    }

    /// <summary>What a recorded file holds: times, types and objects.</summary>
    public IEnumerable<JsonObject> Lines(string name) =>
        File.ReadLines(Path.Combine(Folder, name + ".jsonl")).Select(l => JsonNode.Parse(l)!.AsObject());

    [GeneratedRegex(@"Duration (\d+) s")]
    private static partial Regex DurationPattern();
}
