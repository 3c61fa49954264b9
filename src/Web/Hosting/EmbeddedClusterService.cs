using System.Text;
using Runner.EmbeddedCluster;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;

namespace Runner.Web.Hosting;

/// <summary>Runs the simulated cluster in this process and leaves its kubeconfig in the data folder. Registered before the engine, so that it answers first.</summary>
internal sealed class EmbeddedClusterService(string kubeconfig, TimeProvider time, ILoggerFactory loggers) : IHostedService, IAsyncDisposable
{
    private EmbeddedClusterHost? _host;

    /// <summary>Adds the cluster and, for the engine, the endpoint that leads to it.</summary>
    public static void Add(IServiceCollection services, RunnerOptions options)
    {
        var kubeconfig = Path.Combine(Path.GetFullPath(options.DataDirectory), "embedded.kubeconfig");
        services.AddSingleton(ClusterEndpoints.Embedded(kubeconfig));
        services.AddSingleton(provider => new EmbeddedClusterService(
            kubeconfig, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()));
        services.AddHostedService(provider => provider.GetRequiredService<EmbeddedClusterService>());
    }

    /// <summary>The running cluster, for tests that switch faults on; null before the start.</summary>
    public EmbeddedClusterHost? Host => _host;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions(), time, loggers, cancellationToken).ConfigureAwait(false);
        SecretFile.Write(kubeconfig, Encoding.UTF8.GetBytes(_host.Kubeconfig()));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;
}
