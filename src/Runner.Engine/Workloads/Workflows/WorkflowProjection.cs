using Runner.Engine.Workloads.Argo;

namespace Runner.Engine.Workloads.Workflows;

/// <summary>Turns the Workflow of an evaluation, finetune or the like into a workload. Pure.</summary>
internal static class WorkflowProjection
{
    public static Workload Project(JobView view)
    {
        string Fact(string name) => ArgoFacts.Annotation(view.Workflow, name);

        var name = view.Workflow.Metadata.Name;
        var taskId = Fact(WorkflowNames.TaskId) is { Length: > 0 } annotated ? annotated : name;
        var taskType = Fact(WorkflowNames.TaskType);
        var record = JobProjection.Record(view, taskId, taskType);
        var results = ArgoFacts.OutputOf(view.Workflow, WorkflowNames.ResultOutput).Split(',', StringSplitOptions.TrimEntries);
        return JobProjection.Workload(view, record with
        {
            Id = WorkflowRecord.IdOf(taskId),
            Username = Fact(WorkflowNames.Username),
            UserUuid = Fact(WorkflowNames.UserUuid),
            TaskName = Fact(WorkflowNames.TaskName),
            TaskDesc = Fact(WorkflowNames.TaskDesc),
            ClusterId = Fact(WorkflowNames.ClusterId) is { Length: > 0 } cluster ? cluster : view.ClusterId,
            RepoIds = List(Fact(WorkflowNames.RepoIds)),
            RepoType = Fact(WorkflowNames.RepoType),
            Image = Fact(WorkflowNames.Image),
            Datasets = List(Fact(WorkflowNames.Datasets)),
            ResourceId = ArgoFacts.Number(Fact(WorkflowNames.ResourceId)),
            ResourceName = Fact(WorkflowNames.ResourceName),

            // A finetune's result is the model it makes, known from the start.
            ResultUrl = taskType == WorkflowTaskTypes.Finetune ? Fact(WorkflowNames.FinetunedModel) : results[0],
            DownloadUrl = results.ElementAtOrDefault(1) ?? "",
            FailuresUrl = results.ElementAtOrDefault(2) ?? "",
        });
    }

    private static EquatableList<string> List(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries).ToEquatableList();
}
