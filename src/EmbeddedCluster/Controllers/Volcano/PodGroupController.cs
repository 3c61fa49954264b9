using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Volcano;

/// <summary>Gives every pod that Volcano is to schedule a PodGroup, shared by the pods of one owner, and tells in the group's status how its pods fare.</summary>
internal sealed class PodGroupController(Cluster cluster) : Controller
{
    public override string Name => "vc-controller-manager";

    public override IEnumerable<ObjectKey> Affected(StoreEvent change)
    {
        var key = change.Object.Key;
        if (ObjectKind.Pod.Owns(key) && VolcanoPods.IsVolcanos(change.Object.Json))
        {
            return VolcanoPods.GroupOf(change.Object.Json) is { } group ? [ObjectKind.PodGroup.Key(key.Namespace, group)] : [key];
        }

        return ObjectKind.PodGroup.Owns(key) ? [key]
            : ObjectKind.Queue.Owns(key) ? [.. cluster.Cache.List(ObjectKind.PodGroup).Select(g => g.Key)]
            : [];
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is { } stored && !stored.Json.IsDeleting())
        {
            if (ObjectKind.Pod.Owns(key))
            {
                Join(stored);
            }
            else
            {
                UpdateStatus(stored);
            }
        }

        return null;
    }

    private void Join(StoredObject pod)
    {
        if (VolcanoPods.GroupOf(pod.Json) is not null)
        {
            return;
        }

        var owner = pod.Json.ControllerReference() ?? Cluster.ControllerReference(pod, ObjectKind.Pod);
        var name = $"podgroup-{owner.Text("uid")}";
        if (cluster.Cache.Get(ObjectKind.PodGroup, pod.Key.Namespace, name) is null)
        {
            cluster.Create(ObjectKind.PodGroup, new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = pod.Key.Namespace, ["ownerReferences"] = new JsonArray(owner.DeepClone()) },
                ["spec"] = new JsonObject { ["minMember"] = 1, ["queue"] = VolcanoPods.QueueOf(pod.Json) },
            });
        }

        var edited = pod.Edit();
        edited.Ensure("metadata", "annotations")[VolcanoPods.GroupAnnotation] = name;
        cluster.Update(pod, edited);
    }

    private void UpdateStatus(StoredObject group)
    {
        var pods = cluster.Cache.List(ObjectKind.Pod, group.Key.Namespace).Where(p => VolcanoPods.GroupOf(p.Json) == group.Key.Name).ToList();
        var wanted = group.Json.Number("spec", "minMember") ?? 1;
        var (running, succeeded, failed) = (Count("Running"), Count("Succeeded"), Count("Failed"));
        var placed = pods.Count(p => p.Json.Text("spec", "nodeName") is { Length: > 0 });
        var phase = !VolcanoPods.IsOpen(cluster.Cache, group.Json) ? "Pending"
            : pods.Count > 0 && succeeded + failed == pods.Count ? "Completed"
            : placed >= wanted ? "Running"
            : "Inqueue";
        var status = new JsonObject { ["phase"] = phase };
        foreach (var (name, number) in (ReadOnlySpan<(string, int)>)[("running", running), ("succeeded", succeeded), ("failed", failed)])
        {
            if (number > 0)
            {
                status[name] = number;
            }
        }

        cluster.UpdateStatus(group, status);

        int Count(string podPhase) => pods.Count(p => p.Json.Text("status", "phase") == podPhase);
    }
}
