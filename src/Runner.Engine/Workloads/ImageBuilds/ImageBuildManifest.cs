using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Scheduling;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.ImageBuilds;

/// <summary>A request turned into objects.</summary>
/// <param name="Job">The workflow, and the Secret with the Git token, unless the space is public.</param>
/// <param name="Cache">The volume of Kaniko's cache, to be there before the workflow; null where the cluster has no storage class.</param>
internal sealed record ImageBuildObjects(JobObjects Job, V1PersistentVolumeClaim? Cache)
{
    public ArgoWorkflow Workflow => Job.Workflow;
}

/// <summary>Turns the hub's request into the Workflow that builds the image. Pure: the same request gives the same objects, and none but its Secret holds the Git token.</summary>
internal static class ImageBuildManifest
{
    /// <summary>Where the first container leaves the build context for Kaniko.</summary>
    public const string SharedFolder = "/shared";

    /// <summary>Key of the Git token in its Secret, and name of its file.</summary>
    public const string TokenKey = "token";

    private const string Template = "build";
    private const string TokenFolder = "/builder/secret";
    private const string SharedVolume = "shared";
    private const string FilesVolume = "build-files";
    private const string TokenVolume = "git-token";
    private const string RegistryVolume = "docker-config";
    private const string CacheVolume = "kaniko-cache";

    /// <summary>The kubelet keeps the end of a failed container's log in the pod's status: why the build failed.</summary>
    private const string LastWords = "FallbackToLogsOnError";

    /// <summary>Turns the request into objects, or says why not.</summary>
    /// <param name="storageClass">Class of the cache's volume; empty for no cache.</param>
    /// <exception cref="RequestRefusedException">With everything that is wrong, in a sentence without the token.</exception>
    public static ImageBuildObjects Build(ImageBuildRequest request, RunnerOptions options, string clusterId, string storageClass)
    {
        var problems = ImageBuildRules.Check(request);
        var scheduling = PodScheduling.From(new() { Scheduler = request.Scheduler }, options, problems);
        if (problems.Count > 0)
        {
            throw new RequestRefusedException($"The image of space '{ResourceRules.Shown($"{request.OrgName}/{request.SpaceName}")}' cannot be built: {string.Join("; ", problems)}.");
        }

        var name = ImageBuildNames.Workflow(request);
        var hasCache = storageClass.Length > 0;
        var workflow = new ArgoWorkflow
        {
            Metadata = new()
            {
                Name = name,
                NamespaceProperty = options.WorkloadNamespace,
                Labels = Labels(request, clusterId),
                Annotations = new Dictionary<string, string> { [ImageBuildNames.FactsAnnotation] = ImageBuildFacts.Of(request).ToJson() },
            },
            Spec = new()
            {
                Entrypoint = Template,
                ServiceAccountName = options.Workflows.ServiceAccount,
                TtlStrategy = JobTimeToLive.UntilTold(options.ImageBuilds.JobTtl, options.Retention.Ended),
                ImagePullSecrets = options.Services.ImagePullSecret.Length > 0 ? [new() { Name = options.Services.ImagePullSecret }] : null,
                PodMetadata = new()
                {
                    Labels = Labels(request, clusterId),
                    Annotations = scheduling.Annotations.Count > 0 ? new Dictionary<string, string>(scheduling.Annotations) : null,
                },
                Templates = [TemplateOf(request, name, options, scheduling, hasCache)],
            },
        };
        return new(new(workflow, null, TokenSecret(request, workflow), null) { MayRunAgain = true }, hasCache ? CacheClaim(options.WorkloadNamespace, storageClass) : null);
    }

    private static V1Secret? TokenSecret(ImageBuildRequest request, ArgoWorkflow workflow) => request.GitAccessToken.Length == 0 ? null : new()
    {
        ApiVersion = "v1",
        Kind = "Secret",
        Metadata = new()
        {
            Name = ImageBuildNames.TokenSecret(workflow.Metadata.Name),
            NamespaceProperty = workflow.Metadata.NamespaceProperty,
            Labels = new Dictionary<string, string> { [ArgoNames.ScopeLabel] = ImageBuildNames.Scope, [ArgoNames.UnclaimedLabel] = workflow.Metadata.Name },
        },
        Type = "Opaque",
        StringData = new Dictionary<string, string> { [TokenKey] = request.GitAccessToken },
    };

