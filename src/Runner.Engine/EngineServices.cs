using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Diagnostics;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Logs;
using Runner.Engine.Logs.Collector;
using Runner.Engine.Logs.Kept;
using Runner.Engine.Probes;
using Runner.Engine.Storage;
using Runner.Engine.Telemetry;
using Runner.Engine.Values;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.History;
using Runner.Engine.Workloads.ImageBuilds;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Sandboxes;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine;

/// <summary>Registers the engine.</summary>
public static class EngineServices
{
    /// <summary>
    /// Adds connections, caches, operations, logs, outbox and the loops that drive them as hosted services. The clusters are the
    /// <see cref="ClusterEndpoint"/>s among the services, at least one; the first one is the default. Needs a <see cref="Storage.Database"/> among the services.
    /// </summary>
    public static IServiceCollection AddRunnerEngine(this IServiceCollection services, RunnerOptions options)
    {
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddState(options);
        services.AddSingleton<WorkloadFeed>();
        services.AddSingleton(provider => new ClusterDirectory(
            [.. provider.GetServices<ClusterEndpoint>()],
            options,
            provider.GetRequiredService<WorkloadFeed>(),
            provider.GetServices<IWorkloadObserver>(),
            new WatchSettings(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<ReplacementNotes>()));
        services.AddSingleton(provider => new KeptLogStore(options.DataDirectory, options.Retention, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IPrunable>(provider => provider.GetRequiredService<KeptLogStore>());
        services.AddSingleton(provider => new PodLogs(new LogSettings(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<KeptLogStore>()));
        services.AddSingleton<Turns>();
        services.AddSingleton<ReplacementNotes>();
        services.AddSingleton<VolumeWaits>();
        services.AddSingleton<ReplacementSettling>();
        services.AddSingleton<CarrierMaker>();
        services.AddSingleton(provider => new ServiceOperations(
            options,
            provider.GetRequiredService<LiveSettings>(),
            provider.GetRequiredService<ClusterDirectory>(),
            provider.GetRequiredService<WorkloadFeed>(),
            provider.GetRequiredService<HubLeadership>(),
            provider.GetRequiredService<HubReporter>(),
            provider.GetRequiredService<ReplacementNotes>(),
            provider.GetRequiredService<VolumeWaits>(),
            provider.GetRequiredService<CarrierMaker>(),
            provider.GetRequiredService<Turns>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ServiceOperations>>()));
        services.AddSingleton<BuildFilesKeeper>();
        services.AddSingleton(provider => new ImageBuildOperations(
            options,
            provider.GetRequiredService<LiveSettings>(),
            provider.GetRequiredService<ClusterDirectory>(),
            provider.GetRequiredService<BuildFilesKeeper>(),
            provider.GetRequiredService<JobLauncher>(),
            provider.GetRequiredService<VolumeWaits>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ImageBuildOperations>>()));
        services.AddSingleton<IWorkloadOperations>(provider => provider.GetRequiredService<ImageBuildOperations>());
        services.AddSingleton<IWorkloadOperations, ServiceActions>();
        services.AddSingleton<ServiceUpdates>();
        services.AddSingleton<ServiceVersions>();
        services.AddSingleton<ServiceControl>();
        services.AddLiveSettings(options);
        services.AddCapacity();
        services.AddValues(options);
        services.AddSingleton<ConnectionTests>();
        services.AddSingleton(provider => new SandboxOperations(
            options,
            provider.GetRequiredService<LiveSettings>(),
            provider.GetRequiredService<ClusterDirectory>(),
            provider.GetRequiredService<WorkloadFeed>(),
            provider.GetRequiredService<ReplacementNotes>(),
            provider.GetRequiredService<VolumeWaits>(),
            provider.GetRequiredService<CarrierMaker>(),
            provider.GetRequiredService<Turns>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SandboxOperations>>()));
        services.AddSingleton<IWorkloadOperations>(provider => provider.GetRequiredService<SandboxOperations>());

        // Observers are told in this order: whoever asks about a job after the hub was told of its end finds it ended.
        services.AddJobs(options);
        services.AddHub(options);
        services.AddCollection(options);
        services.AddSingleton<SeparateCollector>();
        services.AddSingleton(provider => new LokiQuery(options, () => LogScope.Of(options, provider.GetRequiredService<ClusterDirectory>(), provider.GetRequiredService<WorkloadFeed>())));
        services.AddSingleton<IWorkloadObserver>(provider => provider.GetRequiredService<LogCollection>().Milestones);
        services.AddDiagnostics(options);

        services.AddSingleton(provider => new WorkloadHistory(
            provider.GetRequiredService<Database>(), options.Retention, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<WorkloadHistory>>()));
        services.AddSingleton<IWorkloadObserver>(provider => provider.GetRequiredService<WorkloadHistory>());
        services.AddSingleton<IPrunable>(provider => provider.GetRequiredService<WorkloadHistory>());
        services.AddHostedService(provider => provider.GetRequiredService<WorkloadHistory>());

        // Before the clusters, so that it hears of every pod.
        services.AddHostedService<LogKeeper>();
        services.AddHostedService<LogCollectionService>();
        services.AddHostedService<ClusterService>();
        services.AddHostedService(provider => provider.GetRequiredService<BuildFilesKeeper>());
        services.AddHostedService<RetentionService>();
        services.AddHostedService<EnvironmentSecretSweeper>();
        services.AddSingleton<IReplacementFinishing>(provider => provider.GetRequiredService<ServiceOperations>());
        services.AddSingleton<IReplacementFinishing>(provider => provider.GetRequiredService<SandboxOperations>());
        services.AddSingleton<IReplacementFinishing>(provider => provider.GetRequiredService<ImageBuildOperations>());
        services.AddSingleton(provider => new ComingWorkloads(provider.GetRequiredService<ReplacementNotes>(), options));
        services.AddHostedService<ReplacementFinisher>();
        services.AddSingleton(provider => new EngineMetrics(
            provider.GetRequiredService<IMeterFactory>(),
            provider.GetRequiredService<ClusterDirectory>(),
            provider.GetRequiredService<WorkloadFeed>(),
            provider.GetRequiredService<Outbox>(),
            provider.GetRequiredService<KeptLogStore>(),
            provider.GetRequiredService<Database>(),
            provider.GetRequiredService<WorkloadHistory>()));
        return services;
    }
}
