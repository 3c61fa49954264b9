using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Apps;

/// <summary>Keeps the numbered pods of a StatefulSet: made one after the other or all at once, replaced from the last to the first when the template changes.</summary>
internal sealed class StatefulSetController(Cluster cluster) : Controller
{
    internal const string RevisionLabel = "controller-revision-hash";

    public override string Name => "statefulset-controller";

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) =>
        ObjectKind.StatefulSet.Owns(change.Object.Key) ? [change.Object.Key]
        : ObjectKind.Pod.Owns(change.Object.Key) ? ControllerOf(change.Object, ObjectKind.StatefulSet)
        : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } set)
        {
            return null;
        }

        var revision = StatefulSetRevision.NameOf(set.Json);
        var pods = cluster.Cache.OwnedBy(set.Json.Uid(), ObjectKind.Pod).ToDictionary(p => p.Key.Name);
        if (!set.Json.IsDeleting())
        {
            StatefulSetRevision.Ensure(cluster, set, revision);
            Step(set, pods, revision);
        }

        cluster.UpdateStatus(set, Status(set, pods.Values, revision));
        return null;
    }

    // Counts that are zero are left out, as Go does for optional numbers; a pod that is stopping counts as long as it is there.
    private static JsonObject Status(StoredObject set, Dictionary<string, StoredObject>.ValueCollection pods, string revision)
    {
        var living = pods.Where(p => !p.Json.IsDeleting()).ToList();
        var ready = pods.Count(p => p.Json.HasCondition("Ready"));
        var updated = living.Count(p => p.Json.Label(RevisionLabel) == revision);
        var complete = updated == Wanted(set.Json) && living.Count == updated && ready == updated;
        var current = complete ? revision : set.Json.Text("status", "currentRevision") ?? revision;
        var status = new JsonObject { ["observedGeneration"] = set.Json.Generation(), ["replicas"] = pods.Count };
        Count("readyReplicas", ready);
        Count("currentReplicas", living.Count(p => p.Json.Label(RevisionLabel) == current));
        Count("updatedReplicas", updated);
        status["currentRevision"] = current;
        status["updateRevision"] = revision;
        status["collisionCount"] = 0;
        status["availableReplicas"] = ready;
        return status;

        void Count(string name, int number)
        {
            if (number > 0)
            {
                status[name] = number;
            }
        }
    }

    // A pod must be ready before the next is touched, unless the set manages them in parallel; updates go one by one in either case.
    private void Step(StoredObject set, Dictionary<string, StoredObject> pods, string revision)
    {
        var (start, wanted) = (Start(set.Json), Wanted(set.Json));
        var parallel = set.Json.Text("spec", "podManagementPolicy") == "Parallel";
        for (var ordinal = start; ordinal < start + wanted; ordinal++)
        {
            if (!pods.TryGetValue(PodName(set, ordinal), out var pod))
            {
                Create(set, ordinal, revision);
                if (!parallel)
                {
                    return;
                }
            }
            else if (!parallel && !IsHealthy(pod) && pod.Json.Label(RevisionLabel) == revision)
            {
                return;
            }
        }

        foreach (var surplus in pods.Values.Where(p => Ordinal(p) < start || Ordinal(p) >= start + wanted).OrderByDescending(Ordinal))
        {
            if (!surplus.Json.IsDeleting())
            {
                Delete(set, surplus);
            }

            if (!parallel)
            {
                return;
            }
        }

        var partition = set.Json.Number("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
        var byUpdate = pods.Values.Where(p => Ordinal(p) >= partition && Ordinal(p) < start + wanted).OrderByDescending(Ordinal);
        if (byUpdate.FirstOrDefault(p => p.Json.Label(RevisionLabel) != revision || !IsHealthy(p)) is { } next
            && next.Json.Label(RevisionLabel) != revision && !next.Json.IsDeleting())
        {
            Delete(set, next);
        }
    }

    private void Delete(StoredObject set, StoredObject pod)
    {
        cluster.Delete(pod.Key);
        cluster.Events.Normal(set, Name, "SuccessfulDelete", $"Delete Pod {pod.Key.Name} in StatefulSet {set.Key.Name} successful");
    }

    private static bool IsHealthy(StoredObject pod) => !pod.Json.IsDeleting() && pod.Json.HasCondition("Ready");

    private static int Wanted(JsonObject set) => (int)(set.Number("spec", "replicas") ?? 1);

    private static int Start(JsonObject set) => (int)(set.Number("spec", "ordinals", "start") ?? 0);

    private static string PodName(StoredObject set, int ordinal) => string.Create(CultureInfo.InvariantCulture, $"{set.Key.Name}-{ordinal}");

    private static int Ordinal(StoredObject pod) =>
        int.TryParse(pod.Key.Name.AsSpan(pod.Key.Name.LastIndexOf('-') + 1), CultureInfo.InvariantCulture, out var ordinal) ? ordinal : -1;

    private void Create(StoredObject set, int ordinal, string revision)
    {
        var name = PodName(set, ordinal);
        var pod = PodTemplate.Instantiate(set, ObjectKind.StatefulSet, name);
        var labels = pod.Ensure("metadata", "labels");
        labels[RevisionLabel] = revision;
        labels["apps.kubernetes.io/pod-index"] = ordinal.ToString(CultureInfo.InvariantCulture);
        labels["statefulset.kubernetes.io/pod-name"] = name;
        pod["spec"]!["hostname"] = name;
        if (set.Json.Text("spec", "serviceName") is { Length: > 0 } service)
        {
            pod["spec"]!["subdomain"] = service;
        }

        if (Volumes(set, name, pod) is { Count: > 0 } volumes)
        {
            pod["spec"]!["volumes"] = volumes;
        }

        cluster.Create(ObjectKind.Pod, pod);
        cluster.Events.Normal(set, Name, "SuccessfulCreate", $"Create Pod {name} in StatefulSet {set.Key.Name} successful");
    }

    private JsonArray Volumes(StoredObject set, string pod, JsonObject json)
    {
        var volumes = (JsonArray?)json.Array("spec", "volumes").Copy() ?? [];
        foreach (var template in set.Json.Items("spec", "volumeClaimTemplates"))
        {
            var claim = $"{template.Name()}-{pod}";
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

        return volumes;
    }
}
