using k8s;

namespace Runner.Engine.Clusters.Connections;

/// <summary>Where a connection's settings come from.</summary>
public enum ClusterOrigin
{
    InCluster,
    Kubeconfig,

    /// <summary>The simulated cluster in this process. Announced on every page, never chosen when a real one is configured.</summary>
    Embedded,
}

/// <summary>How a cluster answers at the moment.</summary>
public enum ClusterHealth
{
    /// <summary>Not yet answered since the start.</summary>
    Connecting,
    Connected,

    /// <summary>Does not answer; what is shown of it is as old as <see cref="ClusterConnection.LastContact"/>.</summary>
    Unreachable,
}

/// <summary>State of one connection at one moment.</summary>
/// <param name="Since">When <see cref="Health"/> began.</param>
/// <param name="Problem">What went wrong, to what, and what to try; empty when all is well. Holds no secret.</param>
/// <param name="Version">Kubernetes version as the API server tells it, empty until it answered.</param>
/// <param name="ClusterId">Id by which the hub knows the cluster: the configured one, else the UID of the workload namespace; null until known.</param>
public sealed record ClusterStatus(ClusterHealth Health, DateTimeOffset Since, LocalText Problem, string Version, string? ClusterId);

/// <summary>Settings of one connection before anything is asked of the cluster.</summary>
/// <param name="Name">Stable name: <c>in-cluster</c>, <c>embedded</c>, or the kubeconfig's file name and context.</param>
/// <param name="LoadConfiguration">
/// Reads the client configuration; called again after failures, because files and tokens change. An exception's message is shown as the
/// connection's problem and must hold no secret.
/// </param>
public sealed record ClusterEndpoint(string Name, ClusterOrigin Origin, Func<KubernetesClientConfiguration> LoadConfiguration)
{
    /// <summary>As whom the runner speaks there, as in <c>system:serviceaccount:csghub:runner</c>; empty where that is known to the API server alone.</summary>
    public string Account { get; init; } = "";
}

/// <summary>The hub named a cluster that no connection has.</summary>
public sealed class UnknownClusterException(string message) : Exception(message);

/// <summary>A cluster cannot be asked anything because its configuration cannot be read. The message says what to try.</summary>
public sealed class ClusterUnreachableException(LocalText problem) : Exception(problem.English), IExplained
{
    /// <inheritdoc/>
    public LocalText Problem { get; } = problem;
}
