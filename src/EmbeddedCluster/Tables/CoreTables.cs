using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission;

namespace Runner.EmbeddedCluster.Tables;

/// <summary>Rows of nodes, namespaces, events and of what only holds data.</summary>
internal static class CoreTables
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public static IEnumerable<KeyValuePair<(string, string), ResourceTable>> All =>
    [
        WorkloadTables.Table("", "Node",
            [
                new("Status", "Whether the node is ready and takes pods."), new("Roles", "Roles by its labels."), TableColumn.Age, new("Version", "Version of its kubelet."),
                new("Internal-IP", "Address inside the cluster.", Wide: true), new("External-IP", "Address outside the cluster.", Wide: true), new("OS-Image", "Operating system.", Wide: true),
                new("Kernel-Version", "Kernel and architecture.", Wide: true), new("Container-Runtime", "Container runtime and version.", Wide: true),
            ],
            (json, now) =>
            [
                NodeStatus(json), Cell.OrNone(Roles(json)), Cell.Age(json, now), json.Text("status", "nodeInfo", "kubeletVersion"), Address(json, "InternalIP"), Address(json, "ExternalIP"),
                OrUnknown(json.Text("status", "nodeInfo", "osImage")), Kernel(json), OrUnknown(json.Text("status", "nodeInfo", "containerRuntimeVersion")),
            ]),
        WorkloadTables.Table("", "Namespace", [new("Status", "Whether the namespace is in use or goes away."), TableColumn.Age],
            (json, now) => [json.Text("status", "phase"), Cell.Age(json, now)]),
        WorkloadTables.Table("", "ConfigMap", [new("Data", "Number of entries."), TableColumn.Age],
            (json, now) => [Count(json, "data") + Count(json, "binaryData"), Cell.Age(json, now)]),
        WorkloadTables.Table("", "Secret", [new("Type", "What kind of secret it is."), new("Data", "Number of entries."), TableColumn.Age],
            (json, now) => [json.Text("type"), Count(json, "data"), Cell.Age(json, now)]),
        WorkloadTables.Table("", "ServiceAccount", [new("Secrets", "Number of secrets it names."), TableColumn.Age],
            (json, now) => [json.Objects("secrets").Count(), Cell.Age(json, now)]),
        WorkloadTables.Table("", "PodTemplate",
            [new("Containers", "Names of the containers."), new("Images", "Images of the containers."), new("Pod Labels", "Labels of the pods.")],
            (json, _) =>
            [
                string.Join(',', json.Objects("template", "spec", "containers").Select(c => c.Text("name"))), string.Join(',', json.Objects("template", "spec", "containers").Select(c => c.Text("image"))),
                Cell.Labels(json.At("template", "metadata", "labels")),
            ]),
        WorkloadTables.Table("", "ResourceQuota", [new("Request", "Requests used, of those allowed."), new("Limit", "Limits used, of those allowed."), TableColumn.Age],
            (json, now) => [Quota(json, limits: false), Quota(json, limits: true), Cell.Age(json, now)]),
        WorkloadTables.Table("coordination.k8s.io", "Lease", [new("Holder", "Who holds the lease."), TableColumn.Age],
            (json, now) => [json.Text("spec", "holderIdentity"), Cell.Age(json, now)]),
        WorkloadTables.Table("scheduling.k8s.io", "PriorityClass",
            [new("Value", "The priority."), new("Global-Default", "Whether pods get it that name no class."), TableColumn.Age, new("PreemptionPolicy", "Whether such pods push out others.")],
            (json, now) => [json.Number("value") ?? 0, json.Flag("globalDefault"), Cell.Age(json, now), json.Text("preemptionPolicy")]),
        KeyValuePair.Create(("", "Event"), Events),
        KeyValuePair.Create(("events.k8s.io", "Event"), Events),
    ];

    private static ResourceTable Events => new(
        [
            new("Last Seen", "Time since it happened last."), new("Type", "Normal or Warning."), new("Reason", "Short name of what happened."), new("Object", "What it happened to."),
            new("Subobject", "Which part of the object.", Wide: true), new("Source", "Who tells it.", Wide: true), new("Message", "What happened."), new("First Seen", "Time since it happened first.", Wide: true),
            new("Count", "How often it happened.", Wide: true), TableColumn.ObjectName with { Wide = true },
        ],
        Event);

    // Reads core events and, by their own names for the same fields, those of events.k8s.io.
    private static IEnumerable<JsonNode?> Event(JsonObject json, DateTimeOffset now)
    {
        var about = json.Object("involvedObject") ?? json.Object("regarding");
        var kind = about.Text("kind").ToLowerInvariant();
        var first = Either("firstTimestamp", "deprecatedFirstTimestamp") is { Length: > 0 } time ? time : json.Text("eventTime");
        var last = Either("lastTimestamp", "deprecatedLastTimestamp") is { Length: > 0 } seen ? seen : first;
        var count = json.Number("count") ?? json.Number("deprecatedCount") ?? 0;
        if (json.Object("series") is { } series)
        {
            (last, count) = (series.Text("lastObservedTime"), series.Number("count") ?? 0);
        }

        return
        [
            Cell.Since(last, now), json.Text("type"), json.Text("reason"), about.Text("name").Length == 0 ? kind : $"{kind}/{about.Text("name")}", about.Text("fieldPath"), Source(),
            Either("message", "note").Trim(), Cell.Since(first, now), Math.Max(count, 1), json.Text("metadata", "name"),
        ];

        string Either(string core, string other) => json.Text(core) is { Length: > 0 } text ? text : json.Text(other);

        string Source()
        {
            var source = json.Object("source") ?? json.Object("deprecatedSource");
            var component = source.Text("component") is { Length: > 0 } named ? named : Either("reportingComponent", "reportingController");
            var instance = source.Text("host") is { Length: > 0 } host ? host : json.Text("reportingInstance");
            return instance.Length == 0 ? component : $"{component}, {instance}";
        }
    }

    private static string NodeStatus(JsonObject node)
    {
        var ready = node.Objects("status", "conditions").FirstOrDefault(c => c.Text("type") == "Ready");
        var status = ready is null ? "Unknown" : ready.Text("status") == "True" ? "Ready" : "NotReady";
        return node.Flag("spec", "unschedulable") ? status + ",SchedulingDisabled" : status;
    }

    private static IEnumerable<string> Roles(JsonObject node) => node.Map("metadata", "labels")
        .Select(label => label.Key.StartsWith(RolePrefix, StringComparison.Ordinal) ? label.Key[RolePrefix.Length..] : label.Key == "kubernetes.io/role" ? label.Value : "")
        .Where(role => role.Length > 0).Distinct().Order(StringComparer.Ordinal);

    private static string Address(JsonObject node, string type) =>
        Cell.OrNone(node.Objects("status", "addresses").FirstOrDefault(a => a.Text("type") == type).Text("address"));

    private static string Kernel(JsonObject node)
    {
        var (kernel, architecture) = (node.Text("status", "nodeInfo", "kernelVersion"), node.Text("status", "nodeInfo", "architecture"));
        return kernel.Length == 0 ? Cell.Unknown : architecture.Length == 0 ? kernel : $"{kernel} ({architecture})";
    }

    private static string OrUnknown(string text) => text.Length == 0 ? Cell.Unknown : text;

    private static int Count(JsonObject json, string field) => json.Object(field)?.Count ?? 0;

    private static string Quota(JsonObject quota, bool limits) => string.Join(", ", quota.Map("status", "hard")
        .Where(hard => hard.Key.StartsWith("limits.", StringComparison.Ordinal) == limits).OrderBy(hard => hard.Key, StringComparer.Ordinal)
        .Select(hard => $"{hard.Key}: {quota.Text("status", "used", hard.Key)}/{hard.Value}"));
}
