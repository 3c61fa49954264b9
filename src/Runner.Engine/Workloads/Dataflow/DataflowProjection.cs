using k8s.Models;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Dataflow;

/// <summary>Turns the Workflow of a dataflow job into a workload. Pure.</summary>
internal static class DataflowProjection
{
    public static Workload Project(JobView view)
    {
        string Fact(string name) => ArgoFacts.Annotation(view.Workflow, name);

        return JobProjection.Workload(view, JobProjection.Record(view, view.Workflow.Metadata.Name, WorkflowTaskTypes.Dataflow) with
        {
            Id = ArgoFacts.Number(Fact(DataflowNames.UniqueId)),
            Username = Fact(DataflowNames.UserName),
            UserUuid = Fact(DataflowNames.OwnerUuid),
            TaskName = Fact(DataflowNames.JobName),
            TaskDesc = Fact(DataflowNames.JobDesc),
            ClusterId = Fact(DataflowNames.ClusterId) is { Length: > 0 } cluster ? cluster : view.ClusterId,
            RepoType = "dataset",
            Image = Fact(DataflowNames.Image),
            ResourceId = ArgoFacts.Number(Fact(DataflowNames.ResourceId)),
            ResourceName = Fact(DataflowNames.ResourceName),
            JobId = Fact(DataflowNames.JobId),
            DagTasks = DagTasks(view),
        });
    }

    /// <summary>A task is what its newest pod shows; without a pod, what Argo wrote down of it.</summary>
    private static EquatableList<DagTask> DagTasks(JobView view)
    {
        var tasks = new SortedDictionary<string, DagTask>(StringComparer.Ordinal);
        foreach (var node in (view.Workflow.Status?.Nodes?.Values ?? []).Where(node => node.Type == "Pod").OrderBy(node => node.StartedAt))
        {
            if (Parameter(node, DataflowNames.DagTaskIdParameter) is { Length: > 0 } id)
            {
                var phase = node.Phase == WorkflowPhases.Error ? WorkflowPhases.Failed : node.Phase ?? WorkflowPhases.Pending;
                tasks[id] = new(
                    id, Parameter(node, DataflowNames.DagTaskNameParameter) ?? "", phase, Time(view, node.StartedAt),
                    WorkflowPhases.IsFinished(phase) ? Time(view, node.FinishedAt) : null, node.HostNodeName ?? "", "");
            }
        }

        foreach (var pod in view.Pods.OrderBy(pod => pod.Metadata.CreationTimestamp).ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal))
        {
            if (Label(pod, DataflowNames.DagTaskIdLabel) is { Length: > 0 } id)
            {
                var phase = pod.Status?.Phase ?? WorkflowPhases.Pending;
                var ended = pod.Status?.ContainerStatuses?.Select(status => status.State?.Terminated?.FinishedAt).Max();
                tasks[id] = new(
                    id, Label(pod, DataflowNames.DagTaskNameLabel), phase, Time(view, pod.Status?.StartTime),
                    WorkflowPhases.IsFinished(phase) ? Time(view, ended) : null, pod.Spec?.NodeName ?? "", pod.Metadata.Name);
            }
        }

        return tasks.Values.ToEquatableList();
    }

    private static string? Parameter(ArgoNode node, string name) => node.Inputs?.Parameters?.FirstOrDefault(parameter => parameter.Name == name)?.Value;

    private static string Label(V1Pod pod, string name) => pod.Metadata.Labels is { } labels && labels.TryGetValue(name, out var value) ? value : "";

    private static DateTimeOffset? Time(JobView view, DateTime? time) => InstanceProjection.Time(time) is { } known ? TimeZoneInfo.ConvertTime(known, view.Zone) : null;
}
