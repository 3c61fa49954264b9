using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using k8s;
using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Scheduling;

namespace Runner.Engine.Workloads.Services;

/// <summary>What must be known of a cluster to make a service for it.</summary>
/// <param name="ClusterId">Id by which the hub knows the cluster; empty while unknown.</param>
/// <param name="StorageClass">Class of users' volumes; empty for none.</param>
/// <param name="NetworkInterface">By which hosts that work as one talk to each other; empty to leave it to them.</param>
internal sealed record ClusterFacts(string ClusterId, string StorageClass, string NetworkInterface = "");

/// <summary>A request turned into objects.</summary>
/// <param name="Volume">The user's volume, to be there before the service; null where the cluster has no storage class.</param>
/// <param name="Secret">What is secret in the environment, to be there before the service and to go with it; null for nothing.</param>
internal sealed record ServiceObjects(KnativeService Service, V1PersistentVolumeClaim? Volume, V1Secret? Secret);

/// <summary>What is common to all objects that may carry a service.</summary>
/// <param name="Annotations">Of the object itself: the hub's facts.</param>
/// <param name="Labels">Of the pods.</param>
/// <param name="Pod">With one container.</param>
internal sealed record ServiceParts(
    Dictionary<string, string> Annotations, Dictionary<string, string> Labels, PodScheduling Scheduling, KnativeRevisionSpec Pod, V1PersistentVolumeClaim? Volume, V1Secret? Secret);

/// <summary>Turns the hub's request into the Knative Service that carries it. Pure: the same request gives the same objects.</summary>
internal static class ServiceManifest
{
    /// <summary>Tells a repeated request from a new one: the hash of the manifest as it was written.</summary>
    public const string HashAnnotation = "csghub_manifest_hash";

    private const int SpaceType = 0;
    private const int InferenceType = 1;
    private const int NotebookType = 5;
    private const string Autoscaling = "autoscaling.knative.dev/";

    /// <summary>Turns the request into objects, or says why not.</summary>
    /// <exception cref="RequestRefusedException">With everything that is wrong, in a sentence without any value of the environment.</exception>
    public static ServiceObjects Build(string name, ServiceRequest request, RunnerOptions options, ClusterFacts facts)
    {
        var parts = PartsOf(name, request, options, facts);
        var service = new KnativeService
        {
            Metadata = new() { Name = name, NamespaceProperty = options.WorkloadNamespace, Annotations = parts.Annotations },
            Spec = new()
            {
                Template = new()
                {
                    Metadata = new() { Annotations = TemplateAnnotations(request, options.Services, parts.Scheduling), Labels = parts.Labels },
                    Spec = parts.Pod,
                },
            },
        };
        service.Metadata.Annotations[HashAnnotation] = Hash(service);
        return new(service, parts.Volume, parts.Secret);
    }

    /// <inheritdoc cref="Build"/>
    public static ServiceParts PartsOf(string name, ServiceRequest request, RunnerOptions options, ClusterFacts facts)
    {
        var problems = ServiceRequestRules.Check(name, request);
        var scheduling = PodScheduling.From(SchedulingOf(request), options, problems);
        if (problems.Count > 0)
        {
            throw new RequestRefusedException($"Service '{ResourceRules.Shown(name)}' cannot be run: {string.Join("; ", problems)}.");
        }

        var image = Image(request, options.Services);
        var volume = facts.StorageClass.Length > 0 ? UserVolume(request.UserId, request.Hardware ?? new(), options.WorkloadNamespace, facts.StorageClass) : null;
        var (environment, secret) = SecretEnvironment.Split(
            ContainerEnvironment.Of(request.Env, image, options.Services, scheduling.Resources), name, options.WorkloadNamespace);
        return new(
            ServiceAnnotations(request),
            TemplateLabels(request, facts),
            scheduling,
            PodSpec(request, options.Services, image, scheduling, environment, volume?.Metadata.Name),
            volume,
            secret);
    }

