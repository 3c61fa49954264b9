using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Workloads;

/// <summary>What an operator does to workloads of some kinds, whatever carries them. What was begun is carried through, whether or not it is still waited for.</summary>
public interface IWorkloadOperations
{
    /// <summary>The kinds these operations are for; no other operations are for the same ones.</summary>
    IReadOnlySet<WorkloadKind> Kinds { get; }

    /// <summary>Ends a workload. Nothing happens when it is gone already.</summary>
    /// <exception cref="Services.ClusterOperationException">The cluster refused or did not answer.</exception>
    Task StopAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken);

    /// <summary>Ends a workload and removes what was kept for it alone. Nothing happens when all of it is gone already.</summary>
    /// <exception cref="Services.ClusterOperationException">The cluster refused or did not answer.</exception>
    Task PurgeAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken);
}
