using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Apps;

/// <summary>Keeps the ReplicaSet of a Deployment's template at its size, and moves pods from older ones to it as the strategy allows.</summary>
internal sealed class DeploymentController(Cluster cluster) : Controller
{
    private const string RevisionAnnotation = "deployment.kubernetes.io/revision";
    private const string HashLabel = "pod-template-hash";

    // When a Deployment last came forward, exactly; its conditions tell it only to the second.
    private readonly Notes<(string State, DateTimeOffset Since)> _progress = new();

    public override string Name => "deployment-controller";

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) =>
        ObjectKind.Deployment.Owns(change.Object.Key) ? [change.Object.Key]
        : ObjectKind.ReplicaSet.Owns(change.Object.Key) ? ControllerOf(change.Object, ObjectKind.Deployment)
        : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } deployment)
        {
            _progress.Forget(key);
            return null;
        }

        var owned = cluster.Cache.OwnedBy(deployment.Json.Uid(), ObjectKind.ReplicaSet);
        var hash = Names.TemplateHash(deployment.Json.At("spec", "template")!);
        var current = owned.FirstOrDefault(s => s.Json.Label(HashLabel) == hash);
        if (deployment.Json.IsDeleting())
        {
            // Its pods go by garbage collection; it only goes on telling how many there are.
            return current is null ? null : WriteStatus(deployment, current, [.. owned.Where(s => s != current)]);
        }

        if (current is null)
        {
            CreateReplicaSet(deployment, owned, hash);
            return null;
        }

        var old = owned.Where(s => s != current).ToList();
        if (!deployment.Json.Flag("spec", "paused") && !Roll(deployment, current, old))
        {
            return WriteStatus(deployment, current, old);
        }

        WriteStatus(deployment, current, old);
        return null;
    }

    // Scales by one decision at a time; says whether it did.
    private bool Roll(StoredObject deployment, StoredObject current, List<StoredObject> old)
    {
        var decision = Rollout.Next(deployment.Json, current.Json, [.. old.Select(s => s.Json)]);
        if (decision is not { } next)
        {
            return false;
        }

        var set = next.Set == 0 ? current : old[next.Set - 1];
        var before = set.Json.Number("spec", "replicas") ?? 0;
        var edited = set.Edit();
        edited.Ensure("spec")["replicas"] = next.Replicas;
        edited.Ensure("metadata", "annotations")["deployment.kubernetes.io/desired-replicas"] = (deployment.Json.Number("spec", "replicas") ?? 1).ToString(CultureInfo.InvariantCulture);
        cluster.Update(set, edited);
        ReportScale(deployment, set.Key.Name, before, next.Replicas);
        return true;
    }

    private void CreateReplicaSet(StoredObject deployment, IReadOnlyList<StoredObject> owned, string hash)
    {
        var revision = (owned.Select(s => long.TryParse(s.Json.Annotation(RevisionAnnotation), CultureInfo.InvariantCulture, out var r) ? r : 0).DefaultIfEmpty().Max() + 1)
            .ToString(CultureInfo.InvariantCulture);
        var wanted = deployment.Json.Number("spec", "replicas") ?? 1;
        var size = owned.Count == 0 ? wanted : 0;
        var template = (JsonObject)deployment.Json.At("spec", "template").Copy()!;
        template.Ensure("metadata", "labels")[HashLabel] = hash;
        var selector = (JsonObject?)deployment.Json.Object("spec", "selector").Copy() ?? [];
        selector.Ensure("matchLabels")[HashLabel] = hash;
        var annotations = (JsonObject?)deployment.Json.Object("metadata", "annotations").Copy() ?? [];
        annotations["deployment.kubernetes.io/desired-replicas"] = wanted.ToString(CultureInfo.InvariantCulture);
        annotations["deployment.kubernetes.io/max-replicas"] = (wanted + Rollout.MaxSurge(deployment.Json)).ToString(CultureInfo.InvariantCulture);
        annotations[RevisionAnnotation] = revision;
        var set = cluster.Create(ObjectKind.ReplicaSet, new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{deployment.Key.Name}-{hash}",
                ["namespace"] = deployment.Key.Namespace,
                ["labels"] = template.At("metadata", "labels").Copy(),
                ["annotations"] = annotations,
                ["ownerReferences"] = new JsonArray(Cluster.ControllerReference(deployment, ObjectKind.Deployment)),
            },
            ["spec"] = new JsonObject { ["replicas"] = size, ["selector"] = selector, ["template"] = template },
            ["status"] = new JsonObject { ["replicas"] = 0 },
        });
        if (deployment.Json.Annotation(RevisionAnnotation) != revision)
        {
            var edited = deployment.Edit();
            edited.Ensure("metadata", "annotations")[RevisionAnnotation] = revision;
            deployment = cluster.Update(deployment, edited);
        }

        ReportScale(deployment, set.Key.Name, 0, size);
        var status = deployment.Json.EditStatus();
        Conditions.Set(status, cluster.Clock, "Progressing", "True", "NewReplicaSetCreated", $"Created new replica set \"{set.Key.Name}\"", "lastUpdateTime");
        cluster.UpdateStatus(deployment, status);
        _progress.Set(deployment, ($"created {hash}", cluster.Clock.Now));
    }

    private void ReportScale(StoredObject deployment, string set, long before, long after)
    {
        if (before != after)
        {
            cluster.Events.Normal(deployment, Name, "ScalingReplicaSet", $"Scaled {(after > before ? "up" : "down")} replica set {set} from {before} to {after}");
        }
    }

    // Returns when the progress deadline will strike, unless there is progress.
    private TimeSpan? WriteStatus(StoredObject deployment, StoredObject current, List<StoredObject> old)
    {
        var counts = DeploymentStatus.Count(deployment.Json, current.Json, old.Select(s => s.Json));
        var state = $"{current.Key.Name} {counts}";
        var moved = !_progress.TryGet(deployment, out var progress) || progress.State != state;
        if (moved)
        {
            progress = _progress.Set(deployment, (state, cluster.Clock.Now));
        }

        var deadline = TimeSpan.FromSeconds(deployment.Json.Number("spec", "progressDeadlineSeconds") ?? 600);
        var overdue = !moved && cluster.Clock.Passed(progress.Since, deadline);
        var status = DeploymentStatus.Of(deployment.Json, current.Key.Name, counts, overdue, moved, cluster.Clock);
        cluster.UpdateStatus(deployment, status);
        return status.Items("conditions").Any(c => c.Text("reason") is "NewReplicaSetCreated" or "ReplicaSetUpdated")
            ? cluster.Clock.Until(cluster.Clock.After(progress.Since, deadline)) + TimeSpan.FromMilliseconds(1)
            : null;
    }
}
