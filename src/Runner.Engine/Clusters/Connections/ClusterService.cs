using Microsoft.Extensions.Hosting;

namespace Runner.Engine.Clusters.Connections;

/// <summary>Runs all connections for the life of the host.</summary>
internal sealed class ClusterService(ClusterDirectory clusters) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => clusters.RunAsync(stoppingToken), CancellationToken.None);
}
