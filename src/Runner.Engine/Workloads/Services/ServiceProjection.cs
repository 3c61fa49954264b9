using System.Globalization;
using k8s.Models;
using Runner.Engine.Workloads.Scheduling;

namespace Runner.Engine.Workloads.Services;

/// <summary>Turns a Knative Service and its objects into a <see cref="Workload"/>. Pure: the same objects give the same answer.</summary>
internal static class ServiceProjection
{
    /// <param name="cluster">Name of the connection.</param>
    /// <param name="clusterId">Id of the cluster as the hub knows it.</param>
    /// <param name="revisions">All revisions labelled with the service's name.</param>
    /// <param name="pods">All pods labelled <c>serving.knative.dev/service</c> with the service's name, terminating ones included.</param>
    public static Workload Project(
        string cluster, string clusterId, KnativeService service, IReadOnlyCollection<KnativeRevision> revisions, IReadOnlyCollection<V1Pod> pods)
    {
        var uid = service.Metadata.Uid ?? "";

        // A service that was deleted and made anew has revisions and pods of the same names for a moment, with another uid.
        var ownPods = pods.Where(pod => BelongsTo(pod.Metadata, uid))
            .OrderByDescending(InstanceProjection.IsLive)
            .ThenBy(pod => pod.Metadata.CreationTimestamp ?? DateTime.MaxValue)
            .ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal)
            .ToList();
        var ownRevisions = revisions.Where(revision => BelongsTo(revision.Metadata, uid) && !IsDeleted(revision))
            .OrderBy(revision => revision.Metadata.CreationTimestamp ?? DateTime.MaxValue)
            .ThenBy(revision => revision.Metadata.Name, StringComparer.Ordinal)
            .ToList();
        var facts = new ServiceFacts(service, ownRevisions, [.. ownPods.Where(InstanceProjection.IsLive)], ownPods);
        var status = StatusOf(facts);
        var cause = CauseOf(facts, status);
        var container = service.Spec?.Template?.Spec?.Containers.FirstOrDefault();
        var key = new WorkloadKey(cluster, WorkloadKind.Service, service.Metadata.NamespaceProperty ?? "", service.Metadata.Name);
        return HubFacts.Of(key, clusterId, service.Metadata) with
        {
            Status = status,
            Reason = cause.Reason,
            Message = cause.Message,
            WaitingForRoom = IsWaitingForRoom(facts),
            QueueName = HubFacts.Text(service.Spec?.Template?.Metadata?.Annotations, VolcanoNames.QueueAnnotation),
            Endpoint = service.Status?.Url ?? "",
            Image = container?.Image ?? "",
            ActualReplicas = facts.LivePods.Count(InstanceProjection.IsReady),
            DesiredReplicas = DesiredReplicas(facts),
            MinReplicas = Scale(service, ServiceChanges.MinScale) ?? 0,
            MaxReplicas = Scale(service, ServiceChanges.MaxScale) is > 0 and var max ? max : null,
            Requests = HubFacts.RequestsOf(container),
            Instances = ownPods.Select(InstanceProjection.Project).ToEquatableList(),
            Revisions = ownRevisions.Select(revision => Revision(revision, service)).ToEquatableList(),
        };
    }

    /// <summary>The code, by the table of the wire contract ("Status, from the cluster"), row by row.</summary>
    private static DeployStatus StatusOf(ServiceFacts facts)
    {
        if (facts.Service.Metadata.DeletionTimestamp is not null)
        {
            return DeployStatus.Stopped;
        }

        var first = facts.LivePods.FirstOrDefault(pod => pod.Status?.Phase is null or "Pending" or "Running" && !InstanceProjection.IsFailed(pod));
        if (first is { Status.Phase: null or "Pending" })
        {
            return InstanceProjection.IsBeingCreated(first) ? DeployStatus.Deploying : DeployStatus.Pending;
        }

        switch (Readiness(facts))
        {
            case null:
            case "Unknown" when facts.LivePods.Count == 0:
                return DeployStatus.Deploying;
            case "True" when facts.LivePods.Count == 0:
                // A pod that was evicted or deleted has a successor any moment: only a service that wants none sleeps.
                return WantsInstances(facts) ? DeployStatus.Deploying : DeployStatus.Sleeping;
            case "True":
                return facts.LivePods.Any(InstanceProjection.IsReady) ? DeployStatus.Running : DeployStatus.Deploying;
            case "False" when facts.LivePods.Count == 0 && facts.Service.Status?.Conditions.Find("Ready")?.Reason == "NotOwned":
                // What is left of an earlier service of the name is still being collected.
                return DeployStatus.Deploying;
            default:
                return first is { Status.Phase: "Running" } ? DeployStatus.Deploying : DeployStatus.DeployFailed;
        }
    }

    /// <summary><c>True</c>, <c>False</c>, <c>Unknown</c>, or null before Knative has said anything.</summary>
    private static string? Readiness(ServiceFacts facts)
    {
        // With several revisions the service's own condition is about the newest one, while an older one may well be serving.
        if (facts.Revisions.Count > 1 && facts.Revisions.Any(revision => IsReady(revision) && TrafficOf(facts.Service, revision.Metadata.Name) > 0))
        {
            return "True";
        }

        return facts.Service.Status?.Conditions.Find("Ready")?.Status;
    }

    /// <summary>From the first pod with something to say; else what Knative holds against the newest revision, where pods cannot tell it.</summary>
    private static Cause CauseOf(ServiceFacts facts, DeployStatus status)
    {
        if (status == DeployStatus.Stopped)
        {
            return new("Deleting", "The service is being deleted");
        }

        // Pods that ended for good (evicted ones stay listed for long) speak only while no other is ready.
        var speakers = facts.LivePods.Any(InstanceProjection.IsReady) ? facts.LivePods : facts.AllPods.Where(pod => pod.Metadata.DeletionTimestamp is null);
        foreach (var pod in speakers)
        {
            if (InstanceProjection.CauseOf(pod) is { IsNone: false } cause)
            {
                return cause;
            }
        }

        return FailureOf(facts, status);
    }

    private static Cause FailureOf(ServiceFacts facts, DeployStatus status)
    {
        var newest = facts.Revisions.LastOrDefault()?.Status?.Conditions.Find("Ready");
        var failed = newest is { Status: "False" } ? newest : facts.Service.Status?.Conditions.Find("Ready");

        // With pods there, whatever Knative copied from them is old news; only the deadline is its own.
        var speaks = facts.LivePods.Count == 0
            ? status == DeployStatus.DeployFailed
            : failed?.Reason == "ProgressDeadlineExceeded" && status is DeployStatus.DeployFailed or DeployStatus.Deploying;
        return speaks && failed is { Status: "False" } ? new(failed.Reason ?? "", failed.Message ?? "") : Cause.None;
    }

    private static bool IsWaitingForRoom(ServiceFacts facts) =>
        facts.Service.Metadata.DeletionTimestamp is null
        && facts.LivePods.Any(InstanceProjection.IsUnschedulable)
        && facts.LivePods.All(pod => InstanceProjection.IsUnschedulable(pod) || !InstanceProjection.IsFailed(pod));

    private static int DesiredReplicas(ServiceFacts facts) =>
        facts.Revisions.Count == 0
            ? facts.LivePods.Count
            : facts.Revisions.Sum(revision => revision.Status?.DesiredReplicas ?? facts.LivePods.Count(pod => RevisionOf(pod) == revision.Metadata.Name));

    /// <summary>Knative takes no bound for 0, and 0 where nothing is said.</summary>
    private static int? Scale(KnativeService service, string annotation) =>
        int.TryParse(HubFacts.Text(service.Spec?.Template?.Metadata?.Annotations, annotation), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static bool WantsInstances(ServiceFacts facts) => facts.Revisions.Any(revision => revision.Status?.DesiredReplicas > 0);

    private static WorkloadRevision Revision(KnativeRevision revision, KnativeService service)
    {
        var ready = revision.Status?.Conditions.Find("Ready");
        return new WorkloadRevision(
            revision.Metadata.Name,
            HubFacts.Text(revision.Metadata.Labels, HubNames.CommitIdLabel),
            TrafficOf(service, revision.Metadata.Name),
            IsReady(revision),
            InstanceProjection.Time(revision.Metadata.CreationTimestamp) ?? DateTimeOffset.UnixEpoch,
            ready?.Reason ?? "",
            ready?.Message ?? "",
            revision.Spec?.Containers.FirstOrDefault()?.Image ?? "");
    }

    private static int TrafficOf(KnativeService service, string revision) =>
        (int)Math.Clamp(service.Status?.Traffic?.Where(target => target.RevisionName == revision).Sum(target => target.Percent ?? 0) ?? 0, 0, 100);

    private static bool IsReady(KnativeRevision revision) => revision.Status?.Conditions.Find("Ready") is { Status: "True" };

    private static bool IsDeleted(KnativeRevision revision) =>
        revision.Metadata.DeletionTimestamp is not null || HubFacts.Text(revision.Metadata.Annotations, KnativeNames.RevisionStateAnnotation) == KnativeNames.RevisionDeleted;

    private static bool BelongsTo(V1ObjectMeta metadata, string serviceUid) =>
        HubFacts.Text(metadata.Labels, KnativeNames.ServiceUidLabel) is var uid && (uid.Length == 0 || serviceUid.Length == 0 || uid == serviceUid);

    private static string RevisionOf(V1Pod pod) => HubFacts.Text(pod.Metadata.Labels, KnativeNames.RevisionLabel);

    /// <param name="Revisions">Oldest first, without those being deleted.</param>
    /// <param name="LivePods">Oldest first, without those that were told to go or have ended.</param>
    /// <param name="AllPods">Live ones first, then the others.</param>
    private sealed record ServiceFacts(KnativeService Service, List<KnativeRevision> Revisions, List<V1Pod> LivePods, List<V1Pod> AllPods);
}
