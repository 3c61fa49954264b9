using System.Globalization;
using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Scheduling;
using Runner.Engine.Workloads.Services;
using Runner.Engine.Workloads.Workflows;

namespace Runner.Engine.Workloads.Dataflow;

/// <summary>Turns the hub's request for a dataflow job into the Workflow that runs it and the volume it works on. Pure: the same request gives the same objects.</summary>
internal static class DataflowManifest
{
    private const string VolumeName = "workflow-data";

    /// <summary>Turns the request into objects, or says why not.</summary>
    /// <param name="clusterId">The hub's id of the cluster.</param>
    /// <param name="storageClass">Class of the volume; empty for the cluster's default.</param>
    /// <exception cref="RequestRefusedException">With everything that is wrong, in a sentence without any value of the environment.</exception>
    public static JobObjects Build(DataflowRequest request, RunnerOptions options, string clusterId, string storageClass)
    {
        var problems = DataflowRequestRules.Check(request);
        var template = request.Template ?? new();
        var scheduling = PodScheduling.From(
            new() { Hardware = template.Hardware, Nodes = request.Nodes, NodeAffinity = request.NodeAffinity, Tolerations = request.Tolerations, Scheduler = request.Scheduler },
            options,
            problems);
        if (problems.Count > 0)
        {
            throw new RequestRefusedException($"Dataflow job '{ResourceRules.Shown(request.TaskId)}' cannot be run: {string.Join("; ", problems.Distinct())}.");
        }

        var annotations = Annotations(request, clusterId);
        var environment = new JobEnvironment(request.TaskId);
        var workflow = new ArgoWorkflow
        {
            Metadata = new()
            {
                Name = request.TaskId,
                NamespaceProperty = options.WorkloadNamespace,
                Labels = Labels(request),
                Annotations = new Dictionary<string, string>(annotations),
            },
            Spec = new()
            {
                ServiceAccountName = options.Workflows.ServiceAccount,
                Entrypoint = request.Entrypoint,
                Volumes = [new() { Name = VolumeName, PersistentVolumeClaim = new() { ClaimName = DataflowNames.VolumeOf(request.TaskId) } }],
                Templates = [Step(request, template, scheduling, annotations, options, environment), Graph(request)],
                TtlStrategy = JobTimeToLive.UntilTold(options.Workflows.JobTtl, options.Retention.Ended),
                ImagePullSecrets = options.Services.ImagePullSecret.Length > 0 ? [new() { Name = options.Services.ImagePullSecret }] : null,
            },
        };
        if (scheduling.Annotations.TryGetValue(VolcanoNames.QueueAnnotation, out var queue))
        {
            workflow.Metadata.Annotations[VolcanoNames.QueueAnnotation] = queue;
        }

        JobObjects.Sign(workflow);
        return new(workflow, SharedSecret: null, environment.Secret, Volume(request, options.WorkloadNamespace, storageClass));
    }

    private static ArgoTemplate Step(
        DataflowRequest request, JobTemplateRequest template, PodScheduling scheduling, Dictionary<string, string> annotations, RunnerOptions options, JobEnvironment environment)
    {
        var labels = Labels(request);
        labels[DataflowNames.DagTaskIdLabel] = Input(DataflowNames.DagTaskIdParameter);
        labels[DataflowNames.DagTaskNameLabel] = Input(DataflowNames.DagTaskNameParameter);
        labels[WorkflowNames.DeployIdLabel] = request.TaskId;
        labels[HubNames.LogTypeLabel] = "deploy";
        var secrets = new Dictionary<string, string>();
        if (request.AccessToken.Length > 0)
        {
            secrets[DataflowNames.AccessTokenVariable] = request.AccessToken;
        }

        var directory = template.Env?.GetValueOrDefault(DataflowNames.DataDirectoryVariable) is { Length: > 0 } chosen ? chosen : DataflowNames.DataDirectory;
        var step = new ArgoTemplate
        {
            Name = template.Name,
            Inputs = new()
            {
                Parameters =
                [
                    .. (template.Parameters ?? []).Append(DataflowNames.DagTaskIdParameter).Append(DataflowNames.DagTaskNameParameter).Distinct()
                        .Select(name => new ArgoParameter { Name = name }),
                ],
            },
            Metadata = new() { Annotations = annotations, Labels = labels },
            Container = new()
            {
                Image = HasRegistry(template.Image) ? template.Image : ServiceManifest.Join(options.Services.ModelRegistry, template.Image),
                ImagePullPolicy = "Always",
                Command = template.Command is { Count: > 0 } command ? command : null,
                Args = template.Args is { Count: > 0 } arguments ? arguments : null,
                Env = environment.Of(0, template.Env, secrets, JobEnvironment.HiddenAccelerators(scheduling.Resources)),
                VolumeMounts = [new() { Name = VolumeName, MountPath = directory }],
                Resources = scheduling.Requirements(),
            },
        };
        JobObjects.Schedule(step, scheduling);
        return step;
    }

