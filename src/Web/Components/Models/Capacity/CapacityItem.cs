using Runner.Engine.Capacity;

namespace Runner.Web.Components.Models.Capacity;

/// <summary>What a group of nodes, or one node, is known by and has.</summary>
/// <param name="Name">Value of the label, or name of the node; empty for nodes without the label.</param>
/// <param name="Clusters">Where it is.</param>
/// <param name="Devices">Its accelerators by model and resource.</param>
public sealed record CapacityItem(string Name, string Clusters, IReadOnlyList<DeviceUsage> Devices, CapacityUsage Cpu, CapacityUsage Memory, CapacityUsage Pods)
{
    /// <summary>All its accelerators together; null for none.</summary>
    public CapacityUsage? Accelerators { get; } = Devices.Count == 0 ? null : Devices.Aggregate(default(CapacityUsage), (sum, device) => sum + device.Usage);

    /// <summary>Of a group.</summary>
    /// <param name="clusterOf">Cluster of each node.</param>
    public static CapacityItem Of(CapacityGroup group, IReadOnlyDictionary<NodeCapacity, string> clusterOf) => new(
        group.Value,
        string.Join(", ", group.Nodes.Select(node => clusterOf.GetValueOrDefault(node, "")).Distinct().Order(StringComparer.Ordinal)),
        group.Devices,
        group.Cpu,
        group.Memory,
        group.Nodes.Aggregate(default(CapacityUsage), (sum, node) => sum + CapacityUsage.Of(node, "pods")));

    /// <summary>Of a node.</summary>
    public static CapacityItem Of(CapacityNode node) => new(
        node.Node.Name,
        node.Cluster,
        [.. CapacityGroups.DevicesOf(node.Node).Where(device => device.Usage.Total > 0)],
        CapacityUsage.Of(node.Node, "cpu"),
        CapacityUsage.Of(node.Node, "memory"),
        CapacityUsage.Of(node.Node, "pods"));
}
