using k8s.Models;

namespace Runner.Engine.Logs;

/// <summary>Tells a workload's own containers from those that others put beside them. Pure.</summary>
internal static class WorkloadContainers
{
    /// <summary>Of Knative, Argo and Istio; nobody asks for their words.</summary>
    private static readonly HashSet<string> Sidecars = ["queue-proxy", "init", "wait", "istio-proxy"];

    /// <summary>Names of the containers whose logs are the workload's, those that run before the others included.</summary>
    public static IReadOnlyList<string> Of(V1Pod pod) =>
        [.. (pod.Spec?.InitContainers ?? []).Concat(pod.Spec?.Containers ?? []).Select(container => container.Name).Where(name => !Sidecars.Contains(name))];
}
