using k8s.Models;

namespace Runner.Engine.Workloads.Services;

/// <summary>Why something is as it is: one word and a sentence, as Kubernetes gives them.</summary>
internal readonly record struct Cause(string Reason, string Message)
{
    public static Cause None { get; } = new("", "");

    public bool IsNone => Reason.Length == 0 && Message.Length == 0;
}

/// <summary>Turns one pod of a service or sandbox into an instance. Pure.</summary>
internal static class InstanceProjection
{
    public const string Unschedulable = "Unschedulable";
    public const string ImagePullBackOff = "ImagePullBackOff";
    private const string ErrImagePull = "ErrImagePull";

    public static WorkloadInstance Project(V1Pod pod)
    {
        var cause = CauseOf(pod);
        return new WorkloadInstance
        {
            PodName = pod.Metadata.Name,
            Status = IsFailed(pod) ? "Failed" : pod.Status?.Phase ?? "Pending",
            Reason = cause.Reason,
            Message = cause.Message,
            Node = pod.Spec?.NodeName ?? "",
            Revision = Label(pod, KnativeNames.RevisionLabel),
            Ready = IsReady(pod),
            Terminating = pod.Metadata.DeletionTimestamp is not null,
            Restarts = pod.Status?.ContainerStatuses?.Sum(status => status.RestartCount) ?? 0,
            CreatedAt = Time(pod.Metadata.CreationTimestamp),
            Containers = ContainersOf(pod),
        };
    }

    /// <summary>True for a pod that neither has been told to go nor has ended for good.</summary>
    public static bool IsLive(V1Pod pod) =>
        pod.Metadata.DeletionTimestamp is null && pod.Status?.Phase is not ("Succeeded" or "Failed");

    /// <summary>True when every container answers. A pod whose own Ready is False although its containers were ready sits on a lost node.</summary>
    public static bool IsReady(V1Pod pod) => AreContainersReady(pod) && Condition(pod, "Ready")?.Status != "False";

    /// <summary>True while the kubelet prepares the user container.</summary>
    public static bool IsBeingCreated(V1Pod pod) =>
        StatusOf(pod, KnativeNames.UserContainer)?.State?.Waiting?.Reason is "ContainerCreating" or "PodInitializing";

    public static bool IsUnschedulable(V1Pod pod) => SchedulingFailure(pod) is { Reason: Unschedulable };

    /// <summary>The hub's rule: such a pod counts as failed whatever its phase says.</summary>
    public static bool IsFailed(V1Pod pod)
    {
        if (SchedulingFailure(pod) is not null)
        {
            return true;
        }

        var state = StatusOf(pod, KnativeNames.UserContainer)?.State;
        return IsFailure(state?.Waiting?.Reason) || IsFailure(state?.Terminated?.Reason);
    }

    /// <summary>What the pod has to say about itself; nothing when all is well or in progress.</summary>
    public static Cause CauseOf(V1Pod pod)
    {
        if (SchedulingFailure(pod) is { } scheduling)
        {
            return new(scheduling.Reason ?? "", scheduling.Message ?? "");
        }

        if (StatusOf(pod, KnativeNames.UserContainer) is { } user && CauseOf(user) is { IsNone: false } cause)
        {
            return cause;
        }

        // Beyond what the hub's own runner looks at: a sidecar or init container that holds the pod up, a pod the kubelet gave up, a lost node.
        foreach (var status in (pod.Status?.InitContainerStatuses ?? []).Concat(pod.Status?.ContainerStatuses ?? []))
        {
            if (status.Name != KnativeNames.UserContainer && status.State?.Waiting is { } waiting && CauseOf(waiting) is { IsNone: false } other)
            {
                return other;
            }
        }

        if (pod.Status is { Phase: "Failed", Reason.Length: > 0 } failed)
        {
            return new(failed.Reason, failed.Message ?? "");
        }

        return IsOnLostNode(pod)
            ? new("NodeNotReady", $"Node {pod.Spec?.NodeName} does not answer; Kubernetes replaces the instance if the node stays away")
            : Cause.None;
    }

