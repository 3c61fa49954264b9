using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.MultiHost;

/// <summary>A request for a service over several hosts turned into objects.</summary>
/// <param name="Address">The core Service of the service's own name, which leads to the leaders; it belongs to the set once that exists.</param>
/// <param name="Route">What leads the ingress to the address, and goes with the set too; null where the cluster has no such ingress.</param>
/// <param name="Volume">The user's volume, to be there before the set; null where the cluster has no storage class.</param>
/// <param name="Secret">What is secret in the environment, to be there before the set and to go with it; null for nothing.</param>
internal sealed record MultiHostObjects(LeaderWorkerSet Set, V1Service Address, IngressRoute? Route, V1PersistentVolumeClaim? Volume, V1Secret? Secret);

/// <summary>
/// Turns the hub's request into the LeaderWorkerSet that carries it: a group of <c>hardware.replicas</c> pods an instance, each of which gets what
/// <c>hardware</c> asks for, and as many groups as <c>min_replica</c>. Addresses and ranks of the hosts are the manager's <c>LWS_*</c> variables. Pure.
/// </summary>
internal static class MultiHostManifest
{
    /// <summary>Turns the request into objects, or says why not.</summary>
    /// <returns>Without a route: see <see cref="Routed"/>.</returns>
    /// <exception cref="RequestRefusedException">With everything that is wrong, in a sentence without any value of the environment.</exception>
    public static MultiHostObjects Build(string name, ServiceRequest request, RunnerOptions options, ClusterFacts facts)
    {
        var parts = ServiceManifest.PartsOf(name, request, options, facts);
        var port = ServiceRequestRules.Port(request.Env);
        var hosts = request.Hardware!.Replicas;
        HostVariables.Complete(parts.Pod.Containers[0], facts.NetworkInterface, parts.Scheduling.Resources.Accelerators, hosts);
        parts.Labels[LeaderWorkerSetNames.ServiceLabel] = name;
        var set = new LeaderWorkerSet
        {
            Metadata = new()
            {
                Name = LeaderWorkerSetNames.SetOf(name),
                NamespaceProperty = options.WorkloadNamespace,
                Annotations = parts.Annotations,
                Labels = new Dictionary<string, string> { [LeaderWorkerSetNames.ServiceLabel] = name },
            },
            Spec = new()
            {
                Replicas = request.MinReplica,
                Template = new()
                {
                    Size = hosts,
                    RestartPolicy = LeaderWorkerSetNames.RecreateGroup,
                    Leader = PodTemplate(parts, Probe(parts.Pod.Containers[0].ReadinessProbe, port)),
                    Worker = PodTemplate(parts, probe: null),
                },
            },
        };
        set.Metadata.Annotations[ServiceManifest.HashAnnotation] = ServiceManifest.Hash(set);
        return new(set, Address(name, set, port), Route: null, parts.Volume, parts.Secret);
    }

    /// <summary>Leads the ingress to the service. Not part of what was asked for: the same request stays the same when the ingress changes.</summary>
    /// <param name="objects">As <see cref="Build"/> made them; the set is changed in place.</param>
    /// <param name="routing">How the cluster's ingress leads to workloads; null where it does not.</param>
    public static MultiHostObjects Routed(MultiHostObjects objects, KnativeRouting? routing)
    {
        if (routing is null)
        {
            return objects;
        }

        var (set, address) = (objects.Set.Metadata, objects.Address);
        var host = $"{address.Metadata.Name}.{set.NamespaceProperty}.{routing.Domain}";
        set.Annotations[HubNames.HostAnnotation] = host;
        return objects with { Route = IngressRoute.To(address, set.Name, host, routing.IngressClass) };
    }

    /// <summary>Gives the address or the route its owner, with which it goes.</summary>
    public static T OwnedBy<T>(T dependent, V1ObjectMeta set)
        where T : IMetadata<V1ObjectMeta>
    {
        dependent.Metadata.OwnerReferences =
        [
            new()
            {
                ApiVersion = $"{LeaderWorkerSetNames.Group}/{LeaderWorkerSetNames.Version}",
                Kind = "LeaderWorkerSet",
                Name = set.Name,
                Uid = set.Uid,
                Controller = true,
                BlockOwnerDeletion = false,
            },
        ];
        return dependent;
    }

    /// <summary>Port on which the leaders of a set listen; null where they say none.</summary>
    public static int? PortOf(LeaderWorkerSet set) => (set.Spec?.Template?.Leader ?? set.Spec?.Template?.Worker)?.Spec?.Containers?.FirstOrDefault()?.Ports?.FirstOrDefault()?.ContainerPort;

    /// <summary>True when the hosts of a service mount the volume.</summary>
    public static bool Uses(LeaderWorkerSet set, string volume) =>
        set.Spec?.Template?.Worker?.Spec?.Volumes?.Any(mounted => mounted.PersistentVolumeClaim?.ClaimName == volume) == true;

    private static V1PodTemplateSpec PodTemplate(ServiceParts parts, V1Probe? probe)
    {
        var container = parts.Pod.Containers[0];
        var template = new V1PodTemplateSpec
        {
            Metadata = new() { Labels = new Dictionary<string, string>(parts.Labels) },
            Spec = new()
            {
                Containers =
                [
                    new()
                    {
                        Name = container.Name,
                        Image = container.Image,
                        ImagePullPolicy = container.ImagePullPolicy,
                        Ports = container.Ports,
                        Env = container.Env,
                        Resources = container.Resources,
                        ReadinessProbe = probe,
                        VolumeMounts = container.VolumeMounts,
                    },
                ],
                Volumes = parts.Pod.Volumes,
                ImagePullSecrets = parts.Pod.ImagePullSecrets,
            },
        };
        parts.Scheduling.ApplyTo(template);
        return template;
    }

    /// <summary>Knative looks at the port where a probe does not say what to look at; without Knative it must be said. Only leaders serve.</summary>
    private static V1Probe Probe(V1Probe probe, int port) => new()
    {
        TcpSocket = new() { Port = port },
        InitialDelaySeconds = probe.InitialDelaySeconds,
        PeriodSeconds = probe.PeriodSeconds,
        FailureThreshold = probe.FailureThreshold,
    };

    private static V1Service Address(string name, LeaderWorkerSet set, int port) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = new()
        {
            Name = name,
            NamespaceProperty = set.Metadata.NamespaceProperty,
            Labels = new Dictionary<string, string> { [LeaderWorkerSetNames.ServiceLabel] = name },
        },
        Spec = new()
        {
            Selector = new Dictionary<string, string> { [LeaderWorkerSetNames.SetLabel] = set.Metadata.Name, [LeaderWorkerSetNames.WorkerIndexLabel] = "0" },
            Ports = [new() { Name = "http", Port = 80, TargetPort = port }],
        },
    };
}
