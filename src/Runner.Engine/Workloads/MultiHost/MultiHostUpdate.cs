using k8s;
using k8s.Models;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.MultiHost;

/// <summary>Changes a LeaderWorkerSet as an update asks, by the rules for services on one host. Pure but for the set given, which is changed in place.</summary>
internal static class MultiHostUpdate
{
    /// <param name="networkInterface">By which the hosts talk to each other; empty where none is configured.</param>
    /// <param name="secret">What is secret in the new environment, for the set to refer to; null for nothing.</param>
    /// <returns>False when the set is as wanted already.</returns>
    /// <exception cref="RequestRefusedException">With everything that is wrong, in a sentence without any value of the environment.</exception>
    public static bool Apply(LeaderWorkerSet set, ServiceUpdateRequest request, RunnerOptions options, string networkInterface, out V1Secret? secret)
    {
        secret = null;
        var name = LeaderWorkerSetNames.ServiceOf(set);
        if (set.Spec?.Template is not { Worker.Spec: { } } template || (template.Leader ?? template.Worker).Spec.Containers.Count == 0)
        {
            throw new RequestRefusedException($"Service '{name}' cannot be updated: the set in the cluster has no container.");
        }

        if (request.Hardware is { Replicas: <= 1 } || request.MinReplica < 1)
        {
            throw new RequestRefusedException(
                $"Service '{name}' cannot be updated: it spans {template.Size} hosts, so hardware.replicas must be more than 1 and min_replica at least 1; run it anew to have it on one host.");
        }

        // In one order, so that variables in another one are no change: each change has every host start anew.
        List<V1PodTemplateSpec> pods = [.. new[] { template.Leader, template.Worker }.OfType<V1PodTemplateSpec>()];
        pods.ForEach(SortVariables);
        var before = KubernetesJson.Serialize((object)set.Spec);
        var (hosts, hostsBefore) = (request.Hardware?.Replicas ?? template.Size ?? 1, template.Size ?? 1);
        if (request.Hardware is not null)
        {
            template.Size = hosts;
        }

        set.Spec.Replicas = request.MinReplica;
        foreach (var pod in pods)
        {
            var told = HostVariables.Read(pod.Spec.Containers[0], hostsBefore);
            secret = Apply(pod, name, request, options);
            int? accelerators = request.Hardware is { } hardware ? ResourceRules.From(hardware, options.Accelerators, []).Accelerators : null;
            HostVariables.Renew(pod.Spec.Containers[0], told, isKept: request.Env is null, networkInterface, accelerators, hosts);
            SortVariables(pod);
        }

        if (before == KubernetesJson.Serialize((object)set.Spec))
        {
            return false;
        }

        // What is there is no longer what the request to run asked for: the same request again would have something to do.
        set.Metadata.Annotations?.Remove(ServiceManifest.HashAnnotation);
        return true;
    }

    private static void SortVariables(V1PodTemplateSpec pod)
    {
        foreach (var container in pod.Spec.Containers.Take(1))
        {
            container.Env = container.Env is null ? null : [.. container.Env.OrderBy(variable => variable.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>A pod is updated as that of a service on one host would be; only the scale, which is the set's, is not the pod's.</summary>
    private static V1Secret? Apply(V1PodTemplateSpec pod, string name, ServiceUpdateRequest request, RunnerOptions options)
    {
        var single = new KnativeService
        {
            Metadata = new() { Name = name },
            Spec = new()
            {
                Template = new()
                {
                    Metadata = new() { Labels = pod.Metadata?.Labels },
                    Spec = new()
                    {
                        Containers = pod.Spec.Containers,
                        NodeSelector = pod.Spec.NodeSelector,
                        Affinity = pod.Spec.Affinity,
                        Tolerations = pod.Spec.Tolerations,
                        ImagePullSecrets = pod.Spec.ImagePullSecrets,
                    },
                },
            },
        };
        ServiceUpdate.Apply(single, [], request with { Hardware = request.Hardware is { } hardware ? hardware with { Replicas = 1 } : null }, options, out var secret);
        var updated = single.Spec.Template.Spec;
        (pod.Metadata ??= new()).Labels = single.Spec.Template.Metadata?.Labels;
        pod.Spec.NodeSelector = updated.NodeSelector;
        pod.Spec.Affinity = updated.Affinity;
        pod.Spec.Tolerations = updated.Tolerations;
        pod.Spec.ImagePullSecrets = updated.ImagePullSecrets;
        var container = updated.Containers[0];
        if (container.ReadinessProbe?.TcpSocket is { } socket && container.Ports?.FirstOrDefault() is { } port)
        {
            socket.Port = port.ContainerPort;
        }

        return secret;
    }
}