    /// <summary>Tells objects that were written from different requests apart.</summary>
    public static string Hash(IKubernetesObject carrier) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(KubernetesJson.Serialize((object)carrier))));

    /// <summary>Name of a user's volume: made and removed under the same one.</summary>
    public static string VolumeName(string userId) => Naming.SafeSubdomain(userId);

    /// <summary>True when the instances of a service mount the volume.</summary>
    public static bool Uses(KnativeService service, string volume) =>
        service.Spec?.Template?.Spec?.Volumes?.Any(mounted => mounted.PersistentVolumeClaim?.ClaimName == volume) == true;

    /// <summary>Image of a model or notebook. One slash is a name without a registry; more name one already.</summary>
    public static string ModelImage(string imageId, ServiceOptions options) =>
        imageId.Count(character => character == '/') == 1 ? Join(options.ModelRegistry, imageId) : imageId;

    private static SchedulingFacts SchedulingOf(ServiceRequest request) => new()
    {
        Hardware = request.Hardware,
        Nodes = request.Nodes,
        NodeAffinity = request.NodeAffinity,
        Tolerations = request.Tolerations,
        Scheduler = request.Scheduler,
    };

    private static KnativeRevisionSpec PodSpec(ServiceRequest request, ServiceOptions options, string image, PodScheduling scheduling, List<V1EnvVar> environment, string? claim)
    {
        string[] pullSecrets = ContainerEnvironment.IsNim(image) ? [options.ImagePullSecret, options.NimPullSecret] : [options.ImagePullSecret];
        List<V1Volume> volumes = [];
        List<V1VolumeMount> mounts = [];
        if (request.DeployType != SpaceType)
        {
            volumes.Add(new() { Name = "dshm", EmptyDir = new() { Medium = "Memory" } });
            mounts.Add(new() { Name = "dshm", MountPath = "/dev/shm" });
        }

        if (claim is not null)
        {
            volumes.Add(new() { Name = "nas-pvc", PersistentVolumeClaim = new() { ClaimName = claim } });
            mounts.Add(new() { Name = "nas-pvc", MountPath = "/workspace" });
        }

        return new()
        {
            Containers =
            [
                new()
                {
                    Name = KnativeNames.UserContainer,
                    Image = image,
                    ImagePullPolicy = "Always",
                    Ports = [new() { ContainerPort = ServiceRequestRules.Port(request.Env) }],
                    Env = environment,
                    Resources = scheduling.Requirements(),
                    ReadinessProbe = Probe(request, options),
                    VolumeMounts = mounts.Count > 0 ? mounts : null,
                },
            ],
            NodeSelector = scheduling.NodeSelector,
            Affinity = scheduling.Affinity,
            Tolerations = scheduling.Tolerations,
            SchedulerName = scheduling.SchedulerName,
            PriorityClassName = scheduling.PriorityClassName,
            Volumes = volumes.Count > 0 ? volumes : null,
            ImagePullSecrets = [.. pullSecrets.Where(secret => secret.Length > 0).Select(secret => new V1LocalObjectReference { Name = secret })],
        };
    }

    private static string Image(ServiceRequest request, ServiceOptions options)
    {
        if (request.RepoType == "model" || request.DeployType == NotebookType)
        {
            return ModelImage(request.ImageId, options);
        }

        if (request.RepoType != "space")
        {
            return request.ImageId;
        }

        var isBuiltByUser = request.Env is { } env && env.TryGetValue("SDK", out var sdk) && sdk == "docker";
        return Join(isBuiltByUser ? options.BuildRegistry : options.PublicRegistry, request.ImageId);
    }

    /// <summary>Puts a registry before an image with exactly one slash; an empty one leaves it as it is.</summary>
    internal static string Join(string registry, string image) =>
        registry.Length == 0 ? image : $"{registry.TrimEnd('/')}/{image.TrimStart('/')}";

    private static Dictionary<string, string> ServiceAnnotations(ServiceRequest request)
    {
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in request.Annotation ?? [])
        {
            annotations[name] = value ?? "";
        }

        annotations[HubNames.DeployIdAnnotation] = Text(request.DeployId);
        annotations[HubNames.TaskIdAnnotation] = Text(request.TaskId);
        annotations[HubNames.DeployTypeAnnotation] = Text(request.DeployType);
        annotations[HubNames.UserIdAnnotation] = request.UserId;
        annotations[HubNames.SkuAnnotation] = request.Sku;
        annotations[HubNames.OrderDetailIdAnnotation] = Text(request.OrderDetailId);
        return annotations;
    }

    private static Dictionary<string, string> TemplateAnnotations(ServiceRequest request, ServiceOptions options, PodScheduling scheduling)
    {
        var annotations = ScalingAnnotations(request, options);
        foreach (var (key, value) in scheduling.Annotations)
        {
            annotations[key] = value;
        }

        return annotations;
    }

    private static Dictionary<string, string> ScalingAnnotations(ServiceRequest request, ServiceOptions options) => request.RepoType switch
    {
        "model" => new()
        {
            [Autoscaling + "class"] = "kpa.autoscaling.knative.dev",
            ["enable-scale-to-zero"] = "false",
            [Autoscaling + "metric"] = "concurrency",
            [Autoscaling + "target"] = "5",
            [Autoscaling + "target-utilization-percentage"] = "90",
            [Autoscaling + "min-scale"] = Text(request.MinReplica),
            [Autoscaling + "max-scale"] = Text(request.MaxReplica),
            ["serving.knative.dev/progress-deadline"] = Text(options.ModelDeployTimeoutMinutes) + "m",
        },
        "space" or "" => new()
        {
            [Autoscaling + "min-scale"] = Text(Math.Min(request.MinReplica, 1)),
            [Autoscaling + "max-scale"] = "1",
        },
        _ => [],
    };

    private static Dictionary<string, string> TemplateLabels(ServiceRequest request, ClusterFacts facts) => new()
    {
        [HubNames.LogTypeLabel] = "deploy",
        [HubNames.LogClusterIdLabel] = Naming.SafeLabelValue(facts.ClusterId.Length > 0 ? facts.ClusterId : request.ClusterId),
        [HubNames.DeployIdLabel] = Text(request.DeployId),
        [HubNames.DeployTypeLabel] = Text(request.DeployType),
        [HubNames.TaskIdLabel] = Text(request.TaskId),
        [HubNames.CommitIdLabel] = Naming.SafeLabelValue(request.Env?.GetValueOrDefault("REVISION") ?? ""),
    };

    private static V1Probe Probe(ServiceRequest request, ServiceOptions options) => request.DeployType == InferenceType
        ? new()
        {
            InitialDelaySeconds = options.ReadinessDelaySeconds,
            PeriodSeconds = options.ReadinessPeriodSeconds,
            FailureThreshold = options.ReadinessFailureThreshold,
        }
        : new() { InitialDelaySeconds = 10, PeriodSeconds = 10, FailureThreshold = 3 };

    /// <summary>The volume that serves all of a user's workloads.</summary>
    public static V1PersistentVolumeClaim UserVolume(string userId, HardwareRequest hardware, string @namespace, string storageClass) => new()
    {
        ApiVersion = "v1",
        Kind = "PersistentVolumeClaim",
        Metadata = new() { Name = VolumeName(userId), NamespaceProperty = @namespace },
        Spec = new()
        {
            AccessModes = ["ReadWriteMany"],
            StorageClassName = storageClass,
            Resources = new() { Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new(hardware.EphemeralStorage.Length > 0 ? hardware.EphemeralStorage : "50Gi") } },
        },
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
