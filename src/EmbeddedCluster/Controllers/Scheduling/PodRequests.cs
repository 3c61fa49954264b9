using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Scheduling;

/// <summary>Resources a pod claims on its node.</summary>
internal static class PodRequests
{
    /// <summary>
    /// By resource, in base units: the sum of the containers and of the init containers that go on running (restart policy Always),
    /// or a single init container where that is more; plus the overhead. Limits stand in for missing requests.
    /// </summary>
    public static IReadOnlyDictionary<string, decimal> Of(JsonNode pod)
    {
        var total = new Dictionary<string, decimal>();
        foreach (var container in pod.Items("spec", "containers"))
        {
            Add(total, Of(container));
        }

        var sidecars = new Dictionary<string, decimal>();
        foreach (var container in pod.Items("spec", "initContainers"))
        {
            var requests = Of(container);
            if (container.Text("restartPolicy") == "Always")
            {
                Add(total, requests);
                Add(sidecars, requests);
                continue;
            }

            foreach (var (resource, amount) in requests)
            {
                total[resource] = Math.Max(total.GetValueOrDefault(resource), amount + sidecars.GetValueOrDefault(resource));
            }
        }

        Add(total, pod.Map("spec", "overhead").ToDictionary(p => p.Key, p => Quantity.Parse(p.Value)));
        return total;
    }

    /// <summary>Whether a pod has ended and holds nothing on its node any more.</summary>
    public static bool HasEnded(JsonNode pod) => pod.Text("status", "phase") is "Succeeded" or "Failed";

    private static Dictionary<string, decimal> Of(JsonObject container)
    {
        var requests = container.Map("resources", "limits").ToDictionary(p => p.Key, p => Quantity.Parse(p.Value));
        foreach (var (resource, amount) in container.Map("resources", "requests"))
        {
            requests[resource] = Quantity.Parse(amount);
        }

        return requests;
    }

    private static void Add(Dictionary<string, decimal> total, IReadOnlyDictionary<string, decimal> requests)
    {
        foreach (var (resource, amount) in requests)
        {
            total[resource] = total.GetValueOrDefault(resource) + amount;
        }
    }
}
