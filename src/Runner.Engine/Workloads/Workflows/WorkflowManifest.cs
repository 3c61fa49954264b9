using System.Globalization;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Scheduling;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Workflows;

/// <summary>Turns the hub's request for an evaluation, finetune or the like into the Workflow that runs it. Pure: the same request gives the same objects.</summary>
internal static class WorkflowManifest
{
    private const int Priority = 3;

    /// <summary>Turns the request into objects, or says why not.</summary>
    /// <exception cref="RequestRefusedException">With everything that is wrong, in a sentence without any value of the environment.</exception>
    public static JobObjects Build(WorkflowRequest request, RunnerOptions options, string clusterId)
    {
        var problems = WorkflowRequestRules.Check(request);
        var environment = new JobEnvironment(request.TaskId);
        var templates = (request.Templates ?? []).Select((template, index) => Template(template ?? new(), index, request, options, environment, problems)).ToList();
        if (problems.Count > 0)
        {
            throw new RequestRefusedException($"Workflow '{ResourceRules.Shown(request.TaskId)}' cannot be run: {string.Join("; ", problems.Distinct())}.");
        }

        var @namespace = request.ShareMode ? options.QuotaNamespace : options.WorkloadNamespace;
        var workflow = new ArgoWorkflow
        {
            Metadata = new()
            {
                Name = request.TaskId,
                NamespaceProperty = @namespace,
                Labels = new Dictionary<string, string> { [ArgoNames.ScopeLabel] = WorkflowNames.Scope },
                Annotations = Annotations(request, @namespace, clusterId),
            },
            Spec = new()
            {
                Priority = Priority,
                ServiceAccountName = options.Workflows.ServiceAccount,
                Entrypoint = request.Entrypoint,
                Templates = templates,
                TtlStrategy = JobTimeToLive.UntilTold(options.Workflows.JobTtl, options.Retention.Ended),
                PodMetadata = new()
                {
                    Labels = new Dictionary<string, string>
                    {
                        [HubNames.LogTypeLabel] = "deploy",
                        [WorkflowNames.DeployIdLabel] = request.TaskId,
                        [WorkflowNames.DeployTypeIdLabel] = request.TaskId,
                    },
                },
                ImagePullSecrets = options.Services.ImagePullSecret.Length > 0 ? [new() { Name = options.Services.ImagePullSecret }] : null,
            },
        };
        if (templates.Select(template => template.Metadata?.Annotations?.TryGetValue(VolcanoNames.QueueAnnotation, out var queue) == true ? queue : null).FirstOrDefault() is { } named)
        {
            workflow.Metadata.Annotations[VolcanoNames.QueueAnnotation] = named;
        }

        JobObjects.Sign(workflow);
        return new(workflow, JobEnvironment.ObjectStore(options.ObjectStore), environment.Secret, Volume: null);
    }

    private static ArgoTemplate Template(
        JobTemplateRequest request, int index, WorkflowRequest job, RunnerOptions options, JobEnvironment environment, List<string> problems)
    {
        var scheduling = PodScheduling.From(
            new() { Hardware = request.Hardware, Nodes = job.Nodes, NodeAffinity = job.NodeAffinity, Tolerations = job.Tolerations, Scheduler = job.Scheduler }, options, problems);
        var template = new ArgoTemplate
        {
            Name = request.Name,
            Inputs = request.Parameters is { Count: > 0 } names ? new() { Parameters = [.. names.Select(name => new ArgoParameter { Name = name })] } : null,
            Container = new()
            {
                Image = Image(job.RepoType, request.Image, options.Services),
                ImagePullPolicy = "Always",
                Command = request.Command is { Count: > 0 } command ? command : null,
                Args = request.Args is { Count: > 0 } arguments ? arguments : null,
                Env = environment.Of(
                    index, request.Env, new Dictionary<string, string>(),
                    JobEnvironment.ObjectStoreVariables(options).Concat(JobEnvironment.HiddenAccelerators(scheduling.Resources))),
                Resources = scheduling.Requirements(),
            },
            Outputs = job.TaskType is WorkflowTaskTypes.Evaluation or WorkflowTaskTypes.ClawEvaluation
                ? new() { Parameters = [new() { Name = WorkflowNames.ResultOutput, ValueFrom = new() { Path = WorkflowNames.ResultFile } }] }
                : null,
        };
        JobObjects.Schedule(template, scheduling);
        return template;
    }

    private static string Image(string repoType, string image, ServiceOptions options) => repoType switch
    {
        // One slash is a name without a registry; more name one already.
        "model" when image.Count(character => character == '/') == 1 => ServiceManifest.Join(options.ModelRegistry, image),
        "space" => ServiceManifest.Join(options.BuildRegistry, image),
        _ => image,
    };

    private static Dictionary<string, string> Annotations(WorkflowRequest request, string @namespace, string clusterId)
    {
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [WorkflowNames.Username] = request.Username,
            [WorkflowNames.UserUuid] = request.UserUuid,
            [WorkflowNames.TaskName] = request.TaskName,
            [WorkflowNames.TaskId] = request.TaskId,
            [WorkflowNames.TaskType] = request.TaskType,
            [WorkflowNames.RepoIds] = string.Join(',', request.RepoIds ?? []),
            [WorkflowNames.TaskDesc] = request.TaskDesc,
            [WorkflowNames.Image] = request.Image,
            [WorkflowNames.Datasets] = string.Join(',', request.Datasets ?? []),
            [WorkflowNames.ResourceId] = request.ResourceId.ToString(CultureInfo.InvariantCulture),
            [WorkflowNames.ResourceName] = request.ResourceName,
            [WorkflowNames.ClusterId] = clusterId.Length > 0 ? clusterId : request.ClusterId,
            [WorkflowNames.RepoType] = request.RepoType,
            [WorkflowNames.Namespace] = @namespace,
        };
        if (request.TaskType == WorkflowTaskTypes.Finetune)
        {
            annotations[WorkflowNames.FinetunedModel] = $"{request.Username}/{request.FinetunedModelName}";
        }

        return annotations;
    }
}
