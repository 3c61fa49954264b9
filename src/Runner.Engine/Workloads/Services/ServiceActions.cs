using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Workloads.Services;

/// <summary>What an operator does to services.</summary>
internal sealed class ServiceActions(ServiceOperations operations) : IWorkloadOperations
{
    public IReadOnlySet<WorkloadKind> Kinds { get; } = new HashSet<WorkloadKind> { WorkloadKind.Service };

    public Task StopAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) =>
        operations.StopAsync(cluster, key.Name);

    public Task PurgeAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) =>
        operations.PurgeAsync(cluster, key.Name);
}
