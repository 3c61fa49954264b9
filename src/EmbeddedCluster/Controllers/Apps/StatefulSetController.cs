using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Apps;

/// <summary>Keeps the numbered pods of a StatefulSet: made one after the other, replaced from the last to the first when the template changes.</summary>
internal sealed class StatefulSetController(Cluster cluster) : Controller
{
    private const string RevisionLabel = "controller-revision-hash";

    public override string Name => "statefulset-controller";

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) =>
        ObjectKind.StatefulSet.Owns(change.Object.Key) ? [change.Object.Key]
        : ObjectKind.Pod.Owns(change.Object.Key) ? ControllerOf(change.Object, ObjectKind.StatefulSet)
        : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } set || set.Json.IsDeleting())
        {
            return null;
        }

        var revision = $"{key.Name}-{Names.TemplateHash(set.Json.At("spec", "template")!)}";
        var pods = cluster.Cache.OwnedBy(set.Json.Uid(), ObjectKind.Pod).ToDictionary(p => p.Key.Name);
        Step(set, pods, revision);
        var current = pods.Values.Where(p => !p.Json.IsDeleting()).ToList();
        var ready = current.Count(p => p.Json.HasCondition("Ready"));
        cluster.UpdateStatus(set, new JsonObject
        {
            ["observedGeneration"] = set.Json.Generation(),
            ["replicas"] = current.Count,
            ["readyReplicas"] = ready,
            ["availableReplicas"] = ready,
            ["currentReplicas"] = current.Count(p => p.Json.Label(RevisionLabel) == revision),
            ["updatedReplicas"] = current.Count(p => p.Json.Label(RevisionLabel) == revision),
            ["currentRevision"] = revision,
            ["updateRevision"] = revision,
            ["collisionCount"] = 0,
        });
        return null;
    }

    // One change at a time; a pod must be ready before the next is touched, unless the set manages them in parallel.
    private void Step(StoredObject set, Dictionary<string, StoredObject> pods, string revision)
    {
        var wanted = (int)(set.Json.Number("spec", "replicas") ?? 1);
        var parallel = set.Json.Text("spec", "podManagementPolicy") == "Parallel";
        for (var ordinal = 0; ordinal < wanted; ordinal++)
        {
            if (!pods.TryGetValue(Pod(set, ordinal), out var pod))
            {
                Create(set, ordinal, revision);
                if (!parallel)
                {
                    return;
                }
            }
            else if (!parallel && (pod.Json.IsDeleting() || !pod.Json.HasCondition("Ready")) && pod.Json.Label(RevisionLabel) == revision)
            {
                return;
            }
        }

        var surplus = pods.Values.Where(p => !p.Json.IsDeleting() && (Ordinal(p) >= wanted || p.Json.Label(RevisionLabel) != revision));
        if (surplus.OrderByDescending(p => Ordinal(p)).FirstOrDefault() is { } last && !pods.Values.Any(p => p.Json.IsDeleting()))
        {
            cluster.Delete(last.Key);
            cluster.Events.Normal(set, Name, "SuccessfulDelete", $"delete Pod {last.Key.Name} in StatefulSet {set.Key.Name} successful");
        }
    }

    private static string Pod(StoredObject set, int ordinal) => string.Create(CultureInfo.InvariantCulture, $"{set.Key.Name}-{ordinal}");

    private static int Ordinal(StoredObject pod) =>
        int.TryParse(pod.Key.Name.AsSpan(pod.Key.Name.LastIndexOf('-') + 1), CultureInfo.InvariantCulture, out var ordinal) ? ordinal : -1;

    private void Create(StoredObject set, int ordinal, string revision)
    {
        var name = Pod(set, ordinal);
        var pod = PodTemplate.Instantiate(set, ObjectKind.StatefulSet, name);
        var labels = pod.Ensure("metadata", "labels");
        labels[RevisionLabel] = revision;
        labels["apps.kubernetes.io/pod-index"] = ordinal.ToString(CultureInfo.InvariantCulture);
        labels["statefulset.kubernetes.io/pod-name"] = name;
        var volumes = (JsonArray?)pod.Array("spec", "volumes").Copy() ?? [];
        foreach (var template in set.Json.Items("spec", "volumeClaimTemplates"))
        {
            var claim = $"{template.Name()}-{name}";
            if (cluster.Cache.Get(ObjectKind.PersistentVolumeClaim, set.Key.Namespace, claim) is null)
            {
                cluster.Create(ObjectKind.PersistentVolumeClaim, new JsonObject
                {
                    ["metadata"] = new JsonObject { ["name"] = claim, ["namespace"] = set.Key.Namespace },
                    ["spec"] = template["spec"].Copy(),
                    ["status"] = new JsonObject { ["phase"] = "Pending" },
                });
            }

            volumes.Add(new JsonObject { ["name"] = template.Name(), ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = claim } });
        }

        if (volumes.Count > 0)
        {
            pod["spec"]!["volumes"] = volumes;
        }

        cluster.Create(ObjectKind.Pod, pod);
        cluster.Events.Normal(set, Name, "SuccessfulCreate", $"create Pod {name} in StatefulSet {set.Key.Name} successful");
    }
}
