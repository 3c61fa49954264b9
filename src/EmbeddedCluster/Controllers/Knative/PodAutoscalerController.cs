using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Controllers.Scheduling;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Knative;

/// <summary>
/// Scales a revision's Deployment between its minimum and its maximum: there is no traffic but what <see cref="Activator"/> reports, so a revision without a
/// minimum goes to sleep when its window has passed and wakes with the next request.
/// </summary>
internal sealed class PodAutoscalerController(Cluster cluster) : Controller
{
    private static readonly TimeSpan Lag = TimeSpan.FromMilliseconds(30);

    private readonly Notes<AutoscalerMemory> _memories = new();

    public override string Name => "podautoscaler-controller";

    public override TimeSpan Reaction => TimeSpan.FromMilliseconds(25);

    public override IEnumerable<ObjectKey> Affected(StoreEvent change)
    {
        var key = change.Object.Key;
        return ObjectKind.PodAutoscaler.Owns(key) ? [key]
            : ObjectKind.Pod.Owns(key) && change.Object.Json.Label(KnativeKeys.RevisionLabel) is { } revision
                ? [ObjectKind.PodAutoscaler.Key(key.Namespace, revision)]
            : [];
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } autoscaler || autoscaler.Json.IsDeleting())
        {
            _memories.Forget(key);
            return null;
        }

        var memory = _memories.TryGet(autoscaler, out var known) ? known : _memories.Set(autoscaler, new AutoscalerMemory(cluster.Clock.Now));

        var deployment = cluster.Cache.Get(ObjectKind.Deployment, key.Namespace, autoscaler.Json.Text("spec", "scaleTargetRef", "name") ?? "");
        var pods = deployment is null ? [] : cluster.Cache.PodsOf(deployment);
        var ready = pods.Count(p => !p.Json.IsDeleting() && !PodRequests.HasEnded(p.Json) && p.Json.HasCondition("Ready"));
        var hasService = cluster.Clock.Passed(memory.Since, TimeSpan.FromMilliseconds(120));
        var scale = ScaleDecision.Of(autoscaler.Json, ready, memory, hasService, cluster.Clock);
        var status = AutoscalerStatus.Of(autoscaler.Json, scale, ready, memory, hasService, cluster.Clock);
        cluster.UpdateStatus(autoscaler, status);
        if (hasService && deployment is not null)
        {
            Apply(deployment, scale, memory);
        }

        if (memory.ServesPods != (ready > 0))
        {
            memory.ServesPods = ready > 0;
            return Lag;
        }

        return hasService ? scale.Again : TimeSpan.FromMilliseconds(120);
    }

    // Going to zero waits until requests would surely find the activator.
    private void Apply(StoredObject deployment, ScaleDecision scale, AutoscalerMemory memory)
    {
        var wanted = scale.Wanted;
        if (wanted < 0 || (wanted == 0 && !cluster.Clock.Passed(memory.Since, ScaleDecision.ZeroGrace)) || deployment.Json.Number("spec", "replicas") == wanted)
        {
            return;
        }

        var edited = deployment.Edit();
        edited.Ensure("spec")["replicas"] = wanted;
        cluster.Update(deployment, edited);
    }
}

/// <summary>What an autoscaler remembers of one revision.</summary>
internal sealed class AutoscalerMemory(DateTimeOffset since)
{
    public DateTimeOffset Since { get; } = since;

    /// <summary>When enough pods were ready for the first time since they were not; null while they are not.</summary>
    public DateTimeOffset? ActiveSince { get; set; }

    /// <summary>Whether the revision has ever had as many pods as it should.</summary>
    public bool Initialized { get; set; }

    /// <summary>Whether the private Service has endpoints, as seen a moment ago.</summary>
    public bool ServesPods { get; set; }

    /// <summary>Whether the revision was put to sleep.</summary>
    public bool Asleep { get; set; }
}
