using k8s.Models;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Argo;

/// <summary>What is known of a Workflow when it is projected.</summary>
/// <param name="Key">Of the workload.</param>
/// <param name="ClusterId">The hub's id of the cluster; empty while unknown.</param>
/// <param name="Pods">Of the Workflow, in any order.</param>
/// <param name="FailureReason">End of the log of a job that failed, null when it is not known.</param>
/// <param name="Zone">Of times that the hub gets as texts.</param>
internal sealed record JobView(WorkloadKey Key, string ClusterId, ArgoWorkflow Workflow, IReadOnlyCollection<V1Pod> Pods, string? FailureReason, TimeZoneInfo Zone)
{
    /// <summary>Its pods as instances, oldest first.</summary>
    public EquatableList<WorkloadInstance> Instances { get; } = Pods
        .OrderBy(pod => pod.Metadata.CreationTimestamp).ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal).Select(ArgoFacts.Instance).ToEquatableList();
}

/// <summary>Puts what is common to all jobs into records and workloads. Pure: the same objects give the same state.</summary>
internal static class JobProjection
{
    /// <summary>A record with all that the status and the pods tell; who asked for what is still to be filled in.</summary>
    public static WorkflowRecord Record(JobView view, string taskId, string taskType)
    {
        var workflow = view.Workflow;
        var phase = ArgoFacts.PhaseOf(workflow);
        return new()
        {
            TaskId = taskId,
            TaskType = taskType,
            Status = phase,
            Reason = phase is WorkflowPhases.Failed or WorkflowPhases.Error && view.FailureReason is { Length: > 0 } log ? log : ArgoFacts.ReasonOf(workflow, view.Instances),
            Namespace = view.Key.Namespace,
            SubmitTime = ArgoFacts.CreatedAt(workflow),
            StartTime = ArgoFacts.StartOf(workflow),
            EndTime = ArgoFacts.EndOf(workflow),
            ClusterNode = ArgoFacts.NodesOf(workflow, view.Instances),
            QueueName = ArgoFacts.Annotation(workflow, Scheduling.VolcanoNames.QueueAnnotation),
            IsAnnounced = ArgoFacts.Annotation(workflow, HubNames.AnnouncedAnnotation).Length > 0,
        };
    }

    public static Workload Workload(JobView view, WorkflowRecord record)
    {
        var waiting = view.Instances.FirstOrDefault(instance => instance.Reason == InstanceProjection.Unschedulable && !instance.Terminating);
        var cause = record.IsFinished ? null : view.Instances.FirstOrDefault(instance => instance.Reason.Length > 0);
        return new()
        {
            Key = view.Key,
            Uid = view.Workflow.Metadata.Uid ?? "",
            ClusterId = view.ClusterId,
            CreatedAt = ArgoFacts.CreatedAt(view.Workflow),
            Status = ArgoFacts.StatusOf(record.Status),
            Reason = cause?.Reason ?? (record.Status is WorkflowPhases.Failed or WorkflowPhases.Error ? record.Status : ""),
            Message = record.Reason,
            WaitingForRoom = waiting is not null && !record.IsFinished,
            UserId = record.UserUuid,
            UserName = record.Username,
            QueueName = record.QueueName,
            Image = record.Image,
            ActualReplicas = view.Instances.Count(instance => instance.Ready),
            DesiredReplicas = record.IsFinished ? 0 : view.Instances.Count(instance => instance.Status is "Pending" or "Running" or "Failed" && !instance.Terminating),
            Requests = ArgoFacts.RequestsOf(view.Workflow),
            Instances = view.Instances,
            Job = record,
        };
    }
}
