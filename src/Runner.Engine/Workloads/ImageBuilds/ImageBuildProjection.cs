using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.ImageBuilds;

/// <summary>Turns the Workflow of an image build into a workload. Pure.</summary>
internal static class ImageBuildProjection
{
    public static Workload Project(JobView view)
    {
        var name = view.Workflow.Metadata.Name;
        var facts = ImageBuildFacts.Read(view.Workflow) ?? new();
        var record = JobProjection.Record(view, name, WorkflowTaskTypes.ImageBuild) with
        {
            Id = WorkflowRecord.IdOf(name),
            Username = facts.UserId ?? "",
            TaskName = $"{facts.OrgName}/{facts.SpaceName}",
            TaskDesc = facts.Sdk ?? "",
            RepoType = "space",
            ClusterId = view.ClusterId,
            Image = facts.Image,
        };
        record = record with { Reason = ReasonOf(record, view.Instances) };
        return JobProjection.Workload(view, record) with
        {
            Status = StatusOf(record.Status),
            DeployId = ArgoFacts.Number(facts.DeployId is { Length: > 0 } deploy ? deploy : Label(view, HubNames.DeployIdLabel)),
            TaskId = facts.TaskId > 0 ? facts.TaskId : ArgoFacts.Number(Label(view, HubNames.TaskIdLabel)),
        };
    }

    /// <summary>The hub's codes of builds.</summary>
    internal static DeployStatus StatusOf(string phase) => phase switch
    {
        WorkflowPhases.Running => DeployStatus.Building,
        WorkflowPhases.Succeeded => DeployStatus.BuildSuccess,
        WorkflowPhases.Failed or WorkflowPhases.Error => DeployStatus.BuildFailed,
        _ => DeployStatus.BuildQueued,
    };

    /// <summary>Argo tells of a failed container only its exit code; its last words, which the kubelet keeps in the pod's status, say what went wrong.</summary>
    private static string ReasonOf(WorkflowRecord record, IEnumerable<WorkloadInstance> instances)
    {
        if (record.Status is not (WorkflowPhases.Failed or WorkflowPhases.Error))
        {
            return record.Reason;
        }

        var words = instances.SelectMany(instance => instance.Containers)
            .FirstOrDefault(container => container.State == "terminated" && container.ExitCode is not (null or 0) && container.Message.Length > 0
                && container.Name is ImageBuildNames.InitContainer or ArgoNames.MainContainer)?.Message.Trim();
        return words is { Length: > 0 } ? words : record.Reason;
    }

    private static string Label(JobView view, string name) =>
        view.Workflow.Metadata.Labels is { } labels && labels.TryGetValue(name, out var value) ? value : "";
}
