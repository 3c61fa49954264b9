using k8s.Models;
using Runner.Engine.Capacity.Usage;
using Runner.Engine.Clusters.Reading;

namespace Runner.Engine.Capacity;

/// <summary>What a pod claims on its node, as the scheduler counts it. Pure.</summary>
internal static class PodRequests
{
    /// <summary>
    /// Amounts by resource, in base units (cores, bytes, pieces): the containers and the sidecars together, or the moment of the start when an init
    /// container beside the sidecars started before it needs more, plus the overhead. Pod-level requests stand for the sum where they are given,
    /// and what a running container was granted counts while it is more than it asks for (a resize under way).
    /// </summary>
    public static IReadOnlyDictionary<string, decimal> Of(V1Pod pod)
    {
        if (pod.Spec is not { } spec)
        {
            return new Dictionary<string, decimal>();
        }

        var total = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var container in spec.Containers ?? [])
        {
            Add(total, Of(container, pod.Status?.ContainerStatuses));
        }

        if (spec.InitContainers is { Count: > 0 } init)
        {
            AddInit(total, init, pod.Status?.InitContainerStatuses);
        }

        foreach (var (resource, amount) in SharedResources.AmountsOf(spec.Resources))
        {
            total[resource] = amount;
        }

        foreach (var (resource, amount) in spec.Overhead ?? new Dictionary<string, ResourceQuantity>())
        {
            total[resource] = total.GetValueOrDefault(resource) + amount.ToDecimal();
        }

        return total;
    }

    /// <summary>Whether a pod holds anything on a node: bound, and not ended. A terminating one holds what it has until it is gone.</summary>
    public static bool Counts(V1Pod pod) => pod is { Spec.NodeName.Length: > 0 } && pod.Status?.Phase is not ("Succeeded" or "Failed");

    /// <summary>Sum of the limits of one resource over the containers and sidecars.</summary>
    public static decimal Limits(V1Pod pod, string resource) =>
        (pod.Spec?.Containers ?? []).Concat((pod.Spec?.InitContainers ?? []).Where(container => container.RestartPolicy == "Always"))
            .Sum(container => container.Resources?.Limits?.TryGetValue(resource, out var limit) == true ? limit.ToDecimal() : 0);

    /// <summary>Limits of the containers by name.</summary>
    public static IReadOnlyDictionary<string, ContainerLimits> LimitsOf(V1Pod pod)
    {
        var limits = new Dictionary<string, ContainerLimits>(StringComparer.Ordinal);
        foreach (var container in (pod.Spec?.Containers ?? []).Concat(pod.Spec?.InitContainers ?? []))
        {
            decimal? Limit(string resource) => container.Resources?.Limits?.TryGetValue(resource, out var limit) == true ? limit.ToDecimal() : null;
            limits[container.Name] = new(Limit("cpu"), Limit("memory"));
        }

        return limits;
    }

    private static void AddInit(Dictionary<string, decimal> total, IList<V1Container> containers, IList<V1ContainerStatus>? statuses)
    {
        var sidecars = new Dictionary<string, decimal>(StringComparer.Ordinal);
        var peak = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var container in containers)
        {
            var requests = Of(container, statuses);
            if (container.RestartPolicy == "Always")
            {
                Add(total, requests);
                Add(sidecars, requests);
                Raise(peak, sidecars);
            }
            else
            {
                var moment = new Dictionary<string, decimal>(requests, StringComparer.Ordinal);
                Add(moment, sidecars);
                Raise(peak, moment);
            }
        }

        Raise(total, peak);
    }

    /// <returns>Shared by containers that ask alike: not to be changed.</returns>
    private static Dictionary<string, decimal> Of(V1Container container, IList<V1ContainerStatus>? statuses)
    {
        var asked = SharedResources.AmountsOf(container.Resources);
        if (statuses?.FirstOrDefault(status => status.Name == container.Name)?.AllocatedResources is not { Count: > 0 } granted)
        {
            return asked;
        }

        var requests = new Dictionary<string, decimal>(asked, StringComparer.Ordinal);
        foreach (var (resource, amount) in granted)
        {
            requests[resource] = Math.Max(requests.GetValueOrDefault(resource), amount.ToDecimal());
        }

        return requests;
    }

    private static void Add(Dictionary<string, decimal> sum, Dictionary<string, decimal> amounts)
    {
        foreach (var (resource, amount) in amounts)
        {
            sum[resource] = sum.GetValueOrDefault(resource) + amount;
        }
    }

    private static void Raise(Dictionary<string, decimal> highest, Dictionary<string, decimal> amounts)
    {
        foreach (var (resource, amount) in amounts)
        {
            highest[resource] = Math.Max(highest.GetValueOrDefault(resource), amount);
        }
    }
}
