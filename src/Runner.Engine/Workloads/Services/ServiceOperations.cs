using Runner.Engine.Clusters;

namespace Runner.Engine.Workloads.Services;

/// <summary>What the hub and administrators do to services. Writes go to the cluster; answers come from the caches.</summary>
public sealed class ServiceOperations
{
    /// <summary>Creates the Knative Service that carries the request, or replaces one of the same name. Safe to repeat.</summary>
    /// <exception cref="RequestRefusedException">The request cannot be carried out as it is; nothing was created.</exception>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    public Task RunAsync(string serviceName, ServiceRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Deletes the service. Nothing happens when it is gone already.</summary>
    public Task StopAsync(ClusterConnection cluster, string serviceName, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Deletes the service and everything that was kept for it, such as its volume.</summary>
    public Task PurgeAsync(ClusterConnection cluster, string serviceName, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>The service as the watches know it, or null.</summary>
    public Workload? Find(ClusterConnection cluster, string serviceName) => throw new NotImplementedException();
}

/// <summary>A request that is refused, with a sentence for whoever sent it. Holds no secret.</summary>
public sealed class RequestRefusedException(string message) : Exception(message);
