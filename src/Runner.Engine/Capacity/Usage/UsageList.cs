using System.Collections.Immutable;

namespace Runner.Engine.Capacity.Usage;

/// <summary>Whose use is measured.</summary>
public enum UsageSubject
{
    /// <summary>Containers of the pods of the workload namespace; named by <see cref="UsageList.KeyOf"/>.</summary>
    Containers,

    /// <summary>Nodes, by name.</summary>
    Nodes,
}

/// <summary>How it stands with what is known.</summary>
public enum UsageState
{
    /// <summary>Nobody has asked yet.</summary>
    Unknown,

    /// <summary>The last answer was a list.</summary>
    Known,

    /// <summary>The cluster has no metrics API.</summary>
    Missing,

    /// <summary>The metrics API refuses or does not answer.</summary>
    Failed,
}

/// <summary>What something uses, averaged by the metrics server over its last window, mostly 15 s.</summary>
/// <param name="Cores">Processor time, in cores.</param>
/// <param name="Bytes">Working set of memory: what the kernel cannot take back, and by which a container is killed at its limit.</param>
public readonly record struct Used(decimal Cores, decimal Bytes)
{
    public static Used operator +(Used a, Used b) => new(a.Cores + b.Cores, a.Bytes + b.Bytes);
}

/// <summary>The last answer of a cluster's metrics API.</summary>
/// <param name="Problem">Why nothing is known, and what to do; empty while something is.</param>
/// <param name="Values">By name of the node, or as <see cref="KeyOf"/> names containers. What was not measured, such as a container that has just started, is not in it.</param>
public sealed record UsageList(UsageState State, LocalText Problem, IReadOnlyDictionary<string, Used> Values)
{
    /// <summary>Before the first answer.</summary>
    public static UsageList Unknown { get; } = new(UsageState.Unknown, LocalText.None, ImmutableDictionary<string, Used>.Empty);

    /// <summary>A container's name in <see cref="Values"/>.</summary>
    public static string KeyOf(string pod, string container) => $"{pod}/{container}";

    /// <summary>Null where it was not measured.</summary>
    public Used? Of(string name) => Values.TryGetValue(name, out var used) ? used : null;
}

/// <summary>How much a container may use; null for no limit.</summary>
/// <param name="Cores">In cores.</param>
/// <param name="Bytes">In bytes: beyond it the container is killed (<c>OOMKilled</c>).</param>
public sealed record ContainerLimits(decimal? Cores, decimal? Bytes)
{
    // A tenth is soon used up.
    private const decimal Close = 0.9m;

    /// <summary>Whether there is hardly more memory to be had.</summary>
    public bool IsNear(Used used) => Bytes is > 0 and var limit && used.Bytes >= limit * Close;
}
