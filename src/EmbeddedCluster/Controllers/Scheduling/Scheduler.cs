using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Controllers.Volcano;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Scheduling;

/// <summary>
/// Binds pods to nodes, as the default scheduler and as Volcano; a pod that names another scheduler waits without a word. A pod that fits nowhere waits with the
/// scheduler's message and is tried again when a node or a pod's claim changes. Inter-pod affinity and topology spread are not looked at.
/// </summary>
internal sealed class Scheduler(Cluster cluster) : Controller
{
    private const string Default = "default-scheduler";
    private static readonly TimeSpan WarningInterval = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, NodeInfo> _nodes = [];
    private readonly Dictionary<ObjectKey, (string Message, DateTimeOffset Warned)> _waiting = [];

    public override string Name => "scheduler";

    public override TimeSpan Reaction => TimeSpan.FromMilliseconds(15);

    public override IEnumerable<ObjectKey> Affected(StoreEvent change)
    {
        var key = change.Object.Key;
        if (ObjectKind.Node.Owns(key))
        {
            Node(key.Name).SetNode(change.Type == StoreEventType.Deleted ? null : change.Object);
            return change.Previous is { } before && change.Type == StoreEventType.Modified && SameForScheduling(before.Json, change.Object.Json) ? [] : [.. _waiting.Keys];
        }

        if (ObjectKind.PersistentVolumeClaim.Owns(key))
        {
            return [.. _waiting.Keys.Where(k => k.Namespace == key.Namespace)];
        }

        if (ObjectKind.PodGroup.Owns(key) || ObjectKind.Queue.Owns(key))
        {
            return [.. cluster.Cache.List(ObjectKind.Pod).Where(p => VolcanoPods.IsVolcanos(p.Json) && WaitsForNode(p.Json)).Select(p => p.Key)];
        }

        if (!ObjectKind.Pod.Owns(key))
        {
            return [];
        }

        var freed = Account(change);
        IEnumerable<ObjectKey> affected = freed ? [.. _waiting.Keys] : [];
        if (change.Type == StoreEventType.Deleted)
        {
            _waiting.Remove(key);
            return affected;
        }

        var wanted = WaitsForNode(change.Object.Json)
            && (change.Previous is null || !JsonNode.DeepEquals(change.Previous.Json["spec"], change.Object.Json["spec"])
                || VolcanoPods.GroupOf(change.Previous.Json) != VolcanoPods.GroupOf(change.Object.Json));
        return wanted ? affected.Append(key) : affected;
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } pod || !WaitsForNode(pod.Json))
        {
            _waiting.Remove(key);
            return null;
        }

        if (VolcanoPods.IsVolcanos(pod.Json) && !VolcanoPods.MayStart(cluster.Cache, pod))
        {
            return null;
        }

        var requests = PodRequests.Of(pod.Json);
        var misfits = new List<Misfit>();
        var fitting = new List<(string Name, NodeInfo Node)>();
        if (UnboundClaim(pod) is { } problem)
        {
            Refuse(pod, problem);
            return null;
        }

        foreach (var (name, node) in _nodes)
        {
            if (node.Json is null)
            {
                continue;
            }

            if (NodeFit.Check(pod.Json, requests, node) is { } misfit)
            {
                misfits.Add(misfit);
            }
            else
            {
                fitting.Add((name, node));
            }
        }

        if (fitting.Count == 0)
        {
            Refuse(pod, VolcanoPods.IsVolcanos(pod.Json) ? SchedulingMessage.OfVolcano(misfits) : SchedulingMessage.Of(misfits));
            return null;
        }

        Bind(pod, fitting.OrderByDescending(f => Score(pod.Json, requests, f.Node)).ThenBy(f => f.Name, StringComparer.Ordinal).First().Name);
        return null;
    }

    private static string SchedulerOf(JsonObject pod) => pod.Text("spec", "schedulerName") ?? Default;

    private static bool WaitsForNode(JsonObject pod) =>
        SchedulerOf(pod) is Default or VolcanoPods.Scheduler && string.IsNullOrEmpty(pod.Text("spec", "nodeName")) && !pod.IsDeleting() && pod.Items("spec", "schedulingGates").FirstOrDefault() is null && !PodRequests.HasEnded(pod);

    private static bool SameForScheduling(JsonObject before, JsonObject after) =>
        JsonNode.DeepEquals(before["spec"], after["spec"])
        && JsonNode.DeepEquals(before.At("metadata", "labels"), after.At("metadata", "labels"))
        && JsonNode.DeepEquals(before.At("status", "allocatable"), after.At("status", "allocatable"));

    // Free room after placing the pod, averaged over cpu and memory; preferred node affinity counts for more.
    private static decimal Score(JsonObject pod, IReadOnlyDictionary<string, decimal> requests, NodeInfo node)
    {
        decimal Free(string resource)
        {
            var allocatable = node.Allocatable.GetValueOrDefault(resource);
            return allocatable == 0 ? 0 : (allocatable - node.Requested.GetValueOrDefault(resource) - requests.GetValueOrDefault(resource)) / allocatable;
        }

        return (Free("cpu") + Free("memory")) / 2 + NodeAffinity.Preference(pod, node.Json!);
    }

    // Keeps the claims of nodes up to date; says whether room may have become free.
    private bool Account(StoreEvent change)
    {
        var before = change.Previous.HoldsNode();
        var after = change.Type == StoreEventType.Deleted ? null : change.Object.HoldsNode();
        if (before is null && change.Type == StoreEventType.Deleted)
        {
            before = change.Object.HoldsNode();
        }

        if (before == after)
        {
            return false;
        }

        if (before is not null)
        {
            Node(before).Remove(change.Object);
        }

        if (after is not null)
        {
            Node(after).Add(change.Object);
        }

        return before is not null;
    }

    private NodeInfo Node(string name)
    {
        if (!_nodes.TryGetValue(name, out var node))
        {
            _nodes[name] = node = new NodeInfo();
        }

        return node;
    }

    private string? UnboundClaim(StoredObject pod)
    {
        foreach (var volume in pod.Json.Items("spec", "volumes"))
        {
            if (volume.Text("persistentVolumeClaim", "claimName") is not { } name)
            {
                continue;
            }

            var claim = cluster.Cache.Get(ObjectKind.PersistentVolumeClaim, pod.Key.Namespace, name);
            var nodes = _nodes.Values.Count(n => n.Json is not null);
            if (claim is null)
            {
                return $"0/{nodes} nodes are available: persistentvolumeclaim \"{name}\" not found. not found";
            }

            if (claim.Json.Text("status", "phase") != "Bound")
            {
                return $"0/{nodes} nodes are available: pod has unbound immediate PersistentVolumeClaims. not found";
            }
        }

        return null;
    }

    private void Bind(StoredObject pod, string node)
    {
        var edited = pod.Edit();
        edited.Ensure("spec")["nodeName"] = node;
        var info = Node(node);
        foreach (var (name, value) in VirtualDevices.Place(pod.Json, info.Json!, info.Shares) ?? new Dictionary<string, string>())
        {
            edited.Ensure("metadata", "annotations")[name] = value;
        }

        var bound = cluster.Update(pod, edited);
        var status = bound.Json.EditStatus();
        status["phase"] ??= "Pending";
        Conditions.Set(status, cluster.Clock, "PodScheduled", "True", null, null, "lastProbeTime");
        cluster.UpdateStatus(bound, status);
        cluster.Events.Normal(bound, SchedulerOf(pod.Json), "Scheduled", $"Successfully assigned {pod.Key.Namespace}/{pod.Key.Name} to {node}");
        info.Add(bound);
        _waiting.Remove(pod.Key);
    }

    private void Refuse(StoredObject pod, string message)
    {
        var known = _waiting.TryGetValue(pod.Key, out var waiting);
        var status = pod.Json.EditStatus();
        status["phase"] ??= "Pending";
        if (Conditions.Set(status, cluster.Clock, "PodScheduled", "False", "Unschedulable", message, "lastProbeTime"))
        {
            status.Items("conditions").First(c => c.Text("type") == "PodScheduled")["observedGeneration"] = pod.Json.Generation();
            cluster.UpdateStatus(pod, status);
        }

        var warn = !known || waiting.Message != message || cluster.Clock.Passed(waiting.Warned, WarningInterval);
        _waiting[pod.Key] = (message, warn ? cluster.Clock.Now : waiting.Warned);
        if (warn)
        {
            cluster.Events.Warning(pod, SchedulerOf(pod.Json), "FailedScheduling", message);
        }
    }
}

file static class PodNode
{
    /// <summary>The node whose resources a pod holds; null while it waits and after it has ended.</summary>
    public static string? HoldsNode(this StoredObject? pod) =>
        pod is null || PodRequests.HasEnded(pod.Json) || pod.Json.Text("spec", "nodeName") is not { Length: > 0 } node ? null : node;
}
