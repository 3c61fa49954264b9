using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission;

namespace Runner.EmbeddedCluster.Tables;

/// <summary>Rows of the kinds that make pods.</summary>
internal static class WorkloadTables
{
    // As in statefulset.apps/web; the group of the core is left out.
    private static string Owner(JsonObject json) =>
        json.Objects("metadata", "ownerReferences").FirstOrDefault(r => r.Flag("controller")) is { } owner
            ? $"{owner.Text("kind").ToLowerInvariant()}{(owner.Text("apiVersion").Split('/') is [var group, _] ? "." + group : "")}/{owner.Text("name")}"
            : Cell.None;

    private static readonly TableColumn[] Template =
        [new("Containers", "Names of the containers in the template.", Wide: true), new("Images", "Images of the containers in the template.", Wide: true)];

    private static readonly TableColumn[] Selecting = [.. Template, new("Selector", "Labels by which its pods are found.", Wide: true)];

    public static IEnumerable<KeyValuePair<(string, string), ResourceTable>> All =>
    [
        Table("apps", "Deployment",
            [new("Ready", "Pods that are ready, of those wanted."), new("Up-to-date", "Pods made from the current template."), new("Available", "Pods that have been ready for long enough."), TableColumn.Age, .. Selecting],
            (json, now) => [Ready(json), Count(json, "updatedReplicas"), Count(json, "availableReplicas"), Cell.Age(json, now), .. Pods(json), Cell.Selector(json.At("spec", "selector"))]),
        Table("apps", "ReplicaSet", [.. Replicas(), TableColumn.Age, .. Selecting],
            (json, now) => [.. ReplicaCounts(json), Cell.Age(json, now), .. Pods(json), Cell.Selector(json.At("spec", "selector"))]),
        Table("", "ReplicationController", [.. Replicas(), TableColumn.Age, .. Selecting],
            (json, now) => [.. ReplicaCounts(json), Cell.Age(json, now), .. Pods(json), Cell.Labels(json.At("spec", "selector"))]),
        Table("apps", "StatefulSet", [new("Ready", "Pods that are ready, of those wanted."), TableColumn.Age, .. Template],
            (json, now) => [Ready(json), Cell.Age(json, now), .. Pods(json)]),
        Table("apps", "ControllerRevision", [new("Controller", "What it is a revision of."), new("Revision", "Number of the revision.", "integer"), TableColumn.Age],
            (json, now) => [Owner(json), json.Number("revision") ?? 0, Cell.Age(json, now)]),
        Table("apps", "DaemonSet",
            [
                new("Desired", "Nodes that should run the pod.", "integer"), new("Current", "Nodes that run it.", "integer"), new("Ready", "Nodes on which it is ready.", "integer"),
                new("Up-to-date", "Nodes that run it from the current template.", "integer"), new("Available", "Nodes on which it has been ready for long enough.", "integer"),
                new("Node Selector", "Labels of the nodes that should run it."), TableColumn.Age, .. Selecting,
            ],
            (json, now) =>
            [
                Count(json, "desiredNumberScheduled"), Count(json, "currentNumberScheduled"), Count(json, "numberReady"), Count(json, "updatedNumberScheduled"), Count(json, "numberAvailable"),
                Cell.Labels(json.At("spec", "template", "spec", "nodeSelector")), Cell.Age(json, now), .. Pods(json), Cell.Selector(json.At("spec", "selector")),
            ]),
        Table("batch", "Job",
            [new("Status", "Whether the job runs, is done or failed."), new("Completions", "Pods that succeeded, of those wanted."), new("Duration", "Time from start to end, or until now."), TableColumn.Age, .. Selecting],
            (json, now) => [JobStatus(json), Completions(json), JobDuration(json, now), Cell.Age(json, now), .. Pods(json), Cell.Selector(json.At("spec", "selector"))]),
        Table("batch", "CronJob",
            [
                new("Schedule", "When jobs are made."), new("Timezone", "Time zone of the schedule."), new("Suspend", "Whether no jobs are made at present.", "boolean"), new("Active", "Jobs that run.", "integer"),
                new("Last Schedule", "Time since a job was last made."), TableColumn.Age, .. Selecting,
            ],
            (json, now) =>
            [
                json.Text("spec", "schedule"), Cell.OrNone(json.Text("spec", "timeZone")), json.Flag("spec", "suspend") ? "True" : "False", json.Objects("status", "active").Count(),
                json.Text("status", "lastScheduleTime") is { Length: > 0 } last ? Cell.Since(last, now) : Cell.None, Cell.Age(json, now),
                .. Pods(json.At("spec", "jobTemplate")), Cell.Selector(json.At("spec", "jobTemplate", "spec", "selector")),
            ]),
        Table("autoscaling", "HorizontalPodAutoscaler",
            [new("Reference", "What is scaled."), new("MinPods", "Least number of pods."), new("MaxPods", "Greatest number of pods."), new("Replicas", "Pods at present."), TableColumn.Age],
            (json, now) =>
            [
                $"{json.Text("spec", "scaleTargetRef", "kind")}/{json.Text("spec", "scaleTargetRef", "name")}", $"{json.Number("spec", "minReplicas") ?? 1}", json.Number("spec", "maxReplicas") ?? 0,
                Count(json, "currentReplicas"), Cell.Age(json, now),
            ]),
        Table("policy", "PodDisruptionBudget",
            [new("Min Available", "Pods that must stay."), new("Max Unavailable", "Pods that may go."), new("Allowed Disruptions", "Pods that may go now.", "integer"), TableColumn.Age],
            (json, now) => [OrNotSet(json, "minAvailable"), OrNotSet(json, "maxUnavailable"), Count(json, "disruptionsAllowed"), Cell.Age(json, now)]),
    ];

