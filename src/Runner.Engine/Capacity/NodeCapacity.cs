using System.Collections.Immutable;

namespace Runner.Engine.Capacity;

/// <summary>Amounts of one resource, in base units: cores, bytes, pieces.</summary>
/// <param name="Total">What the node has.</param>
/// <param name="Allocatable">What it offers to pods.</param>
/// <param name="Requested">What its pods claim.</param>
public readonly record struct ResourceFigures(decimal Total, decimal Allocatable, decimal Requested)
{
    /// <summary>What is left for further pods; never below 0.</summary>
    public decimal Free => Math.Max(0, Allocatable - Requested);
}

/// <summary>A shared device and what is given out of it.</summary>
/// <param name="UsedSlots">Parts that pods hold.</param>
/// <param name="UsedMemoryMiB">Memory that they hold.</param>
/// <param name="UsedCorePercent">Computing power that they hold.</param>
public sealed record SharedDeviceUse(SharedDevice Device, int UsedSlots, long UsedMemoryMiB, long UsedCorePercent);

/// <summary>A taint of a node; as text <c>dedicated:NoSchedule</c>.</summary>
/// <param name="Effect"><c>NoSchedule</c>, <c>PreferNoSchedule</c> or <c>NoExecute</c>.</param>
public sealed record NodeTaint(string Key, string Value, string Effect)
{
    /// <summary>True when it keeps new pods away that do not tolerate it.</summary>
    public bool Repels => Effect is "NoSchedule" or "NoExecute";

    /// <inheritdoc/>
    public override string ToString() => $"{Key}:{Effect}";
}

/// <summary>A pod that claims something on a node.</summary>
public sealed record PodUse
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public required string Node { get; init; }

    /// <summary>The hub's deploy id; empty for pods that are not of the hub.</summary>
    public string DeployId { get; init; } = "";

    /// <summary>Knative Service or LeaderWorkerSet; empty for none.</summary>
    public string Service { get; init; } = "";

    /// <summary>Argo workflow; empty for none.</summary>
    public string Workflow { get; init; } = "";

    /// <summary>False while the pod is bound but its containers have not all started: images are pulled, volumes mounted, init containers run.</summary>
    public bool Running { get; init; }

    /// <summary>True when the pod has been told to go; it claims what it has until it is gone.</summary>
    public bool Terminating { get; init; }

    /// <summary>What it claims, by resource, in base units.</summary>
    public required IReadOnlyDictionary<string, decimal> Requests { get; init; }

    /// <summary>Limits of MIG slices, by resource.</summary>
    public IReadOnlyDictionary<string, decimal> MigLimits { get; init; } = ImmutableSortedDictionary<string, decimal>.Empty;

    /// <summary>Parts of shared devices that it holds.</summary>
    public IReadOnlyList<DeviceShare> Shares { get; init; } = [];
}

/// <summary>A node: what it has, offers and has given out. Immutable.</summary>
public sealed record NodeCapacity
{
    public required string Name { get; init; }

    /// <summary>The conditions that hold, as in <c>Ready</c> or <c>MemoryPressure,Ready</c>; empty when none does.</summary>
    public required string Status { get; init; }

    /// <summary>True while the kubelet reports that it can take pods.</summary>
    public bool Ready { get; init; }

    /// <summary>True when it takes no new pods by an administrator's wish.</summary>
    public bool Cordoned { get; init; }

    /// <summary>Why it is not ready, in the kubelet's or the node controller's words; empty while it is.</summary>
    public string Problem { get; init; } = "";

    /// <summary>What keeps pods away that do not tolerate it.</summary>
    public EquatableList<NodeTaint> Taints { get; init; } = EquatableList<NodeTaint>.Empty;

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>Null for a node without one.</summary>
    public Accelerator? Accelerator { get; init; }

    /// <summary>Figures by resource: what the node offers, and what pods claim of it though it is not offered (0 in total).</summary>
    public required ImmutableSortedDictionary<string, ResourceFigures> Resources { get; init; }

    /// <summary>True when it takes new pods that tolerate its taints.</summary>
    public bool TakesPods => Ready && !Cordoned;

    /// <summary>Conditions under which it pushes pods out: <c>MemoryPressure</c>, <c>DiskPressure</c>, <c>PIDPressure</c>, <c>NetworkUnavailable</c>.</summary>
    public IEnumerable<string> Pressures => Status.Split(',', StringSplitOptions.RemoveEmptyEntries).Where(condition => condition != "Ready");

    /// <summary>True when an administrator should look at it.</summary>
    public bool Troubled => !TakesPods || Pressures.Any();

    public ResourceFigures Cpu => Resources.GetValueOrDefault("cpu");

