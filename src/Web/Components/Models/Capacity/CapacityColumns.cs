using Runner.Engine.Capacity;
using Runner.Web.Components.Models.Tables;

namespace Runner.Web.Components.Models.Capacity;

/// <summary>The columns of the table of nodes. Groups are ordered by them, and the nodes of each. Nodes are searched by more than is in them: labels and taints.</summary>
public static class CapacityColumns
{
    public static TableColumns<CapacityItem> Table { get; } = new(
        "name",

        // Nodes without the label come last.
        new("name", true, false, (a, b) => (a.Name.Length == 0).CompareTo(b.Name.Length == 0) is var last and not 0 ? last : string.Compare(a.Name, b.Name, StringComparison.OrdinalIgnoreCase)),
        TableColumn.Words<CapacityItem>("device", item => item.Devices.Count == 0 ? "" : item.Devices[0].Resource),
        new("bar", true, false, (a, b) => Share(a).CompareTo(Share(b))),
        Accelerators("used", usage => usage.Used),
        Accelerators("reserved", usage => usage.Reserved),
        Accelerators("free", usage => usage.Free),
        Accelerators("withheld", usage => usage.Withheld),
        Accelerators("total", usage => usage.Total),
        TableColumn.Figure("cpu", (CapacityItem item) => Claimed(item.Cpu)),
        TableColumn.Figure("memory", (CapacityItem item) => Claimed(item.Memory)),
        TableColumn.Figure("pods", (CapacityItem item) => Claimed(item.Pods), shown: false),
        TableColumn.Words<CapacityItem>("cluster", item => item.Clusters, shown: false));

    /// <summary>What pods claim of a resource, whether they run already or not.</summary>
    public static decimal Claimed(CapacityUsage usage) => usage.Used + usage.Reserved;

    // Those without accelerators have less of everything than those that have none left.
    private static TableColumn<CapacityItem> Accelerators(string id, Func<CapacityUsage, decimal> part) =>
        TableColumn.Figure(id, (CapacityItem item) => item.Accelerators is { } usage ? part(usage) : -1);

    private static decimal Share(CapacityItem item) => item.Accelerators is not { } usage ? -1 : usage.Total == 0 ? 0 : Claimed(usage) / usage.Total;
}