    /// <summary>A table that begins with the name.</summary>
    public static KeyValuePair<(string, string), ResourceTable> Table(
        string group, string kind, TableColumn[] columns, Func<JsonObject, DateTimeOffset, IEnumerable<JsonNode?>> cells) =>
        KeyValuePair.Create((group, kind), new ResourceTable([TableColumn.ObjectName, .. columns], (json, now) => [json.Text("metadata", "name"), .. cells(json, now)]));

    private static TableColumn[] Replicas() =>
        [new("Desired", "Pods wanted.", "integer"), new("Current", "Pods there are.", "integer"), new("Ready", "Pods that are ready.", "integer")];

    private static JsonNode?[] ReplicaCounts(JsonObject json) => [json.Number("spec", "replicas") ?? 0, Count(json, "replicas"), Count(json, "readyReplicas")];

    private static string Ready(JsonObject json) => $"{Count(json, "readyReplicas")}/{json.Number("spec", "replicas") ?? 0}";

    private static long Count(JsonObject json, string field) => json.Number("status", field) ?? 0;

    private static JsonNode?[] Pods(JsonNode? owner)
    {
        var containers = owner.Objects("spec", "template", "spec", "containers").ToList();
        return [string.Join(',', containers.Select(c => c.Text("name"))), string.Join(',', containers.Select(c => c.Text("image")))];
    }

    private static string OrNotSet(JsonObject json, string field) => json.At("spec", field) switch
    {
        null => "N/A",
        var value => value.ToString(),
    };

    private static string JobStatus(JsonObject job)
    {
        bool Has(string type) => job.Objects("status", "conditions").Any(c => c.Text("type") == type && c.Text("status") == "True");
        return Has("Complete") ? "Complete"
            : Has("Failed") ? "Failed"
            : job.At("metadata", "deletionTimestamp") is not null ? "Terminating"
            : ((string[])["Suspended", "FailureTarget", "SuccessCriteriaMet"]).FirstOrDefault(Has) ?? "Running";
    }

    private static string Completions(JsonObject job)
    {
        var succeeded = Count(job, "succeeded");
        var parallel = job.Number("spec", "parallelism") ?? 0;
        return job.Number("spec", "completions") is { } wanted ? $"{succeeded}/{wanted}" : parallel > 1 ? $"{succeeded}/1 of {parallel}" : $"{succeeded}/1";
    }

    private static string JobDuration(JsonObject job, DateTimeOffset now) =>
        Cell.Time(job.Text("status", "startTime")) is { } start ? Cell.Duration((Cell.Time(job.Text("status", "completionTime")) ?? now) - start) : "";
}
