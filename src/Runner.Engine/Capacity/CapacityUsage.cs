namespace Runner.Engine.Capacity;

/// <summary>How all there is of one resource is divided. The four parts add up to the total.</summary>
/// <param name="Total">What the nodes have.</param>
/// <param name="Used">Claimed by pods that run.</param>
/// <param name="Reserved">Claimed by pods that are bound to a node but do not run yet.</param>
/// <param name="Free">What new pods can have now: not claimed, on nodes that are ready and not cordoned.</param>
/// <param name="Withheld">Neither claimed nor to be had: on nodes that are cordoned or not ready, or kept by the node for itself.</param>
public readonly record struct CapacityUsage(decimal Total, decimal Used, decimal Reserved, decimal Free, decimal Withheld)
{
    /// <summary>The two together.</summary>
    public static CapacityUsage operator +(CapacityUsage a, CapacityUsage b) =>
        new(a.Total + b.Total, a.Used + b.Used, a.Reserved + b.Reserved, a.Free + b.Free, a.Withheld + b.Withheld);

    /// <summary>One resource of one node.</summary>
    public static CapacityUsage Of(NodeCapacity node, string resource)
    {
        var figures = node.Resources.GetValueOrDefault(resource);
        var reserved = node.Starting.GetValueOrDefault(resource);
        var used = figures.Requested - reserved;
        var free = node.TakesPods ? figures.Free : 0;

        // Pods can claim more than there is left of a node whose devices failed: then the total says what should be there.
        var total = Math.Max(figures.Total, used + reserved + free);
        return new(total, used, reserved, free, total - used - reserved - free);
    }
}

/// <summary>One kind of accelerator among some nodes.</summary>
/// <param name="Model">Value of the type label; empty where nodes do not name it.</param>
/// <param name="Resource">What pods request: <c>nvidia.com/gpu</c>, <c>nvidia.com/mig-1g.10gb</c>, <c>volcano.sh/vgpu-number</c>.</param>
public sealed record DeviceUsage(string Model, string Resource, CapacityUsage Usage);

/// <summary>Nodes that are alike in the value of a label.</summary>
/// <param name="Value">The value; empty for nodes without the label.</param>
/// <param name="Devices">Its accelerators by model and resource.</param>
public sealed record CapacityGroup(string Value, IReadOnlyList<NodeCapacity> Nodes, IReadOnlyList<DeviceUsage> Devices, CapacityUsage Cpu, CapacityUsage Memory)
{
    /// <summary>How many nodes take no new pods or are under pressure.</summary>
    public int Troubled => Nodes.Count(node => node.Troubled);
}

/// <summary>Arranges nodes by their labels. Pure.</summary>
public static class CapacityGroups
{
    private static readonly string[] KnownDevices =
    [
        "nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/vgpu", "volcano.sh/vgpu-number", "amd.com/gpu", "hygon.com/dcu", "enflame.com/gcu", "enflame.com/gcu.count",
        "metax-tech.com/gpu", "chipltech.com/dlc-lyp", "iluvatar.ai/gpu", "mthreads.com/gpu", "kunlunxin.com/xpu", "google.com/tpu", "habana.ai/gaudi", "gpu.intel.com/i915", "gpu.intel.com/xe",
    ];

    private static readonly string[] KnownDevicePrefixes = ["nvidia.com/mig-", "huawei.com/Ascend", "huawei.com/npu", "cambricon.com/"];

    /// <summary>Groups by value; nodes without the label come last.</summary>
    /// <param name="label">Key of a label; empty groups by the model of the accelerator, whatever label names it.</param>
    public static IReadOnlyList<CapacityGroup> By(IEnumerable<NodeCapacity> nodes, string label) =>
    [
        .. nodes.GroupBy(node => ValueOf(node, label), StringComparer.Ordinal)
            .OrderBy(group => group.Key.Length == 0).ThenBy(group => group.Key, StringComparer.OrdinalIgnoreCase)
            .Select(group => Of(group.Key, [.. group])),
    ];

    /// <summary>The accelerators of some nodes by model and resource.</summary>
    public static IReadOnlyList<DeviceUsage> Devices(IEnumerable<NodeCapacity> nodes) =>
    [
        .. nodes.SelectMany(DevicesOf).GroupBy(device => (device.Model, device.Resource))
            .Select(same => new DeviceUsage(same.Key.Model, same.Key.Resource, Sum(same.Select(device => device.Usage))))
            .Where(device => device.Usage.Total > 0)
            .OrderBy(device => device.Model, StringComparer.OrdinalIgnoreCase).ThenBy(device => device.Resource, StringComparer.Ordinal),
    ];

    /// <summary>The accelerators of one node: whole devices, MIG slices and parts of shared devices.</summary>
    public static IEnumerable<DeviceUsage> DevicesOf(NodeCapacity node) =>
        node.Resources.Where(pair => IsDevice(pair.Key, node.Accelerator) && (pair.Value.Total > 0 || pair.Value.Requested > 0))
            .Select(pair => new DeviceUsage(node.Accelerator?.Type ?? "", pair.Key, CapacityUsage.Of(node, pair.Key)));

    /// <summary>The value by which a node is grouped; empty when it has none.</summary>
    public static string ValueOf(NodeCapacity node, string label) =>
        label.Length > 0 ? node.Labels.GetValueOrDefault(label, "") : node.Accelerator is not { } accelerator ? "" : accelerator.Type.Length > 0 ? accelerator.Type : accelerator.Resource;

    /// <summary>Whether a resource counts accelerators or parts of them.</summary>
    public static bool IsDevice(string resource, Accelerator? accelerator = null) =>
        resource == accelerator?.Resource || KnownDevices.Contains(resource) || KnownDevicePrefixes.Any(prefix => resource.StartsWith(prefix, StringComparison.Ordinal));

    private static CapacityGroup Of(string value, List<NodeCapacity> nodes) =>
        new(value, nodes, Devices(nodes), Sum(nodes.Select(node => CapacityUsage.Of(node, "cpu"))), Sum(nodes.Select(node => CapacityUsage.Of(node, "memory"))));

    private static CapacityUsage Sum(IEnumerable<CapacityUsage> all) => all.Aggregate(default(CapacityUsage), (sum, one) => sum + one);
}
