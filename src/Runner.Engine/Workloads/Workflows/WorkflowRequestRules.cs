using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Workflows;

/// <summary>What a request for a workflow must fulfil before anything is made of it. No sentence repeats a value of the environment.</summary>
internal static class WorkflowRequestRules
{
    /// <summary>Every rule that is broken, a sentence each.</summary>
    public static List<string> Check(WorkflowRequest request)
    {
        var problems = new List<string>();
        void Require(bool rule, string problem)
        {
            if (!rule)
            {
                problems.Add(problem);
            }
        }

        Require(Naming.IsLabel(request.TaskId), "task_id must be at most 63 of a-z, 0-9 and -, and begin and end with a letter or digit");
        Require(request.Username.Length > 0, "username is required");
        Require(request.TaskType.Length > 0, "task_type is required");
        Require(request.TaskType != WorkflowTaskTypes.Dataflow, "task_type dataflow has a call of its own: POST /dataflow/jobs");
        var templates = (request.Templates ?? []).Select(template => template ?? new()).ToList();
        Require(templates.Count > 0, "templates must not be empty");
        Require(
            templates.Count == 0 || templates.Exists(template => template.Name == request.Entrypoint),
            $"entrypoint must be the name of one of the templates, but is '{ResourceRules.Shown(request.Entrypoint)}'");
        Require(templates.DistinctBy(template => template.Name).Count() == templates.Count, "templates must have different names");
        foreach (var template in templates)
        {
            problems.AddRange(Check(template));
        }

        return problems;
    }

    /// <summary>What any template of a job must fulfil.</summary>
    public static IEnumerable<string> Check(JobTemplateRequest template)
    {
        if (!Naming.IsLabel(template.Name))
        {
            yield return "the name of a template must be at most 63 of a-z, 0-9 and -, and begin and end with a letter or digit";
        }

        if (!ServiceRequestRules.IsImage(template.Image))
        {
            yield return $"the image of a template must be the name of an image such as registry.example.com/team/image:tag, but is '{ResourceRules.Shown(template.Image)}'";
        }

        if (!JobEnvironment.AreNames(template.Env?.Keys ?? Enumerable.Empty<string>()))
        {
            yield return "env: a variable's name must be printable ASCII without =, and not be empty";
        }
    }
}
