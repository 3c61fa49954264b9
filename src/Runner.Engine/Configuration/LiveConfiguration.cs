using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Storage;

namespace Runner.Engine.Configuration;

/// <summary>Keeps <see cref="LiveSettings"/> up with the clusters.</summary>
internal sealed class LiveConfiguration
{
    private readonly IReadOnlyList<ConfigMapWatch> _maps;
    private readonly IReadOnlyList<IngressWatch> _ingresses;
    private readonly ConfigMapMemory _memory;

    public LiveConfiguration(
        ClusterDirectory clusters, RunnerOptions options, LiveSettings settings, Database database, WatchSettings watch, TimeProvider time, ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger<LiveConfiguration>();
        _memory = new(database, settings, options, [.. clusters.Connections.Select(cluster => cluster.Name)], time, logger);
        _maps = options.Hub.ConfigMapName.Length == 0 ? [] : [.. clusters.Connections.Select(cluster => new ConfigMapWatch(cluster, options, settings, watch, time, logger))];
        _ingresses = [.. clusters.Connections.Select(cluster => new IngressWatch(cluster, settings, options.Hub.ConfigMapInterval, time, logger))];
    }

    /// <summary>Puts what is remembered from before into effect.</summary>
    public void Load() => _memory.Load();

    /// <summary>Runs until cancelled. Never throws.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll([_memory.RunAsync(cancellationToken), .. _maps.Select(map => map.RunAsync(cancellationToken)), .. _ingresses.Select(ingress => ingress.RunAsync(cancellationToken))]);
}

/// <summary>Runs <see cref="LiveConfiguration"/> for the life of the host.</summary>
internal sealed class LiveConfigurationService(LiveConfiguration configuration, ClusterOverrideStore overrides) : BackgroundService
{
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // Before anything else runs: what is told of a cluster must be what it was told to be.
        overrides.Load();
        configuration.Load();
        return base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => configuration.RunAsync(stoppingToken);
}

/// <summary>Registers the settings that change while the process runs.</summary>
internal static class LiveSettingsServices
{
    public static IServiceCollection AddLiveSettings(this IServiceCollection services, RunnerOptions options)
    {
        services.AddSingleton(provider => new LiveSettings(options, provider.GetServices<ClusterEndpoint>().First().Name));
        services.AddSingleton(provider => new ClusterOverrideStore(provider.GetRequiredService<IStateStore>(), provider.GetRequiredService<LiveSettings>()));
        services.AddSingleton(provider => new LiveConfiguration(
            provider.GetRequiredService<ClusterDirectory>(),
            options,
            provider.GetRequiredService<LiveSettings>(),
            provider.GetRequiredService<Database>(),
            new WatchSettings(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>()));
        services.AddHostedService<LiveConfigurationService>();
        return services;
    }
}
