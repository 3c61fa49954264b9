using System.Globalization;
using k8s;
using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Scheduling;

namespace Runner.Engine.Workloads.Services;

/// <summary>Changes a Knative Service as an update asks. Pure but for the service given, which is changed in place.</summary>
internal static class ServiceUpdate
{
    /// <param name="revisions">All of the service's; none where no version of it was removed.</param>
    /// <param name="secret">What is secret in the new environment, for the service to refer to; null for nothing.</param>
    /// <returns>False when the service is as wanted already.</returns>
    /// <exception cref="RequestRefusedException">With everything that is wrong, in a sentence without any value of the environment.</exception>
    public static bool Apply(KnativeService service, IReadOnlyList<KnativeRevision> revisions, ServiceUpdateRequest request, RunnerOptions options, out V1Secret? secret)
    {
        var problems = ServiceRequestRules.Check(request);

        // Which nodes are kept apart follows from the hardware: an update that does not speak of it leaves that as it is.
        var scheduling = PodScheduling.From(
            new() { Hardware = request.Hardware, Nodes = request.Hardware is null ? null : request.Nodes, NodeAffinity = request.NodeAffinity, Tolerations = request.Tolerations }, options, problems);
        var container = service.Spec?.Template?.Spec?.Containers.FirstOrDefault();
        if (container is null)
        {
            problems.Add("the service in the cluster has no container");
        }

        if (problems.Count > 0)
        {
            throw new RequestRefusedException($"Service '{service.Metadata.Name}' cannot be updated: {string.Join("; ", problems)}.");
        }

        var template = service.Spec!.Template!;
        var before = KubernetesJson.Serialize(template);
        var heir = VersionRules.HeirOf(service, revisions);
        VersionRules.Inherit(service, heir);
        secret = Container(container!, service.Metadata.Name, request, options, scheduling);
        Pod(template.Spec!, container!.Image, request, options.Services, scheduling);
        Metadata(template.Metadata ??= new(), service, request);
        if (before == KubernetesJson.Serialize(template))
        {
            return false;
        }

        FollowLatest(service, heir);

        // What is there is no longer what the request to run asked for: the same request again would have something to do.
        service.Metadata.Annotations?.Remove(ServiceManifest.HashAnnotation);
        return true;
    }

    private static V1Secret? Container(V1Container container, string service, ServiceUpdateRequest request, RunnerOptions options, PodScheduling scheduling)
    {
        container.Image = ServiceManifest.ModelImage(request.ImageId, options.Services);
        var resources = request.Hardware is null ? Kept(container) : scheduling.Resources;
        var environment = request.Env is { } env
            ? ContainerEnvironment.Of(env, container.Image, options.Services, resources)
            : ContainerEnvironment.Of(container.Env, container.Image, options.Services, resources);
        (container.Env, var secret) = SecretEnvironment.Split(environment, service, options.WorkloadNamespace);
        if (ServiceRequestRules.Port(request.Env) is var port && port != 0)
        {
            container.Ports = [new() { ContainerPort = port }];
        }

        if (request.Hardware is not null)
        {
            container.Resources = scheduling.Requirements();
        }

        return secret;
    }

    /// <summary>What stays hidden where the update does not speak of hardware.</summary>
    private static ResourceRules Kept(V1Container container)
    {
        var rules = new ResourceRules();
        rules.HiddenAccelerators.AddRange((container.Env ?? []).Where(variable => ResourceRules.Hides(variable.Name, variable.Value)).Select(variable => (variable.Name, variable.Value)));
        return rules;
    }

    private static void Pod(KnativeRevisionSpec pod, string image, ServiceUpdateRequest request, ServiceOptions options, PodScheduling scheduling)
    {
        if (request.Hardware is not null)
        {
            pod.NodeSelector = scheduling.NodeSelector;
        }

        if (scheduling.Affinity?.NodeAffinity is { } affinity)
        {
            (pod.Affinity ??= new()).NodeAffinity = affinity;
        }

        pod.Tolerations = scheduling.Tolerations ?? pod.Tolerations;
        if (ContainerEnvironment.IsNim(image) && options.NimPullSecret.Length > 0 && pod.ImagePullSecrets?.Any(secret => secret.Name == options.NimPullSecret) != true)
        {
            pod.ImagePullSecrets = [.. pod.ImagePullSecrets ?? [], new V1LocalObjectReference { Name = options.NimPullSecret }];
        }
    }

    private static void Metadata(V1ObjectMeta metadata, KnativeService service, ServiceUpdateRequest request)
    {
        var isSpace = HubFacts.IsSpace(service.Metadata);
        metadata.Annotations ??= new Dictionary<string, string>();
        metadata.Annotations[ServiceChanges.MinScale] = Text(isSpace ? Math.Min(request.MinReplica, 1) : request.MinReplica);
        metadata.Annotations[ServiceChanges.MaxScale] = Text(isSpace ? 1 : request.MaxReplica);
        if (request.Env?.GetValueOrDefault("REVISION") is { Length: > 0 } revision)
        {
            (metadata.Labels ??= new Dictionary<string, string>())[HubNames.CommitIdLabel] = Naming.SafeLabelValue(revision);
        }
    }

    /// <summary>
    /// Traffic that was pinned to the newest version follows it to the revision that the update makes; else the update would reach nobody.
    /// </summary>
    /// <param name="heir">Stands in for the newest version; null where that was not removed.</param>
    internal static void FollowLatest(KnativeService service, KnativeRevision? heir)
    {
        var newest = heir?.Metadata.Name ?? service.Status?.LatestCreatedRevisionName;
        foreach (var target in service.Spec!.Traffic ?? [])
        {
            if (target.RevisionName is { Length: > 0 } pinned && pinned == newest)
            {
                target.RevisionName = null;
                target.LatestRevision = true;
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
