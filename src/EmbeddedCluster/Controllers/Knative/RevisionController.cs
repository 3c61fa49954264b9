using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Knative;

/// <summary>A Revision becomes a Deployment and a PodAutoscaler, and tells how they fare. It does not watch pods: it looks at them when the Deployment changes.</summary>
internal sealed class RevisionController(Cluster cluster) : Controller
{
    private const string Component = "revision-controller";

    private readonly Notes<int> _failedResolutions = new();

    public override string Name => "knative-revision";

    public override TimeSpan Reaction => TimeSpan.FromMilliseconds(40);

    public override IEnumerable<ObjectKey> Affected(StoreEvent change) =>
        ObjectKind.Revision.Owns(change.Object.Key) ? [change.Object.Key]
        : ObjectKind.Deployment.Owns(change.Object.Key) || ObjectKind.PodAutoscaler.Owns(change.Object.Key) ? ControllerOf(change.Object, ObjectKind.Revision)
        : [];

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } revision || revision.Json.IsDeleting())
        {
            _failedResolutions.Forget(key);
            return null;
        }

        var status = revision.Json.EditStatus();
        var conditions = new ConditionSet(status, cluster.Clock, "Ready", "ContainerHealthy", "ResourcesAvailable");
        var isNew = revision.Json.Condition("Ready") is null;
        conditions.Initialize();
        status["observedGeneration"] = revision.Json.Generation();
        if (status["containerStatuses"] is null)
        {
            if (isNew)
            {
                conditions.MarkUnknown("ResourcesAvailable", "ResolvingDigests");
                cluster.UpdateStatus(revision, status);
                return Reaction;
            }

            if (Unresolvable(revision.Json) is { } failure)
            {
                return ResolutionFailed(revision, status, conditions, failure);
            }

            status["containerStatuses"] = new JsonArray(
                [.. revision.Json.Items("spec", "containers").Select(c => (JsonNode)new JsonObject { ["name"] = c.Text("name") ?? "user-container" })]);
        }

        var deployment = ReconcileDeployment(revision, conditions);
        ReconcileAutoscaler(revision, deployment, status, conditions);
        if (conditions.Status("Ready") == "True" && !revision.Json.HasCondition("Ready"))
        {
            cluster.Events.Normal(revision, Component, "RevisionReady", "Revision becomes ready upon all resources being ready");
        }

        cluster.UpdateStatus(revision, status);
        return null;
    }

    // The registry host "….invalid" does not exist, as the name is reserved for.
    private static string? Unresolvable(JsonObject revision)
    {
        var image = revision.Items("spec", "containers").FirstOrDefault().Text("image") ?? "";
        var host = image.Split('/')[0];
        return host.EndsWith(".invalid", StringComparison.Ordinal)
            ? $"Unable to fetch image \"{image}\": failed to resolve image to digest: Get \"https://{host}/v2/\": dial tcp: lookup {host} on 10.43.0.10:53: no such host"
            : null;
    }

    private TimeSpan? ResolutionFailed(StoredObject revision, JsonObject status, ConditionSet conditions, string failure)
    {
        conditions.MarkFalse("ContainerHealthy", "ContainerMissing", failure);
        cluster.Events.Warning(revision, Component, "InternalError", failure);
        cluster.UpdateStatus(revision, status);
        var failures = _failedResolutions.Set(revision, (_failedResolutions.TryGet(revision, out var before) ? before : 0) + 1);
        return TimeSpan.FromSeconds(Math.Pow(2, Math.Min(failures - 1, 9)));
    }

    private StoredObject ReconcileDeployment(StoredObject revision, ConditionSet conditions)
    {
        var name = $"{revision.Key.Name}-deployment";
        if (cluster.Cache.Get(ObjectKind.Deployment, revision.Key.Namespace, name) is not { } deployment)
        {
            conditions.MarkUnknown("ResourcesAvailable", "Deploying");
            conditions.MarkUnknown("ContainerHealthy", "Deploying");
            return cluster.Create(ObjectKind.Deployment, RevisionDeployment.Of(revision, name));
        }

        if (deployment.Json.HasCondition("Progressing", "False"))
        {
            conditions.Propagate("ResourcesAvailable", deployment.Json.Condition("Progressing"));
        }
        else if (deployment.Json.HasCondition("Progressing"))
        {
            conditions.MarkTrue("ResourcesAvailable");
        }

        if ((deployment.Json.Number("spec", "replicas") ?? 1) > 0 && (deployment.Json.Number("status", "availableReplicas") ?? 0) == 0)
        {
            LookAtPod(revision, deployment, conditions);
        }

        return deployment;
    }

    // One pod speaks for all; one that has found a node knows more than one that has not.
    private void LookAtPod(StoredObject revision, StoredObject deployment, ConditionSet conditions)
    {
        var pod = cluster.Cache.PodsOf(deployment).OrderBy(p => p.Json.Text("spec", "nodeName") is null).FirstOrDefault()?.Json;
        if (pod.HasCondition("PodScheduled", "False"))
        {
            conditions.MarkFalse("ResourcesAvailable", pod.Condition("PodScheduled").Text("reason"), pod.Condition("PodScheduled").Text("message"));
        }

        var user = revision.Json.Items("spec", "containers").FirstOrDefault().Text("name") ?? "user-container";
        var container = pod.Items("status", "containerStatuses").FirstOrDefault(c => c.Text("name") == user);
        if (container.Object("lastState", "terminated") is { } ended)
        {
            var code = ended.Number("exitCode") ?? 0;
            var message = ended.Text("message") ?? "";
            conditions.MarkFalse(
                "ContainerHealthy", $"ExitCode{code}",
                $"Container failed with: {(code == 0 && message.Length == 0 ? "container exited with no error" : message)}");
        }
        else if (container.Object("state", "waiting") is { } waiting && deployment.Json.Condition("Progressing").Text("reason") == "ProgressDeadlineExceeded")
        {
            conditions.MarkFalse("ResourcesAvailable", waiting.Text("reason"), waiting.Text("message"));
        }
    }

    private void ReconcileAutoscaler(StoredObject revision, StoredObject deployment, JsonObject status, ConditionSet conditions)
    {
        var reachability = Reachability(revision.Json, deployment.Json, conditions);
        if (cluster.Cache.Get(ObjectKind.PodAutoscaler, revision.Key.Namespace, revision.Key.Name) is not { } autoscaler)
        {
            cluster.Create(ObjectKind.PodAutoscaler, RevisionDeployment.AutoscalerOf(revision, deployment.Key.Name, reachability));
            conditions.MarkUnknown("Active", "Deploying");
            return;
        }

        if (autoscaler.Json.Text("spec", "reachability") != reachability)
        {
            var edited = autoscaler.Edit();
            edited.Ensure("spec")["reachability"] = reachability;
            autoscaler = cluster.Update(autoscaler, edited);
        }

        Propagate(autoscaler.Json, status, conditions);
    }

    // A revision that fails and has no ready pod is kept from the minimum scale.
    private static string Reachability(JsonObject revision, JsonObject deployment, ConditionSet conditions)
    {
        var failed = conditions.Status("ResourcesAvailable") == "False" || conditions.Status("ContainerHealthy") == "False";
        var dead = failed && (deployment.Number("spec", "replicas") ?? 1) > 0 && (deployment.Number("status", "readyReplicas") ?? 0) == 0;
        return dead || revision.Label(KnativeKeys.RoutingStateLabel) == "reserve" ? "Unreachable" : "Reachable";
    }

    private static void Propagate(JsonObject autoscaler, JsonObject status, ConditionSet conditions)
    {
        var resourcesFailed = conditions.Status("ResourcesAvailable") == "False";
        if (autoscaler.Condition("Ready") is not { } ready)
        {
            conditions.MarkUnknown("Active", "Deploying");
            if (!resourcesFailed)
            {
                conditions.MarkUnknown("ResourcesAvailable", "Deploying");
            }

            return;
        }

        status["actualReplicas"] = autoscaler.Number("status", "actualScale") ?? 0;
        if (autoscaler.Number("status", "desiredScale") is >= 0 and var desired)
        {
            status["desiredReplicas"] = desired;
        }

        if (string.IsNullOrEmpty(autoscaler.Text("status", "serviceName")) && conditions.Status("ResourcesAvailable") == "True")
        {
            conditions.MarkUnknown("ResourcesAvailable", "Deploying");
        }

        if (autoscaler.HasCondition("ScaleTargetInitialized") && !resourcesFailed)
        {
            conditions.MarkTrue("ResourcesAvailable");
            // A container that has crashed keeps its mark: the revision does not become ready again by itself.
            if (conditions.Status("ContainerHealthy") != "False")
            {
                conditions.MarkTrue("ContainerHealthy");
            }
        }

        conditions.Propagate("Active", ready);
    }
}
