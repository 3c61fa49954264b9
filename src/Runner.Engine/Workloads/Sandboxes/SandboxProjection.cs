using k8s.Models;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Sandboxes;

/// <summary>Turns a Sandbox and its pod into a <see cref="Workload"/>. Pure.</summary>
internal static class SandboxProjection
{
    /// <param name="cluster">Name of the connection.</param>
    /// <param name="clusterId">Id of the cluster as the hub knows it.</param>
    /// <param name="pods">All pods that belong to a Sandbox of this name, terminating ones included.</param>
    public static Workload Project(string cluster, string clusterId, Sandbox sandbox, IReadOnlyCollection<V1Pod> pods)
    {
        var ownPods = pods.Where(pod => pod.Metadata.OwnerReferences?.Any(owner => owner.Kind == "Sandbox" && owner.Uid != sandbox.Metadata.Uid) != true)
            .OrderByDescending(InstanceProjection.IsLive)
            .ThenBy(pod => pod.Metadata.CreationTimestamp ?? DateTime.MaxValue)
            .ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal)
            .ToList();
        var pod = ownPods.Find(InstanceProjection.IsLive);
        var status = StatusOf(sandbox, pod, ownPods);
        var cause = CauseOf(sandbox, status, ownPods);
        var container = sandbox.Spec?.PodTemplate?.Spec?.Containers?.FirstOrDefault();
        var key = new WorkloadKey(cluster, WorkloadKind.Sandbox, sandbox.Metadata.NamespaceProperty ?? "", sandbox.Metadata.Name);
        return HubFacts.Of(key, clusterId, sandbox.Metadata) with
        {
            Status = status,
            Reason = cause.Reason,
            Message = cause.Message,
            WaitingForRoom = pod is not null && InstanceProjection.IsUnschedulable(pod),
            Endpoint = Address(sandbox, container),
            Image = container?.Image ?? "",
            ActualReplicas = pod is not null && InstanceProjection.IsReady(pod) ? 1 : 0,
            DesiredReplicas = IsExpired(sandbox) ? 0 : sandbox.Spec?.Replicas ?? 1,
            Requests = HubFacts.RequestsOf(container),
            Instances = ownPods.Select(InstanceProjection.Project).ToEquatableList(),
        };
    }

    /// <summary>In codes of services: 23 running, 20 on its way, 21 it does not come up, 24 it ended by itself, 25 paused, 26 ended or on its way out.</summary>
    private static DeployStatus StatusOf(Sandbox sandbox, V1Pod? pod, List<V1Pod> pods)
    {
        if (sandbox.Metadata.DeletionTimestamp is not null || IsExpired(sandbox))
        {
            return DeployStatus.Stopped;
        }

        if (sandbox.Spec?.Replicas == 0)
        {
            return DeployStatus.Sleeping;
        }

        if (pod is null)
        {
            return pods.Exists(ended => ended.Metadata.DeletionTimestamp is null) ? DeployStatus.RuntimeError : DeployStatus.Deploying;
        }

        if (InstanceProjection.IsFailed(pod))
        {
            return DeployStatus.DeployFailed;
        }

        return InstanceProjection.IsReady(pod) ? DeployStatus.Running : DeployStatus.Deploying;
    }

    private static Cause CauseOf(Sandbox sandbox, DeployStatus status, List<V1Pod> pods)
    {
        if (IsExpired(sandbox))
        {
            return new(SandboxNames.Expired, "The sandbox has reached the end of its life");
        }

        return status == DeployStatus.Stopped
            ? new("Deleting", "The sandbox is being deleted")
            : pods.Where(pod => pod.Metadata.DeletionTimestamp is null).Select(InstanceProjection.CauseOf).FirstOrDefault(cause => !cause.IsNone, Cause.None);
    }

    private static bool IsExpired(Sandbox sandbox) => sandbox.Status?.Conditions.Find("Ready") is { Status: "False", Reason: SandboxNames.Expired };

    private static string Address(Sandbox sandbox, V1Container? container) =>
        sandbox.Status?.ServiceFqdn is { Length: > 0 } name && container?.Ports?.FirstOrDefault() is { } port ? $"http://{name}:{port.ContainerPort}" : "";
}
