using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Controllers.Scheduling;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Nodes;

/// <summary>
/// Plays the kubelet's node part and the node lifecycle controller: every Node becomes Ready by itself and renews its lease; cordoned, not ready and
/// unreachable nodes carry their taints; a node annotated as lost stops reporting, and its pods are evicted when their tolerations run out.
/// </summary>
internal sealed class NodeController(Cluster cluster) : Controller
{
    /// <summary>Annotation on a Node: <c>true</c> makes its kubelet fall silent, as when the machine is gone; anything else or none brings it back.</summary>
    public const string LostAnnotation = "embedded.csghub.io/lost";

    private const string Component = "node-controller";
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan JoinTime = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, DateTimeOffset> _lastHeard = [];

    public override string Name => "node-controller";

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) => ObjectKind.Node.Owns(change.Object.Key) ? [change.Object.Key] : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } node)
        {
            _lastHeard.Remove(key.Name);
            cluster.Delete(ObjectKind.Lease.Key("kube-node-lease", key.Name));
            return null;
        }

        var now = cluster.Clock.Now;
        var first = _lastHeard.TryAdd(key.Name, now);
        var joined = node.Json.Condition("Ready") is not null;
        if (!joined && !cluster.Clock.Passed(_lastHeard[key.Name], JoinTime))
        {
            return JoinTime;
        }

        if (node.Json.Annotation(LostAnnotation) == "true")
        {
            return Silent(node);
        }

        if (first || !joined || cluster.Clock.Passed(_lastHeard[key.Name], Heartbeat) || !node.Json.HasCondition("Ready"))
        {
            _lastHeard[key.Name] = now;
            RenewLease(node);
        }

        var status = NodeStatus.Report(node.Json, cluster.Clock);
        if (!node.Json.HasCondition("Ready"))
        {
            cluster.Events.Normal(node, "kubelet", "NodeReady", $"Node {key.Name} status is now: NodeReady", host: key.Name);
        }

        node = cluster.UpdateStatus(node, status);
        Taint(node, NodeTaints.Wanted(node.Json, ready: "True"));
        return Heartbeat;
    }

    private TimeSpan? Silent(StoredObject node)
    {
        var heard = _lastHeard[node.Key.Name];
        if (!cluster.Clock.Passed(heard, GracePeriod))
        {
            return TimeSpan.FromSeconds(1);
        }

        if (!node.Json.HasCondition("Ready", "Unknown"))
        {
            node = cluster.UpdateStatus(node, NodeStatus.Lost(node.Json, cluster.Clock));
            cluster.Events.Normal(node, Component, "NodeNotReady", $"Node {node.Key.Name} status is now: NodeNotReady");
            foreach (var pod in PodsOn(node))
            {
                var status = pod.Json.EditStatus();
                if (pod.Json.HasCondition("Ready") && Conditions.Set(status, cluster.Clock, "Ready", "False", null, null, "lastProbeTime"))
                {
                    cluster.UpdateStatus(pod, status);
                    cluster.Events.Warning(pod, Component, "NodeNotReady", "Node is not ready");
                }
            }
        }

        Taint(node, NodeTaints.Wanted(node.Json, ready: "Unknown"));
        Evict(node, heard);
        return TimeSpan.FromSeconds(5);
    }

    private void Evict(StoredObject node, DateTimeOffset heard)
    {
        var taint = NodeTaints.Unreachable("NoExecute");
        foreach (var pod in PodsOn(node).Where(p => !p.Json.IsDeleting()))
        {
            var toleration = Tolerations.Of(pod.Json, taint);
            var patience = toleration is null ? TimeSpan.Zero
                : toleration.Number("tolerationSeconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue;
            if (patience != TimeSpan.MaxValue && cluster.Clock.Passed(heard, GracePeriod + patience))
            {
                cluster.Events.Normal(pod, "taint-eviction-controller", "TaintManagerEviction", $"Marking for deletion Pod {pod.Key.Namespace}/{pod.Key.Name}");
                cluster.Delete(pod.Key);
            }
        }
    }

    private IReadOnlyList<StoredObject> PodsOn(StoredObject node) =>
        [.. cluster.Cache.List(ObjectKind.Pod).Where(p => p.Json.Text("spec", "nodeName") == node.Key.Name)];

    private void Taint(StoredObject node, JsonArray wanted)
    {
        if (NodeTaints.Same(node.Json.Array("spec", "taints"), wanted))
        {
            return;
        }

        foreach (var added in wanted.OfType<JsonObject>().Where(t => t.Text("key")!.StartsWith("node.kubernetes.io/", StringComparison.Ordinal)))
        {
            added["timeAdded"] ??= cluster.Clock.Timestamp;
        }

        var edited = node.Edit();
        var spec = edited.Ensure("spec");
        if (wanted.Count == 0)
        {
            spec.Remove("taints");
        }
        else
        {
            spec["taints"] = wanted;
        }

        cluster.Update(node, edited);
    }

    private void RenewLease(StoredObject node)
    {
        var key = ObjectKind.Lease.Key("kube-node-lease", node.Key.Name);
        if (cluster.Cache.Get(key) is { } lease)
        {
            var edited = lease.Edit();
            edited.Ensure("spec")["renewTime"] = cluster.Clock.MicroTimestamp;
            cluster.Update(lease, edited);
            return;
        }

        cluster.Create(ObjectKind.Lease, new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = key.Name,
                ["namespace"] = key.Namespace,
                ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = key.Name, ["uid"] = node.Json.Uid() }),
            },
            ["spec"] = new JsonObject { ["holderIdentity"] = key.Name, ["leaseDurationSeconds"] = 40, ["renewTime"] = cluster.Clock.MicroTimestamp },
        });
    }
}
