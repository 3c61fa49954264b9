using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Controllers.Scheduling;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Apps;

/// <summary>Keeps as many pods of a ReplicaSet as it asks for.</summary>
internal sealed class ReplicaSetController(Cluster cluster) : Controller
{
    // Pods created at a time; the rest follows in the next round.
    private const int Burst = 500;

    public override string Name => "replicaset-controller";

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) =>
        ObjectKind.ReplicaSet.Owns(change.Object.Key) ? [change.Object.Key]
        : ObjectKind.Pod.Owns(change.Object.Key) ? ControllerOf(change.Object, ObjectKind.ReplicaSet)
        : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } set)
        {
            return null;
        }

        var owned = cluster.Cache.OwnedBy(set.Json.Uid(), ObjectKind.Pod);
        var active = owned.Where(p => !p.Json.IsDeleting() && !PodRequests.HasEnded(p.Json)).ToList();
        if (!set.Json.IsDeleting())
        {
            Scale(set, active);
        }

        WriteStatus(set, active, terminating: owned.Count(p => p.Json.IsDeleting()));
        return null;
    }

    private void Scale(StoredObject set, List<StoredObject> active)
    {
        var wanted = (int)(set.Json.Number("spec", "replicas") ?? 1);
        for (var missing = Math.Min(wanted - active.Count, Burst); missing > 0; missing--)
        {
            var pod = PodTemplate.Instantiate(set, ObjectKind.ReplicaSet, $"{set.Key.Name}-{Names.Suffix()}");
            var created = cluster.Create(ObjectKind.Pod, pod);
            cluster.Events.Normal(set, Name, "SuccessfulCreate", $"Created pod: {created.Key.Name}");
        }

        foreach (var surplus in active.OrderBy(Worth).ThenByDescending(p => p.Json.Text("metadata", "creationTimestamp"), StringComparer.Ordinal).Take(active.Count - wanted))
        {
            cluster.Delete(surplus.Key);
            cluster.Events.Normal(set, Name, "SuccessfulDelete", $"Deleted pod: {surplus.Key.Name}");
        }
    }

    // Pods without a node go first, then those that wait, then those that are not ready.
    private static int Worth(StoredObject pod) =>
        string.IsNullOrEmpty(pod.Json.Text("spec", "nodeName")) ? 0
        : pod.Json.Text("status", "phase") != "Running" ? 1
        : pod.Json.HasCondition("Ready") ? 3
        : 2;

    private void WriteStatus(StoredObject set, List<StoredObject> active, int terminating)
    {
        var ready = active.Count(p => p.Json.HasCondition("Ready"));
        var status = new JsonObject { ["replicas"] = active.Count };
        void Count(string field, int count)
        {
            if (count > 0)
            {
                status[field] = count;
            }
        }

        Count("fullyLabeledReplicas", active.Count);
        Count("readyReplicas", ready);
        Count("availableReplicas", ready);
        status["terminatingReplicas"] = terminating;
        status["observedGeneration"] = set.Json.Generation();
        cluster.UpdateStatus(set, status);
    }
}
