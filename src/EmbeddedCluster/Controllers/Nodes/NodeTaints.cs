using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Nodes;

/// <summary>The taints that follow from a node's state.</summary>
internal static class NodeTaints
{
    private static readonly HashSet<string> Managed =
        ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable", "node.kubernetes.io/unschedulable"];

    /// <summary>The user's taints, and those that cordoning and the Ready condition ask for.</summary>
    public static JsonArray Wanted(JsonObject node, string ready)
    {
        var before = node.Items("spec", "taints").ToList();
        var wanted = new JsonArray([.. before.Where(t => !Managed.Contains(t.Text("key") ?? "")).Select(t => t.Copy())]);
        void Add(string key, string effect) =>
            wanted.Add(before.FirstOrDefault(t => t.Text("key") == key && t.Text("effect") == effect).Copy() ?? new JsonObject { ["key"] = key, ["effect"] = effect });

        if (ready == "Unknown")
        {
            Add("node.kubernetes.io/unreachable", "NoSchedule");
            Add("node.kubernetes.io/unreachable", "NoExecute");
        }
        else if (ready != "True")
        {
            Add("node.kubernetes.io/not-ready", "NoSchedule");
            Add("node.kubernetes.io/not-ready", "NoExecute");
        }

        if (node.Flag("spec", "unschedulable"))
        {
            Add("node.kubernetes.io/unschedulable", "NoSchedule");
        }

        return wanted;
    }

    public static JsonObject Unreachable(string effect) => new() { ["key"] = "node.kubernetes.io/unreachable", ["effect"] = effect };

    /// <summary>Whether two lists hold the same taints, times aside.</summary>
    public static bool Same(JsonArray? before, JsonArray after)
    {
        static IEnumerable<string> Text(JsonArray? taints) =>
            (taints?.OfType<JsonObject>() ?? []).Select(t => $"{t.Text("key")}={t.Text("value")}:{t.Text("effect")}").Order(StringComparer.Ordinal);
        return Text(before).SequenceEqual(Text(after));
    }
}