    private static Dictionary<string, string> Labels(ImageBuildRequest request, string clusterId)
    {
        var labels = new Dictionary<string, string>
        {
            [ArgoNames.ScopeLabel] = ImageBuildNames.Scope,
            [HubNames.LogTypeLabel] = ImageBuildNames.LogType,
            [HubNames.DeployIdLabel] = request.DeployId,
            [HubNames.TaskIdLabel] = request.TaskId.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        if (clusterId.Length > 0)
        {
            labels[HubNames.LogClusterIdLabel] = Naming.SafeLabelValue(clusterId);
        }

        return labels;
    }

    private static ArgoTemplate TemplateOf(ImageBuildRequest request, string name, RunnerOptions options, PodScheduling scheduling, bool hasCache)
    {
        var volumes = new List<V1Volume>
        {
            new() { Name = SharedVolume, EmptyDir = new() },
            new()
            {
                Name = FilesVolume,
                Projected = new() { Sources = [.. new[] { BuildFiles.ScriptsConfigMap, BuildFiles.DockerfilesConfigMap }.Select(map => new V1VolumeProjection { ConfigMap = new() { Name = map } })] },
            },
        };
        var init = Prepare(request, options);
        if (request.GitAccessToken.Length > 0)
        {
            // Only this container sees the token, as a file: neither Kaniko nor anything that runs in the build does.
            volumes.Add(new() { Name = TokenVolume, Secret = new() { SecretName = ImageBuildNames.TokenSecret(name), DefaultMode = 256 } });
            init.VolumeMounts.Add(new() { Name = TokenVolume, MountPath = TokenFolder, ReadOnlyProperty = true });
            init.Env.Add(new() { Name = "GIT_TOKEN_FILE", Value = $"{TokenFolder}/{TokenKey}" });
        }

        var kaniko = Kaniko(request, options, hasCache);
        if (options.Services.ImagePullSecret.Length > 0)
        {
            volumes.Add(new() { Name = RegistryVolume, Secret = new() { SecretName = options.Services.ImagePullSecret, Items = [new() { Key = ".dockerconfigjson", Path = "config.json" }] } });
            kaniko.VolumeMounts.Add(new() { Name = RegistryVolume, MountPath = "/kaniko/.docker", ReadOnlyProperty = true });
        }

        if (hasCache)
        {
            volumes.Add(new() { Name = CacheVolume, PersistentVolumeClaim = new() { ClaimName = ImageBuildNames.CacheClaim } });
            kaniko.VolumeMounts.Add(new() { Name = CacheVolume, MountPath = KanikoArguments.CacheFolder });
        }

        return new()
        {
            Name = Template,
            InitContainers = [init],
            Container = kaniko,
            Volumes = volumes,
            SchedulerName = scheduling.SchedulerName,
            PriorityClassName = scheduling.PriorityClassName,
        };
    }

    private static V1Container Prepare(ImageBuildRequest request, RunnerOptions options) => new()
    {
        Name = ImageBuildNames.InitContainer,
        Image = options.ImageBuilds.GitImage,
        Command = ["sh", $"{BuildFiles.Folder}/{BuildFiles.PrepareScript}"],
        TerminationMessagePolicy = LastWords,
        Env =
        [
            new() { Name = "REPO_NAME", Value = request.SpaceName },
            new() { Name = "SPACE_URL", Value = request.SpaceUrl },
            new() { Name = "GIT_REF", Value = request.GitRef },
            new() { Name = "GIT_USER", Value = request.UserId },
            new() { Name = "SDK", Value = request.Sdk },
            new() { Name = "SHARED_DIR", Value = SharedFolder },
        ],
        VolumeMounts =
        [
            new() { Name = SharedVolume, MountPath = SharedFolder },
            new() { Name = FilesVolume, MountPath = BuildFiles.Folder, ReadOnlyProperty = true },
        ],
        SecurityContext = new() { RunAsUser = 0 },
    };

    // The command is given although it is the image's own: Argo would have to ask the registry for it otherwise.
    private static V1Container Kaniko(ImageBuildRequest request, RunnerOptions options, bool hasCache) => new()
    {
        Name = ArgoNames.MainContainer,
        Image = options.ImageBuilds.KanikoImage,
        Command = ["/kaniko/executor"],
        TerminationMessagePolicy = LastWords,
        Args = KanikoArguments.Of(request, FullImage(request, options), options, hasCache),
        VolumeMounts = [new() { Name = SharedVolume, MountPath = SharedFolder }],
    };

    private static string FullImage(ImageBuildRequest request, RunnerOptions options)
    {
        var image = ImageBuildNames.Image(request.OrgName, request.SpaceName, request.RepoId, request.LastCommitId);
        var registry = options.Services.BuildRegistry.Trim('/');
        return registry.Length > 0 ? $"{registry}/{image}" : image;
    }

    private static V1PersistentVolumeClaim CacheClaim(string @namespace, string storageClass) => new()
    {
        ApiVersion = "v1",
        Kind = "PersistentVolumeClaim",
        Metadata = new() { Name = ImageBuildNames.CacheClaim, NamespaceProperty = @namespace },
        Spec = new()
        {
            AccessModes = ["ReadWriteMany"],
            StorageClassName = storageClass,
            Resources = new() { Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new("50Gi") } },
        },
    };
}