    private static ArgoTemplate Graph(DataflowRequest request) => new()
    {
        Name = request.Entrypoint,
        Dag = new()
        {
            Tasks =
            [
                .. (request.DagTasks ?? []).Select(task => new ArgoDagTask
                {
                    Name = task.Name,
                    Template = task.Template,
                    Dependencies = task.Deps is { Count: > 0 } dependencies ? dependencies : null,
                    Arguments = new()
                    {
                        Parameters =
                        [
                            new() { Name = DataflowNames.DagTaskIdParameter, Value = task.Id },
                            new() { Name = DataflowNames.DagTaskNameParameter, Value = task.Name },
                            .. (task.Parameters ?? []).Select(parameter => new ArgoParameter { Name = parameter.Name, Value = parameter.Value }),
                        ],
                    },
                }),
            ],
        },
    };

    private static V1PersistentVolumeClaim Volume(DataflowRequest request, string @namespace, string storageClass) => new()
    {
        ApiVersion = "v1",
        Kind = "PersistentVolumeClaim",
        Metadata = new()
        {
            Name = DataflowNames.VolumeOf(request.TaskId),
            NamespaceProperty = @namespace,
            Labels = new Dictionary<string, string>(Labels(request)) { [ArgoNames.UnclaimedLabel] = request.TaskId },
        },
        Spec = new()
        {
            AccessModes = ["ReadWriteMany"],
            StorageClassName = storageClass.Length > 0 ? storageClass : null,
            Resources = new() { Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new(request.StorageSize) } },
        },
    };

    private static Dictionary<string, string> Labels(DataflowRequest request) => new()
    {
        [ArgoNames.ScopeLabel] = DataflowNames.Scope,
        [DataflowNames.UniqueId] = Text(request.Id),
        [DataflowNames.JobId] = request.JobId,
        [DataflowNames.TaskId] = request.TaskId,
    };

    private static Dictionary<string, string> Annotations(DataflowRequest request, string clusterId) => new()
    {
        [DataflowNames.UniqueId] = Text(request.Id),
        [DataflowNames.JobId] = request.JobId,
        [DataflowNames.JobName] = request.JobName,
        [DataflowNames.TaskId] = request.TaskId,
        [DataflowNames.UserUuid] = request.UserUuid,
        [DataflowNames.UserName] = request.Username,
        [DataflowNames.OwnerUuid] = request.OwnerUuid,
        [DataflowNames.ClusterId] = clusterId.Length > 0 ? clusterId : request.ClusterId,
        [DataflowNames.ResourceId] = Text(request.ResourceId),
        [DataflowNames.ResourceName] = request.ResourceName,
        [DataflowNames.JobDesc] = request.JobDesc,
        [DataflowNames.Image] = request.Template?.Image ?? "",
        [DataflowNames.StorageSize] = request.StorageSize,
    };

    // A registry is a host: it has a dot or a port, or is the machine itself.
    private static bool HasRegistry(string image) =>
        image.Split('/') is { Length: > 1 } parts && (parts[0].Contains('.', StringComparison.Ordinal) || parts[0].Contains(':', StringComparison.Ordinal) || parts[0] == "localhost");

    private static string Input(string name) => $"{{{{inputs.parameters.{name}}}}}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