    public ResourceFigures Memory => Resources.GetValueOrDefault("memory");

    /// <summary>Devices whole, by the accelerator's resource; zeros without one.</summary>
    public ResourceFigures Devices => Accelerator is { } accelerator ? Resources.GetValueOrDefault(accelerator.Resource) : default;

    /// <summary>MIG slices by resource, <c>nvidia.com/mig-1g.10gb</c>.</summary>
    public IEnumerable<KeyValuePair<string, ResourceFigures>> MigSlices => Resources.Where(pair => IsMig(pair.Key));

    /// <summary>Devices that are shared out in parts.</summary>
    public IReadOnlyList<SharedDeviceUse> SharedDevices { get; init; } = [];

    /// <summary>Pods bound to the node that have not ended, by namespace and name.</summary>
    public required IReadOnlyList<PodUse> Pods { get; init; }

    /// <summary>What of the requests is of pods that are bound but do not run yet, by resource.</summary>
    public IReadOnlyDictionary<string, decimal> Starting { get; init; } = ImmutableDictionary<string, decimal>.Empty;

    /// <summary>When one of these figures last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    internal static bool IsMig(string resource) => resource.StartsWith("nvidia.com/mig-", StringComparison.Ordinal);
}

/// <summary>How much of one model of accelerator there is, over all nodes.</summary>
/// <param name="Model">Value of the type label; the resource where the node names no model.</param>
/// <param name="Resource">What pods request of it.</param>
/// <param name="Nodes">Names of the nodes that have it.</param>
public sealed record AcceleratorTotal(string Vendor, string Model, string Resource, ResourceFigures Figures, IReadOnlyList<string> Nodes);

/// <summary>Where the figures of a cluster come from.</summary>
public enum CapacitySource
{
    /// <summary>Not known yet: the lists are still being read.</summary>
    Starting,

    /// <summary>From all nodes and pods.</summary>
    ClusterWide,

    /// <summary>From a ResourceQuota of the workload namespace, because nodes or pods may not be listed.</summary>
    NamespaceQuota,

    /// <summary>Nodes may not be listed and there is no quota to go by.</summary>
    Uncertain,
}

/// <summary>The inventory of one cluster at one moment.</summary>
/// <param name="Cluster">Name of the connection.</param>
/// <param name="Nodes">By name. With <see cref="CapacitySource.NamespaceQuota"/> one nameless entry with the quota's figures.</param>
/// <param name="Problem">Why the figures are not the cluster's, and what to do; empty when they are.</param>
public sealed record CapacitySnapshot(string Cluster, CapacitySource Source, IReadOnlyList<NodeCapacity> Nodes, LocalText Problem)
{
    /// <summary>Sum of one resource over all nodes.</summary>
    public ResourceFigures Sum(string resource) => Sum(Nodes.Select(node => node.Resources.GetValueOrDefault(resource)));

    /// <summary>Accelerators by model and resource, MIG slices and shared devices among them.</summary>
    /// <param name="schedulable">Count only nodes that are ready and not cordoned.</param>
    public IReadOnlyList<AcceleratorTotal> Accelerators(bool schedulable = false) =>
    [
        .. Nodes.Where(node => node.Accelerator is not null && (!schedulable || (node.Ready && !node.Cordoned)))
            .SelectMany(node => node.Resources, (node, resource) => (Node: node, Accelerator: node.Accelerator!, Resource: resource.Key, Figures: resource.Value))
            .Where(part => part.Figures.Total > 0 && IsAccelerator(part.Resource, part.Accelerator))
            .GroupBy(part => (Model: part.Accelerator.Type.Length > 0 ? part.Accelerator.Type : part.Accelerator.Resource, part.Resource))
            .OrderBy(same => same.Key.Model, StringComparer.Ordinal).ThenBy(same => same.Key.Resource, StringComparer.Ordinal)
            .Select(same => new AcceleratorTotal(
                same.First().Accelerator.Vendor, same.Key.Model, same.Key.Resource, Sum(same.Select(part => part.Figures)), [.. same.Select(part => part.Node.Name)])),
    ];

    private static bool IsAccelerator(string resource, Accelerator accelerator) =>
        resource == accelerator.Resource || NodeCapacity.IsMig(resource) || resource.StartsWith("volcano.sh/vgpu-", StringComparison.Ordinal);

    private static ResourceFigures Sum(IEnumerable<ResourceFigures> all)
    {
        var (total, allocatable, requested) = (0m, 0m, 0m);
        foreach (var figures in all)
        {
            total += figures.Total;
            allocatable += figures.Allocatable;
            requested += figures.Requested;
        }

        return new(total, allocatable, requested);
    }
}
