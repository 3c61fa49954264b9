using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Sandboxes;

/// <summary>
/// Gives a Sandbox its pod, its Service without address and its claims, and tells in condition <c>Ready</c> how they fare. When its shutdown time has come, pod and
/// Service go; the Sandbox itself stays as expired or goes too, as its policy says.
/// </summary>
internal sealed class SandboxController(Cluster cluster) : Controller
{
    public override string Name => "sandbox-controller";

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) =>
        ObjectKind.Sandbox.Owns(change.Object.Key) ? [change.Object.Key]
        : ObjectKind.Pod.Owns(change.Object.Key) || ObjectKind.Service.Owns(change.Object.Key) ? ControllerOf(change.Object, ObjectKind.Sandbox)
        : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } sandbox || sandbox.Json.IsDeleting())
        {
            return null;
        }

        var end = SimulationClock.Parse(sandbox.Json.Text("spec", "shutdownTime"));
        if (end <= cluster.Clock.Now)
        {
            Expire(sandbox);
            return null;
        }

        Claims(sandbox);
        var pod = Pod(sandbox);
        var service = cluster.Cache.Get(ObjectKind.Service, key.Namespace, key.Name) ?? cluster.Create(ObjectKind.Service, SandboxObjects.Service(sandbox));
        cluster.UpdateStatus(sandbox, SandboxStatus.Of(sandbox.Json, pod?.Json, service.Json, cluster.Clock));
        return end is { } instant ? cluster.Clock.Until(instant) : null;
    }

    private StoredObject? Pod(StoredObject sandbox)
    {
        var pod = cluster.Cache.Get(ObjectKind.Pod, sandbox.Key.Namespace, sandbox.Key.Name);
        if (sandbox.Json.Number("spec", "replicas") != 0)
        {
            return pod ?? cluster.Create(ObjectKind.Pod, SandboxObjects.Pod(sandbox));
        }

        if (pod is not null && !pod.Json.IsDeleting())
        {
            cluster.Delete(pod.Key);
        }

        return null;
    }

    private void Claims(StoredObject sandbox)
    {
        foreach (var claim in SandboxObjects.Claims(sandbox))
        {
            if (cluster.Cache.Get(ObjectKind.PersistentVolumeClaim, sandbox.Key.Namespace, claim.Name()) is null)
            {
                cluster.Create(ObjectKind.PersistentVolumeClaim, claim);
            }
        }
    }

    private void Expire(StoredObject sandbox)
    {
        foreach (var kind in (ReadOnlySpan<ObjectKind>)[ObjectKind.Pod, ObjectKind.Service])
        {
            if (cluster.Cache.Get(kind, sandbox.Key.Namespace, sandbox.Key.Name) is { } left && !left.Json.IsDeleting())
            {
                cluster.Delete(left.Key);
            }
        }

        if (sandbox.Json.Text("spec", "shutdownPolicy") == "Delete")
        {
            cluster.Delete(sandbox.Key);
            return;
        }

        cluster.UpdateStatus(sandbox, SandboxStatus.Expired(sandbox.Json, cluster.Clock));
    }
}
