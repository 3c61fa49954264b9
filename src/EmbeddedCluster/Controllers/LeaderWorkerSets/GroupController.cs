using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.LeaderWorkerSets;

/// <summary>Looks at the pods of LeaderWorkerSets: gives every leader its workers, and makes a group anew when one of its containers was restarted or one of its pods deleted.</summary>
internal sealed class GroupController(Cluster cluster) : Controller
{
    public override string Name => "leaderworkerset";

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) =>
        ObjectKind.Pod.Owns(change.Object.Key) && change.Object.Json.Label(LeaderWorkerSetKeys.SetName) is not null ? [change.Object.Key]
        : ObjectKind.StatefulSet.Owns(change.Object.Key) ? ControllerOf(change.Object, ObjectKind.Pod)
        : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } pod
            || cluster.Cache.Get(ObjectKind.LeaderWorkerSet, key.Namespace, pod.Json.Label(LeaderWorkerSetKeys.SetName) ?? "") is not { } set)
        {
            return null;
        }

        var isLeader = pod.Json.Label(LeaderWorkerSetKeys.WorkerIndex) == "0";
        if (!Restart(set, pod, isLeader) && isLeader && !pod.Json.IsDeleting())
        {
            EnsureWorkers(set, pod);
        }

        return null;
    }

    // The leader is deleted with all that is its own; the leaders' StatefulSet then makes a new one.
    private bool Restart(StoredObject set, StoredObject pod, bool isLeader)
    {
        if (set.Json.Text("spec", "leaderWorkerTemplate", "restartPolicy") != "RecreateGroupOnPodRestart" || (!WasRestarted(pod) && !pod.Json.IsDeleting()))
        {
            return false;
        }

        var leader = isLeader ? pod : cluster.Cache.Get(ObjectKind.Pod, pod.Key.Namespace, pod.Key.Name[..pod.Key.Name.LastIndexOf('-')]);
        if (leader is null || leader.Json.Label(LeaderWorkerSetKeys.RevisionHash) != pod.Json.Label(LeaderWorkerSetKeys.RevisionHash))
        {
            return false;
        }

        if (!leader.Json.IsDeleting())
        {
            cluster.DeleteForeground(leader.Key);
            cluster.Events.Normal(set, Name, "RecreateGroupOnPodRestart",
                $"Worker pod {pod.Key.Name} failed, deleted leader pod {leader.Key.Name} to recreate group {leader.Json.Label(LeaderWorkerSetKeys.GroupIndex)}");
        }

        return true;
    }

    private static bool WasRestarted(StoredObject pod) =>
        pod.Json.Text("status", "phase") is "Running" or "Pending"
        && pod.Json.Items("status", "initContainerStatuses").Concat(pod.Json.Items("status", "containerStatuses")).Any(c => c.Number("restartCount") > 0);

    private void EnsureWorkers(StoredObject set, StoredObject leader)
    {
        if (LeaderWorkerSetObjects.HasOwnSubdomains(set.Json) && cluster.Cache.Get(ObjectKind.Service, leader.Key.Namespace, leader.Key.Name) is null)
        {
            cluster.Create(ObjectKind.Service, LeaderWorkerSetObjects.Service(set, leader));
        }

        var waits = set.Json.Text("spec", "startupPolicy") == "LeaderReady" && !leader.Json.HasCondition("Ready");
        if (LeaderWorkerSetObjects.Size(set.Json) == 1 || waits || cluster.Cache.Get(ObjectKind.StatefulSet, leader.Key.Namespace, leader.Key.Name) is not null)
        {
            return;
        }

        cluster.Create(ObjectKind.StatefulSet, LeaderWorkerSetObjects.Workers(set, leader));
        cluster.Events.Normal(set, Name, LeaderWorkerSetStatus.Progressing, $"Created worker statefulset for leader pod {leader.Key.Name}");

        // The real manager tries a second time before it hears of the first, fails and says so, on every healthy group.
        cluster.Events.Warning(set, Name, "FailedCreate", $"Failed to create worker statefulset for leader pod {leader.Key.Name}");
    }
}
