using System.Globalization;
using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Scheduling;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Sandboxes;

/// <summary>A request for a sandbox turned into objects.</summary>
/// <param name="Volume">The user's volume, to be there before the sandbox; null where none is asked for.</param>
/// <param name="Secret">What is secret in the environment, to be there before the sandbox and to go with it; null for nothing.</param>
internal sealed record SandboxObjects(Sandbox Sandbox, V1PersistentVolumeClaim? Volume, V1Secret? Secret);

/// <summary>Turns the hub's request into the Sandbox that carries it. Pure: the same request gives the same objects, but for the time of their end.</summary>
internal static class SandboxManifest
{
    private const string VolumeName = "user";

    /// <param name="now">When its life begins.</param>
    /// <exception cref="RequestRefusedException">With everything that is wrong, in a sentence without any value of the environment.</exception>
    public static SandboxObjects Build(SandboxRequest request, RunnerOptions options, ClusterFacts facts, DateTimeOffset now)
    {
        var problems = SandboxRules.Check(request, facts.StorageClass);
        var scheduling = PodScheduling.From(new() { Hardware = request.Hardware }, options, problems);
        if (problems.Count > 0)
        {
            throw new RequestRefusedException($"Sandbox '{ResourceRules.Shown(request.SandboxName)}' cannot be made: {string.Join("; ", problems)}.");
        }

        var claim = request.Volumes is { Count: > 0 } ? ServiceManifest.UserVolume(request.UserId, request.Hardware ?? new(), options.WorkloadNamespace, facts.StorageClass) : null;
        var labels = Labels(request, facts);
        var (environment, secret) = SecretEnvironment.Split(Environment(request, options.Services, scheduling), request.SandboxName, options.WorkloadNamespace);
        var sandbox = new Sandbox
        {
            Metadata = new()
            {
                Name = request.SandboxName,
                NamespaceProperty = options.WorkloadNamespace,
                Labels = labels,
                Annotations = Annotations(request),
            },
            Spec = new() { PodTemplate = Pod(request, options.Services, scheduling, environment, labels, claim?.Metadata.Name) },
        };
        sandbox.Metadata.Annotations[ServiceManifest.HashAnnotation] = ServiceManifest.Hash(sandbox);
        if (request.Timeout > 0)
        {
            // The controller ends it on time whether or not a runner lives.
            sandbox.Spec.ShutdownTime = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds() + request.Timeout).UtcDateTime;
            sandbox.Spec.ShutdownPolicy = "Delete";
        }

        return new(sandbox, claim, secret);
    }

    private static V1PodTemplateSpec Pod(SandboxRequest request, ServiceOptions options, PodScheduling scheduling, List<V1EnvVar> environment, Dictionary<string, string> labels, string? claim)
    {
        var template = new V1PodTemplateSpec
        {
            Metadata = new() { Labels = new Dictionary<string, string>(labels) },
            Spec = new()
            {
                // What runs in a sandbox is not trusted: it gets no credentials of the cluster.
                AutomountServiceAccountToken = false,
                Containers =
                [
                    new()
                    {
                        Name = KnativeNames.UserContainer,
                        Image = ServiceManifest.ModelImage(request.Image, options),
                        ImagePullPolicy = "Always",
                        Ports = request.Port > 0 ? [new() { ContainerPort = request.Port }] : null,
                        Env = environment,
                        Resources = scheduling.Requirements(),
                        ReadinessProbe = Probe(request),
                        VolumeMounts = claim is null ? null : [.. request.Volumes!.Select(Mount)],
                    },
                ],
                Volumes = claim is null ? null : [new() { Name = VolumeName, PersistentVolumeClaim = new() { ClaimName = claim } }],
                ImagePullSecrets = options.ImagePullSecret.Length > 0 ? [new() { Name = options.ImagePullSecret }] : null,
            },
        };
        scheduling.ApplyTo(template);
        return template;
    }

    private static List<V1EnvVar> Environment(SandboxRequest request, ServiceOptions options, PodScheduling scheduling)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (options.PyPiIndexUrl.Length > 0)
        {
            values["PIP_INDEX_URL"] = options.PyPiIndexUrl;
        }

        foreach (var (name, value) in request.EnvVars ?? [])
        {
            values[name] = value ?? "";
        }

        foreach (var (name, value) in scheduling.Resources.HiddenAccelerators)
        {
            values[name] = value;
        }

        return [.. values.Select(entry => new V1EnvVar { Name = entry.Key, Value = entry.Value })];
    }

    private static V1VolumeMount Mount(SandboxVolume volume) => new()
    {
        Name = VolumeName,
        MountPath = volume.Path,
        SubPath = volume.Subpath.Length > 0 ? volume.Subpath : null,
        ReadOnlyProperty = volume.ReadOnly ? true : null,
    };

    private static V1Probe? Probe(SandboxRequest request)
    {
        if (request.ReadinessProbe is not { } asked)
        {
            return null;
        }

        var port = asked.Port > 0 ? asked.Port : request.Port;
        var probe = new V1Probe { InitialDelaySeconds = asked.InitialDelaySeconds };
        if (asked.Protocol == "tcp" || (asked.Protocol.Length == 0 && asked.Path.Length == 0))
        {
            probe.TcpSocket = new() { Port = port };
        }
        else
        {
            probe.HttpGet = new() { Path = asked.Path.Length > 0 ? asked.Path : "/", Port = port, Scheme = asked.Protocol == "https" ? "HTTPS" : "HTTP" };
        }

        return probe;
    }

    private static Dictionary<string, string> Labels(SandboxRequest request, ClusterFacts facts)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in request.Labels ?? [])
        {
            labels[key] = value ?? "";
        }

        labels[HubNames.LogTypeLabel] = "deploy";
        labels[HubNames.LogClusterIdLabel] = Naming.SafeLabelValue(facts.ClusterId.Length > 0 ? facts.ClusterId : request.ClusterId);
        labels[HubNames.DeployIdLabel] = Naming.SafeLabelValue(request.DeployId);
        labels[HubNames.DeployTypeLabel] = Text(SandboxNames.DeployType);
        labels[HubNames.TaskIdLabel] = Naming.SafeLabelValue(request.TaskId);
        return labels;
    }

    private static Dictionary<string, string> Annotations(SandboxRequest request)
    {
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [HubNames.DeployIdAnnotation] = request.DeployId,
            [HubNames.TaskIdAnnotation] = request.TaskId,
            [HubNames.DeployTypeAnnotation] = Text(SandboxNames.DeployType),
            [HubNames.UserIdAnnotation] = request.UserId,
            [SandboxNames.ResourceAnnotation] = Text(request.ResourceId),
            [SandboxNames.TimeoutAnnotation] = Text(request.Timeout),
        };
        if (request.DeployName.Length > 0)
        {
            annotations[SandboxNames.DeployNameAnnotation] = request.DeployName;
        }

        if (request.TemplateId.Length > 0)
        {
            annotations[SandboxNames.TemplateAnnotation] = request.TemplateId;
        }

        return annotations;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
