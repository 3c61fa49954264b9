using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission;

namespace Runner.EmbeddedCluster.Tables;

/// <summary>Rows of pods.</summary>
internal static class PodTable
{
    public static IEnumerable<KeyValuePair<(string, string), ResourceTable>> All =>
    [
        KeyValuePair.Create(("", "Pod"), new ResourceTable(
            [
                TableColumn.ObjectName,
                new("Ready", "Containers that are ready, of all that keep running."),
                new("Status", "What the pod as a whole is doing or suffers from."),
                new("Restarts", "How often its containers were restarted, and when last."),
                TableColumn.Age,
                new("IP", "Address of the pod.", Wide: true),
                new("Node", "Node the pod runs on.", Wide: true),
                new("Nominated Node", "Node on which other pods make room for this one.", Wide: true),
                new("Readiness Gates", "Readiness gates that are met, of all.", Wide: true),
            ],
            Row)),
    ];

    /// <summary>The condition that shades pods that have ended.</summary>
    public static JsonArray? Conditions(JsonObject pod) => pod.Text("status", "phase") switch
    {
        "Succeeded" => Completed("Succeeded", "The pod has completed successfully."),
        "Failed" => Completed("Failed", "The pod failed."),
        _ => null,
    };

    private static IEnumerable<JsonNode?> Row(JsonObject pod, DateTimeOffset now)
    {
        var status = PodStatus.Of(pod);
        var restarts = status.Restarts > 0 && status.LastRestart is { } last ? $"{status.Restarts} ({Cell.Duration(now - last)} ago)" : $"{status.Restarts}";
        var addresses = pod.Objects("status", "podIPs").Select(ip => ip.Text("ip"));
        return
        [
            pod.Text("metadata", "name"),
            $"{status.Ready}/{status.Total}",
            status.Text,
            restarts,
            Cell.Age(pod, now),
            Cell.OrNone(addresses.FirstOrDefault() ?? pod.Text("status", "podIP")),
            Cell.OrNone(pod.Text("spec", "nodeName")),
            Cell.OrNone(pod.Text("status", "nominatedNodeName")),
            Gates(pod),
        ];
    }

    private static string Gates(JsonObject pod)
    {
        var gates = pod.Objects("spec", "readinessGates").Select(g => g.Text("conditionType")).ToList();
        var met = gates.Count(gate => pod.Objects("status", "conditions").Any(c => c.Text("type") == gate && c.Text("status") == "True"));
        return gates.Count == 0 ? Cell.None : $"{met}/{gates.Count}";
    }

    private static JsonArray Completed(string reason, string message) =>
        [new JsonObject { ["type"] = "Completed", ["status"] = "True", ["reason"] = reason, ["message"] = message }];
}
