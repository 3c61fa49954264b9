using Runner.Engine;
using Runner.Engine.Workloads;

namespace Runner.Web.Live.Logs;

/// <summary>A pod chosen by hand. The workload tells where what is kept of a pod that is gone can be found.</summary>
public readonly record struct PodReference(WorkloadKey Workload, string Pod)
{
    /// <summary>As it stands in addresses: <c>cluster/kind/namespace/workload/pod</c>.</summary>
    public override string ToString() => $"{WorkloadReference.Write(Workload)}/{Uri.EscapeDataString(Pod)}";

    /// <returns>Null for anything else than <see cref="ToString"/> makes.</returns>
    public static PodReference? Read(string text) =>
        text.LastIndexOf('/') is var cut and > 0 && cut < text.Length - 1 && WorkloadReference.Read(text[..cut]) is { } key
            ? new(key, Uri.UnescapeDataString(text[(cut + 1)..]))
            : null;
}

/// <summary>Workloads as they stand in addresses and calls: <c>cluster/kind/namespace/name</c>.</summary>
public static class WorkloadReference
{
    public static string Write(WorkloadKey key) =>
        $"{Uri.EscapeDataString(key.Cluster)}/{key.Kind.ToString().ToLowerInvariant()}/{Uri.EscapeDataString(key.Namespace)}/{Uri.EscapeDataString(key.Name)}";

    /// <returns>Null for anything else than <see cref="Write"/> makes.</returns>
    public static WorkloadKey? Read(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 4 && parts.All(part => part.Length > 0) && !char.IsAsciiDigit(parts[1][0])
            && Enum.TryParse<WorkloadKind>(parts[1], ignoreCase: true, out var kind) && Enum.IsDefined(kind)
            ? new WorkloadKey(Uri.UnescapeDataString(parts[0]), kind, Uri.UnescapeDataString(parts[2]), Uri.UnescapeDataString(parts[3]))
            : null;
    }
}

/// <summary>Whose logs are read: the pods of workloads, those with certain labels, and those chosen by hand, together.</summary>
public sealed record LogSelection
{
    /// <summary>Every container of each pod.</summary>
    public const string AllContainers = "*";

    public EquatableList<WorkloadKey> Workloads { get; init; } = EquatableList<WorkloadKey>.Empty;

    /// <summary>Label selector as <c>kubectl -l</c> takes it, for pods of all workloads; empty for none.</summary>
    public string Labels { get; init; } = "";

    public EquatableList<PodReference> Pods { get; init; } = EquatableList<PodReference>.Empty;

    /// <summary>Container name, <see cref="AllContainers"/>, or empty for the one that does the work in each pod.</summary>
    public string Container { get; init; } = "";

    public bool IsEmpty => Workloads.Count == 0 && Labels.Length == 0 && Pods.Count == 0;
}