    private static Cause CauseOf(V1ContainerStatus status)
    {
        if (status.LastState?.Terminated is { } last)
        {
            return new(last.Reason ?? "", last.Message ?? "");
        }

        if (status.State?.Waiting is { } waiting)
        {
            return CauseOf(waiting);
        }

        return status.State?.Terminated is { ExitCode: not 0 } ended ? new(ended.Reason ?? "", ended.Message ?? "") : Cause.None;
    }

    // The kubelet swings between ErrImagePull and ImagePullBackOff with every attempt, the second message holding the first:
    //   Back-off pulling image "registry/x:tag": ErrImagePull: rpc error: code = NotFound desc = ...
    // Both are told as one steady cause, so that the hub does not get an event a swing.
    private static Cause CauseOf(V1ContainerStateWaiting waiting)
    {
        var message = waiting.Message ?? "";
        switch (waiting.Reason)
        {
            case null or "" or "ContainerCreating" or "PodInitializing":
                return Cause.None;
            case ErrImagePull:
                return new(ImagePullBackOff, message);
            case ImagePullBackOff:
                const string Inner = ": " + ErrImagePull + ": ";
                var start = message.IndexOf(Inner, StringComparison.Ordinal);
                return new(ImagePullBackOff, start < 0 ? message : message[(start + Inner.Length)..]);
            default:
                return new(waiting.Reason, message);
        }
    }

    private static bool IsOnLostNode(V1Pod pod) =>
        pod.Status?.Phase == "Running" && AreContainersReady(pod) && Condition(pod, "Ready")?.Status == "False";

    private static bool AreContainersReady(V1Pod pod) =>
        pod.Spec?.Containers is { Count: > 0 } containers && containers.All(container => IsReady(StatusOf(pod, container.Name)));

    private static bool IsFailure(string? reason) => reason is "CrashLoopBackOff" or ErrImagePull or ImagePullBackOff or "OOMKilled";

    private static bool IsReady(V1ContainerStatus? status) => status is { Ready: true };

    private static V1PodCondition? SchedulingFailure(V1Pod pod) =>
        Condition(pod, "PodScheduled") is { Status: "False" } condition ? condition : null;

    private static V1PodCondition? Condition(V1Pod pod, string type) => Find(pod.Status?.Conditions, type, static condition => condition.Type);

    private static V1ContainerStatus? StatusOf(V1Pod pod, string container) => Find(pod.Status?.ContainerStatuses, container, static status => status.Name);

    /// <summary>Asked a dozen times of each of ten thousand pods: it leaves no garbage.</summary>
    private static T? Find<T>(IList<T>? all, string name, Func<T, string> nameOf)
        where T : class
    {
        for (var i = 0; i < all?.Count; i++)
        {
            if (nameOf(all[i]) == name)
            {
                return all[i];
            }
        }

        return null;
    }

    private static string Label(V1Pod pod, string name) => pod.Metadata.Labels is { } labels && labels.TryGetValue(name, out var value) ? value : "";

    private static EquatableList<WorkloadContainer> ContainersOf(V1Pod pod)
    {
        var init = (pod.Status?.InitContainerStatuses ?? []).Select(status => Container(status, init: true));
        return init.Concat((pod.Status?.ContainerStatuses ?? []).Select(status => Container(status, init: false))).ToEquatableList();
    }

    private static WorkloadContainer Container(V1ContainerStatus status, bool init)
    {
        var (state, reason, message) = status.State switch
        {
            { Running: not null } => ("running", "", ""),
            { Terminated: { } ended } => ("terminated", ended.Reason ?? "", ended.Message ?? ""),
            { Waiting: { } waiting } => ("waiting", waiting.Reason ?? "", waiting.Message ?? ""),
            _ => ("", "", ""),
        };
        return new WorkloadContainer(
            status.Name, init, state, reason, message, status.Ready, status.RestartCount,
            status.State?.Terminated?.ExitCode ?? status.LastState?.Terminated?.ExitCode,
            status.LastState?.Terminated?.Reason ?? "",
            Time(status.State?.Running?.StartedAt ?? status.State?.Terminated?.StartedAt),
            status.Image ?? "");
    }

    internal static DateTimeOffset? Time(DateTime? time) =>
        time is { } value ? new DateTimeOffset(DateTime.SpecifyKind(value, DateTimeKind.Utc)) : null;
}
