using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission.Defaults;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.LeaderWorkerSets;

/// <summary>
/// Keeps revision, leaders and Service of a LeaderWorkerSet and writes its status. Like the real manager it looks at StatefulSets and not at pods, so a pod that
/// fails is seen when a StatefulSet counts it; and it goes on with a set that is being deleted, so that a foreground deletion does not end.
/// </summary>
internal sealed class LeaderWorkerSetController(Cluster cluster) : Controller
{
    // How long objects of a set that is being deleted stay away: the pace of the real garbage collector, which the simulated one does not have.
    private static readonly TimeSpan Restoration = TimeSpan.FromMilliseconds(600);

    private readonly Notes<DateTimeOffset> _restored = new();

    public override string Name => "leaderworkerset";

    public override IEnumerable<ObjectKey> Affected(StoreEvent change)
    {
        var key = change.Object.Key;
        return ObjectKind.LeaderWorkerSet.Owns(key) ? [key]
            : ObjectKind.StatefulSet.Owns(key) && change.Object.Json.Label(LeaderWorkerSetKeys.SetName) is { } name ? [ObjectKind.LeaderWorkerSet.Key(key.Namespace, name)]
            : ObjectKind.Service.Owns(key) ? ControllerOf(change.Object, ObjectKind.LeaderWorkerSet)
            : [];
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } set)
        {
            _restored.Forget(key);
            return null;
        }

        var leaders = cluster.Cache.Get(ObjectKind.StatefulSet, key.Namespace, key.Name);
        if (leaders is not null && Resting(set) is { } rest)
        {
            UpdateStatus(set, leaders);
            return rest;
        }

        var revision = LeaderWorkerSetObjects.RevisionKey(set.Json);
        EnsureRevision(set, revision, leaders is null);
        leaders = EnsureLeaders(set, leaders, revision);
        if (cluster.Cache.Get(ObjectKind.Service, key.Namespace, key.Name) is null)
        {
            cluster.Create(ObjectKind.Service, LeaderWorkerSetObjects.Service(set));
        }

        UpdateStatus(set, leaders);
        return null;
    }

    private TimeSpan? Resting(StoredObject set)
    {
        if (!set.Json.IsDeleting())
        {
            return null;
        }

        if (_restored.TryGet(set, out var last) && !cluster.Clock.Passed(last, Restoration))
        {
            return cluster.Clock.Until(cluster.Clock.After(last, Restoration));
        }

        _restored.Set(set, cluster.Clock.Now);
        return null;
    }

    private void EnsureRevision(StoredObject set, string key, bool isNew)
    {
        var known = cluster.Cache.OwnedBy(set.Json.Uid(), ObjectKind.ControllerRevision);
        if (known.Any(r => r.Json.Label(LeaderWorkerSetKeys.RevisionHash) == key))
        {
            return;
        }

        var number = known.Select(r => r.Json.Number("revision") ?? 0).DefaultIfEmpty(0).Max() + 1;
        cluster.Create(ObjectKind.ControllerRevision, LeaderWorkerSetObjects.Revision(set, key, number));
        cluster.Events.Normal(set, Name, "CreatingRevision",
            isNew ? $"Creating revision with key {key} for a newly created LeaderWorkerSet"
            : known.Count > 0 ? $"Creating revision with key {key} for updated LWS"
            : $"Creating missing revision with key {key} for existing LeaderWorkerSet");
    }

    private StoredObject EnsureLeaders(StoredObject set, StoredObject? leaders, string revision)
    {
        var wanted = LeaderWorkerSetObjects.Leaders(set, revision);
        if (leaders is null)
        {
            leaders = cluster.Create(ObjectKind.StatefulSet, wanted);
            cluster.Events.Normal(set, Name, LeaderWorkerSetStatus.Progressing, $"Created leader statefulset {set.Key.Name}");
            return leaders;
        }

        var sameTemplate = leaders.Json.Label(LeaderWorkerSetKeys.RevisionHash) == revision;
        if (sameTemplate && leaders.Json.Number("spec", "replicas") == LeaderWorkerSetObjects.Replicas(set.Json))
        {
            return leaders;
        }

        var edited = leaders.Edit();
        edited["metadata"]!["labels"] = wanted["metadata"]!["labels"].Copy();
        edited["metadata"]!["annotations"] = wanted["metadata"]!["annotations"].Copy();
        edited["spec"]!["replicas"] = wanted["spec"]!["replicas"].Copy();
        if (!sameTemplate)
        {
            edited["spec"]!["template"] = wanted["spec"]!["template"].Copy();
            WorkloadDefaults.Apply("StatefulSet", (JsonObject)edited["spec"]!);
        }

        return cluster.Update(leaders, edited);
    }

    private void UpdateStatus(StoredObject set, StoredObject leaders)
    {
        var groups = cluster.Cache.OwnedBy(leaders.Json.Uid(), ObjectKind.Pod)
            .Select(leader => new Group(leader.Json, cluster.Cache.Get(ObjectKind.StatefulSet, leader.Key.Namespace, leader.Key.Name)?.Json))
            .ToList();
        var (status, told) = LeaderWorkerSetStatus.Of(set.Json, LeaderWorkerSetObjects.RevisionKey(set.Json), leaders.Json, groups, cluster.Clock);
        cluster.UpdateStatus(set, status);
        if (told is { } news)
        {
            cluster.Events.Normal(set, Name, news.Reason, news.Message);
        }
    }
}
