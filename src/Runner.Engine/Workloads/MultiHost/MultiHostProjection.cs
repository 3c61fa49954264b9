using System.Globalization;
using k8s.Models;
using Runner.Engine.Workloads.Scheduling;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.MultiHost;

/// <summary>
/// Turns a LeaderWorkerSet and its pods into a <see cref="Workload"/>. Pure. A group serves when all its pods are there and ready; the set's own
/// conditions do not tell that. Codes follow the table for single-host services, with a group in place of a pod.
/// </summary>
internal static class MultiHostProjection
{
    /// <param name="cluster">Name of the connection.</param>
    /// <param name="clusterId">Id of the cluster as the hub knows it.</param>
    /// <param name="pods">All pods labelled with the set's name, terminating ones included.</param>
    public static Workload Project(string cluster, string clusterId, LeaderWorkerSet set, IReadOnlyCollection<V1Pod> pods)
    {
        // Pods do not name the set's uid: what is older than the set is left over from one that bore its name before.
        var ownPods = pods.Where(pod => pod.Metadata.CreationTimestamp is not { } made || set.Metadata.CreationTimestamp is not { } born || made >= born)
            .OrderByDescending(InstanceProjection.IsLive)
            .ThenBy(pod => Index(pod, LeaderWorkerSetNames.GroupIndexLabel))
            .ThenBy(pod => Index(pod, LeaderWorkerSetNames.WorkerIndexLabel))
            .ThenBy(pod => pod.Metadata.CreationTimestamp ?? DateTime.MaxValue)
            .ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal)
            .ToList();
        var template = set.Spec?.Template;
        var size = template?.Size ?? 1;
        var isMadeAnew = template?.RestartPolicy is null or LeaderWorkerSetNames.RecreateGroup;
        List<PodGroup> groups =
        [
            .. ownPods.Where(InstanceProjection.IsLive)
                .GroupBy(pod => Index(pod, LeaderWorkerSetNames.GroupIndexLabel))
                .Select(group => new PodGroup([.. group], size, isMadeAnew)),
        ];

        var status = StatusOf(set, groups);
        var cause = CauseOf(status, groups, ownPods);
        var leader = template?.Leader ?? template?.Worker;
        var container = leader?.Spec?.Containers?.FirstOrDefault();
        var service = LeaderWorkerSetNames.ServiceOf(set);
        var key = new WorkloadKey(cluster, WorkloadKind.Service, set.Metadata.NamespaceProperty ?? "", service);
        var facts = HubFacts.Of(key, clusterId, set.Metadata);
        return facts with
        {
            Status = status,
            Reason = cause.Reason,
            Message = cause.Message,
            WaitingForRoom = IsWaitingForRoom(status, groups),
            QueueName = HubFacts.Text(leader?.Metadata?.Annotations, VolcanoNames.QueueAnnotation),
            Endpoint = $"http://{(HubFacts.Text(set.Metadata.Annotations, HubNames.HostAnnotation) is { Length: > 0 } host ? host : $"{service}.{key.Namespace}.svc.cluster.local")}",
            Image = container?.Image ?? "",
            ActualReplicas = groups.Count(group => group.Serves),
            DesiredReplicas = set.Spec?.Replicas ?? 1,
            MinReplicas = set.Spec?.Replicas ?? 1,
            MaxReplicas = set.Spec?.Replicas ?? 1,
            Hosts = Math.Max(1, size),
            Requests = HubFacts.RequestsOf(container),
            Instances = ownPods.Select(InstanceProjection.Project).ToEquatableList(),
            Revisions = new WorkloadRevision[]
            {
                new(
                    set.Metadata.Name,
                    HubFacts.Text(leader?.Metadata?.Labels, HubNames.CommitIdLabel),
                    100,
                    status == DeployStatus.Running,
                    facts.CreatedAt,
                    cause.Reason,
                    cause.Message,
                    container?.Image ?? ""),
            }.ToEquatableList(),
        };
    }

    private static DeployStatus StatusOf(LeaderWorkerSet set, List<PodGroup> groups)
    {
        if (set.Metadata.DeletionTimestamp is not null)
        {
            return DeployStatus.Stopped;
        }

        if (groups.Any(group => group.Serves))
        {
            return DeployStatus.Running;
        }

        if (groups.Count == 0)
        {
            return set.Spec?.Replicas == 0 ? DeployStatus.Sleeping : DeployStatus.Deploying;
        }

        if (groups.Find(group => !group.HasFailed) is not { } hopeful)
        {
            return DeployStatus.DeployFailed;
        }

        var first = hopeful.Pods[0];
        return first.Status?.Phase is null or "Pending" && !InstanceProjection.IsBeingCreated(first) ? DeployStatus.Pending : DeployStatus.Deploying;
    }

    /// <summary>From the first pod with something to say; pods that have ended speak only while no group serves.</summary>
    private static Cause CauseOf(DeployStatus status, List<PodGroup> groups, List<V1Pod> pods)
    {
        if (status == DeployStatus.Stopped)
        {
            return new("Deleting", "The service is being deleted");
        }

        var speakers = groups.Any(group => group.Serves) ? groups.SelectMany(group => group.Pods) : pods.Where(pod => pod.Metadata.DeletionTimestamp is null);
        return speakers.Select(InstanceProjection.CauseOf).FirstOrDefault(cause => !cause.IsNone, Cause.None);
    }

    private static bool IsWaitingForRoom(DeployStatus status, List<PodGroup> groups)
    {
        var live = groups.SelectMany(group => group.Pods).ToList();
        return status != DeployStatus.Stopped
            && live.Exists(InstanceProjection.IsUnschedulable)
            && live.TrueForAll(pod => InstanceProjection.IsUnschedulable(pod) || !InstanceProjection.IsFailed(pod));
    }

    private static int Index(V1Pod pod, string label) =>
        int.TryParse(pod.GetLabel(label), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : int.MaxValue;

    /// <summary>The live pods of one group.</summary>
    /// <param name="Pods">The leader first, where it is there.</param>
    /// <param name="Size">Pods a whole group has.</param>
    /// <param name="IsMadeAnew">Whether the manager makes the group anew when one of its containers was restarted.</param>
    private sealed record PodGroup(List<V1Pod> Pods, int Size, bool IsMadeAnew)
    {
        /// <summary>A worker that was restarted has lost its leader, whatever it says: the group goes any moment.</summary>
        public bool Serves => Pods.Count >= Size && Pods.TrueForAll(pod => InstanceProjection.IsReady(pod) && !(IsMadeAnew && WasRestarted(pod)));

        /// <summary>One pod that does not come keeps the others from serving.</summary>
        public bool HasFailed => Pods.Exists(InstanceProjection.IsFailed);

        private static bool WasRestarted(V1Pod pod) =>
            (pod.Status?.InitContainerStatuses ?? []).Concat(pod.Status?.ContainerStatuses ?? []).Any(status => status.RestartCount > 0);
    }
}
