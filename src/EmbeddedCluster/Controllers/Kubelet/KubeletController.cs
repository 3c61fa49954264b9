using Runner.EmbeddedCluster.Controllers.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Controllers.Scheduling;
using Runner.EmbeddedCluster.Logs;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Kubelet;

/// <summary>The kubelets of all simulated nodes: lets each pod bound to a node live the life its <see cref="PodBehaviour"/> foresees, and writes its status.</summary>
internal sealed class KubeletController(Cluster cluster, PodLogStore logs) : Controller
{
    /// <summary>Annotation on a pod whose containers are to be stopped although the pod stays, as the executor of a workflow does it.</summary>
    public const string TerminateAnnotation = "embedded.csghub.io/terminate";

    private static readonly TimeSpan OrphanTime = TimeSpan.FromSeconds(40);

    private readonly Dictionary<ObjectKey, PodRun> _runs = [];
    private readonly Dictionary<string, HashSet<string>> _images = [];
    private int _addresses;

    public override string Name => "kubelet";

    public override TimeSpan Reaction => TimeSpan.FromMilliseconds(10);

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) =>
        ObjectKind.Pod.Owns(change.Object.Key) && !string.IsNullOrEmpty(change.Object.Json.Text("spec", "nodeName")) ? [change.Object.Key] : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        var pod = cluster.Cache.Get(key);
        if (_runs.TryGetValue(key, out var run) && run.Uid != pod?.Json.Uid())
        {
            logs.Forget(run.Uid);
            _runs.Remove(key);
            run = null;
        }

        if (pod is null || string.IsNullOrEmpty(pod.Json.Text("spec", "nodeName")))
        {
            return null;
        }

        if (run is null)
        {
            if (PodRequests.HasEnded(pod.Json) && !pod.Json.IsDeleting())
            {
                return null;
            }

            _runs[key] = run = new PodRun(pod.Json, NextAddress(), cluster.Clock, Images(pod), new ContainerOutput(pod.Json, cluster.Clock, logs), Recorder(key));
            run.Begin();
        }

        var node = cluster.Cache.Get(ObjectKind.Node, "", pod.Json.Text("spec", "nodeName")!);
        if (node is null)
        {
            return Orphaned(pod, run);
        }

        run.NodeMissingSince = null;
        if (node.Json.Annotation(NodeController.LostAnnotation) == "true")
        {
            return TimeSpan.FromSeconds(1);
        }

        if (pod.Json.IsDeleting())
        {
            run.Stop();
        }
        else if (pod.Json.Annotation(PodBehaviour.FailAnnotation) is { } fail && fail != run.FailedFor)
        {
            run.FailedFor = fail;
            run.Fail();
        }
        else if (pod.Json.Annotation(TerminateAnnotation) == "true")
        {
            run.Stop(exitCode: 143);
        }

        run.RunDueSteps();
        return Publish(pod, run, node);
    }

    private TimeSpan? Publish(StoredObject pod, PodRun run, StoredObject node)
    {
        if (run.Dirty)
        {
            pod = cluster.UpdateStatus(pod, PodStatus.Of(pod.Json, run, node.Json, cluster.Clock));
            run.Dirty = false;
        }

        if (run.Stopped && pod.Json.IsDeleting())
        {
            cluster.ConfirmStopped(pod.Key);
            return null;
        }

        return run.NextStep;
    }

    // A pod whose node was removed is removed too, as the pod garbage collector does after a while.
    private TimeSpan? Orphaned(StoredObject pod, PodRun run)
    {
        run.NodeMissingSince ??= cluster.Clock.Now;
        if (!cluster.Clock.Passed(run.NodeMissingSince.Value, OrphanTime))
        {
            return TimeSpan.FromSeconds(5);
        }

        cluster.Delete(pod.Key, gracePeriodSeconds: 0);
        return null;
    }

    private HashSet<string> Images(StoredObject pod)
    {
        var node = pod.Json.Text("spec", "nodeName")!;
        if (!_images.TryGetValue(node, out var images))
        {
            _images[node] = images = [];
        }

        return images;
    }

    private string NextAddress()
    {
        _addresses++;
        return $"10.42.{_addresses / 250 % 250}.{(_addresses % 250) + 1}";
    }

    private Action<string, string, string, string?> Recorder(ObjectKey key) => (type, reason, message, container) =>
    {
        if (cluster.Cache.Get(key) is not { } pod)
        {
            return;
        }

        var field = container is null ? null : $"spec.containers{{{container}}}";
        var host = pod.Json.Text("spec", "nodeName");
        if (type == "Warning")
        {
            cluster.Events.Warning(pod, "kubelet", reason, message, field, host);
        }
        else
        {
            cluster.Events.Normal(pod, "kubelet", reason, message, field, host);
        }
    };
}
