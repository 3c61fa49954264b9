using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Scheduling;

/// <summary>A node with what its pods have claimed.</summary>
internal sealed class NodeInfo
{
    private readonly Dictionary<string, (IReadOnlyDictionary<string, decimal> Requests, string? Shares)> _pods = [];

    /// <summary>Null while pods name a node that does not exist.</summary>
    public JsonObject? Json { get; private set; }

    public IReadOnlyDictionary<string, decimal> Allocatable { get; private set; } = new Dictionary<string, decimal>();

    public Dictionary<string, decimal> Requested { get; } = [];

    public int Pods => _pods.Count;

    /// <summary>Shares of cards its pods have, each as the pod's annotation has it.</summary>
    public IEnumerable<string> Shares => _pods.Values.Select(p => p.Shares).OfType<string>();

    public void SetNode(StoredObject? node)
    {
        Json = node?.Json;
        Allocatable = Json.Map("status", "allocatable").ToDictionary(p => p.Key, p => Quantity.Parse(p.Value));
    }

    public void Add(StoredObject pod) => Add(Identity(pod), pod.Json);

    public void Remove(StoredObject pod)
    {
        if (_pods.Remove(Identity(pod), out var known))
        {
            foreach (var (resource, amount) in known.Requests)
            {
                Requested[resource] -= amount;
            }
        }
    }

    private static string Identity(StoredObject pod) => $"{pod.Key.Namespace}/{pod.Key.Name}";

    private void Add(string identity, JsonObject pod)
    {
        if (_pods.ContainsKey(identity))
        {
            return;
        }

        var requests = PodRequests.Of(pod);
        _pods[identity] = (requests, VirtualDevices.SharesOf(pod));
        foreach (var (resource, amount) in requests)
        {
            Requested[resource] = Requested.GetValueOrDefault(resource) + amount;
        }
    }
}
