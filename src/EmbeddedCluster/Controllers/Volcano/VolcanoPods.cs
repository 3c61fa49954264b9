using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Volcano;

/// <summary>What Volcano looks at before it places a pod: its group and its queue.</summary>
internal static class VolcanoPods
{
    public const string Scheduler = "volcano";

    /// <summary>Annotation: name of the pod's PodGroup.</summary>
    public const string GroupAnnotation = "scheduling.k8s.io/group-name";

    private static readonly string[] QueueAnnotations = ["volcano.sh/queue-name", "scheduling.volcano.sh/queue-name"];

    public static bool IsVolcanos(JsonNode pod) => pod.Text("spec", "schedulerName") == Scheduler;

    public static string? GroupOf(JsonNode pod) => pod.Annotation(GroupAnnotation) ?? pod.Annotation("scheduling.volcano.sh/group-name");

    public static string QueueOf(JsonNode pod) => QueueAnnotations.Select(a => pod.Annotation(a)).FirstOrDefault(q => !string.IsNullOrEmpty(q)) ?? "default";

    /// <summary>Whether a group's queue exists and takes pods.</summary>
    public static bool IsOpen(ObjectCache cache, JsonNode group) =>
        cache.Get(ObjectKind.Queue, "", group.Text("spec", "queue") ?? "default") is { } queue && queue.Json.Text("status", "state") is null or "Open";

    /// <summary>
    /// Whether a pod's turn has come: its group is there, its queue is open, and as many pods exist as must start together. Whether all of them fit
    /// at the same time is not looked at; they are placed one after the other.
    /// </summary>
    public static bool MayStart(ObjectCache cache, StoredObject pod) =>
        GroupOf(pod.Json) is { } name && cache.Get(ObjectKind.PodGroup, pod.Key.Namespace, name) is { } group && IsOpen(cache, group.Json)
        && cache.List(ObjectKind.Pod, pod.Key.Namespace).Count(p => GroupOf(p.Json) == name && !p.Json.IsDeleting()) >= (group.Json.Number("spec", "minMember") ?? 1);
}
