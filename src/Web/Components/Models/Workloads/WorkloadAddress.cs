using Runner.Engine.Workloads;
using Runner.Web.Live.Logs;

namespace Runner.Web.Components.Models.Workloads;

/// <summary>Addresses of pages about one workload.</summary>
public static class WorkloadAddress
{
    public static string Details(WorkloadKey key, string query = "") => $"workloads/{WorkloadReference.Write(key)}{query}";

    public static string Logs(WorkloadKey key, string query = "") => $"logs/{WorkloadReference.Write(key)}{query}";

    /// <summary>What Loki keeps of the workload's logs; without a workload, the page that asks for one.</summary>
    public static string History(WorkloadKey? key) => key is { } only ? History(only.Namespace, only.Name) : "logs/history";

    /// <summary>What Loki keeps of the logs of a name, of which no workload need be left.</summary>
    public static string History(string @namespace, string name) => $"logs/history/{Uri.EscapeDataString(@namespace)}/{Uri.EscapeDataString(name)}";

    /// <summary>The workload that the parts of an address name; null when they name none.</summary>
    public static WorkloadKey? Read(string? cluster, string? kind, string? @namespace, string? name) =>
        cluster is not null && @namespace is not null && name is not null && Enum.TryParse<WorkloadKind>(kind, ignoreCase: true, out var known) && Enum.IsDefined(known)
            ? new WorkloadKey(cluster, known, @namespace, name)
            : null;
}
