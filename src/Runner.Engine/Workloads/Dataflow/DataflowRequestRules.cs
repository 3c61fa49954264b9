using System.Text.RegularExpressions;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Workflows;

namespace Runner.Engine.Workloads.Dataflow;

/// <summary>What a request for a dataflow job must fulfil before anything is made of it.</summary>
internal static partial class DataflowRequestRules
{
    /// <summary>Every rule that is broken, a sentence each.</summary>
    public static List<string> Check(DataflowRequest request)
    {
        var problems = new List<string>();
        void Require(bool rule, string problem)
        {
            if (!rule)
            {
                problems.Add(problem);
            }
        }

        Require(Naming.IsLabel(request.TaskId), "argo_task_id must be at most 63 of a-z, 0-9 and -, and begin and end with a letter or digit");
        Require(request.ResourceId != 0, "resource_id is required and must not be 0");
        Require(request.JobId.Length > 0, "job_id is required");
        Require(IsLabelValue(request.JobId), "job_id must be a label value: at most 63 letters, digits, -, _ and .");
        Require(request.JobName.Length > 0, "job_name is required");
        Require(
            ResourceRules.IsQuantity(request.StorageSize),
            $"storage_size is required and must be a Kubernetes quantity such as 20Gi, but is '{ResourceRules.Shown(request.StorageSize)}'");
        Require(GraphName().IsMatch(request.Entrypoint), "entrypoint is required and must be at most 128 letters, digits and -, beginning with a letter or digit");
        if (request.Template is { } template)
        {
            problems.AddRange(WorkflowRequestRules.Check(template));
            Require(template.Name != request.Entrypoint, "entrypoint must differ from the name of the template");
        }
        else
        {
            problems.Add("template is required");
        }

        CheckGraph(request, Require);
        return problems;
    }

    private static void CheckGraph(DataflowRequest request, Action<bool, string> require)
    {
        var tasks = (request.DagTasks ?? []).Select(task => task ?? new()).ToList();
        require(tasks.Count > 0, "dag_tasks is required and must not be empty");
        require(tasks.TrueForAll(task => task.Id.Length > 0 && IsLabelValue(task.Id)), "the id of a task is required and must be at most 63 letters, digits, -, _ and .");
        require(tasks.TrueForAll(task => IsTaskName(task.Name)), "the name of a task is required and must be at most 63 letters, digits, - and _");
        require(
            tasks.DistinctBy(task => task.Id).Count() == tasks.Count && tasks.DistinctBy(task => task.Name).Count() == tasks.Count,
            "tasks must have different ids and different names");
        require(request.Template is null || tasks.TrueForAll(task => task.Template == request.Template.Name), "the template of a task must be the name of the template");
        var names = tasks.Select(task => task.Name).ToHashSet(StringComparer.Ordinal);
        require(tasks.TrueForAll(task => (task.Deps ?? []).TrueForAll(names.Contains)), "deps must name other tasks");
        require(!HasCircle(tasks), "deps must not go round in a circle");
    }

    private static bool HasCircle(List<DagTaskRequest> tasks)
    {
        var left = tasks.ToList();
        while (left.Count > 0)
        {
            var names = left.Select(task => task.Name).ToHashSet(StringComparer.Ordinal);
            if (left.RemoveAll(task => !(task.Deps ?? []).Exists(names.Contains)) == 0)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsLabelValue(string text) => Naming.SafeLabelValue(text) == text;

    // As Argo has it of templates. The graph has no pod, whose name would have to be in lower case.
    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9-]{0,127}\\z")]
    private static partial Regex GraphName();

    // As Argo has it, and as a label value.
    private static bool IsTaskName(string text) =>
        text.Length is > 0 and <= 63 && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_') && IsLabelValue(text);
}
