using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads;

namespace Runner.Engine.Logs.Collector;

/// <summary>Runs log collection for the life of the host, and its end for as long as the tail needs.</summary>
internal sealed class LogCollectionService : BackgroundService
{
    private readonly LogCollection _collection;

    /// <summary>Hears of pods from here on: comes before the clusters are watched.</summary>
    public LogCollectionService(LogCollection collection, ClusterDirectory clusters)
    {
        _collection = collection;
        collection.Follow(clusters);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => _collection.RunAsync(stoppingToken), CancellationToken.None);
}

/// <summary>Watches the pods alone, for a process that collects and does nothing else.</summary>
internal sealed class PodWatchService(ClusterDirectory clusters) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => clusters.RunPodsAsync(stoppingToken), CancellationToken.None);
}

/// <summary>Registers log collection.</summary>
public static class LogCollectionServices
{
    /// <summary>Adds what a process of its own needs to collect logs. The clusters are the <see cref="ClusterEndpoint"/>s among the services.</summary>
    public static IServiceCollection AddLogCollector(this IServiceCollection services, RunnerOptions options)
    {
        options = options with { LogCollector = options.LogCollector with { Mode = LogCollectorMode.InProcess } };
        services.AddSingleton(options);
        services.AddSingleton<WorkloadFeed>();
        services.AddSingleton(provider => new ClusterDirectory(
            [.. provider.GetServices<ClusterEndpoint>()],
            options,
            provider.GetRequiredService<WorkloadFeed>(),
            [],
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Microsoft.Extensions.Logging.ILoggerFactory>()));
        services.AddCollection(options);
        services.AddHostedService<LogCollectionService>();
        services.AddHostedService<PodWatchService>();
        return services;
    }

    /// <summary>Adds what is common to both ways to run it.</summary>
    internal static void AddCollection(this IServiceCollection services, RunnerOptions options) => services.AddSingleton(provider => new LogCollection(
        options,
        null,
        provider.GetService<System.Diagnostics.Metrics.IMeterFactory>(),
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<Microsoft.Extensions.Logging.ILoggerFactory>(),
        provider.GetService<Hub.HubLeadership>()));
}
