using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub;

/// <summary>Registers what concerns the hub.</summary>
internal static class HubServices
{
    /// <summary>Adds the outbox, the reporter that fills it from the clusters, and the loop that sends. Needs a <see cref="Database"/> and a <see cref="TimeProvider"/> among the services.</summary>
    public static IServiceCollection AddHub(this IServiceCollection services, RunnerOptions options)
    {
        services.AddSingleton(provider => new HubLeadership(HubElection.IsNeeded(provider.GetServices<ClusterEndpoint>().First(), options), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new HubClient(SettingsOf(options), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<HubLeadership>()));
        services.AddSingleton(provider => new OutboxStore(provider.GetRequiredService<IStateStore>(), provider.GetRequiredService<TimeProvider>(), options.Retention));
        services.AddSingleton<IPrunable>(provider => provider.GetRequiredService<OutboxStore>());
        services.AddSingleton(provider => new Outbox(
            provider.GetRequiredService<OutboxStore>(),
            provider.GetRequiredService<HubClient>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Outbox>>(),
            provider.GetRequiredService<HubLeadership>()));
        services.AddSingleton(provider => new HubReporter(
            provider.GetRequiredService<Outbox>(),
            provider.GetRequiredService<OutboxStore>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<HubReporter>>(),
            provider.GetRequiredService<HubLeadership>()));
        services.AddSingleton<IWorkloadObserver>(provider => provider.GetRequiredService<HubReporter>());
        services.AddSingleton(provider => new ClusterTelling(
            provider.GetRequiredService<ClusterDirectory>(),
            provider.GetRequiredService<CapacityFeed>(),
            provider.GetRequiredService<ClusterReports>(),
            provider.GetRequiredService<LiveSettings>(),
            options,
            provider.GetRequiredService<Outbox>(),
            provider.GetRequiredService<OutboxStore>(),
            provider.GetRequiredService<HubReporter>(),
            new HeartbeatTimes(provider.GetRequiredService<IStateStore>()),
            provider.GetRequiredService<HubClient>(),
            provider.GetRequiredService<HubLeadership>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>()));
        services.AddHostedService<HubService>();
        services.AddHostedService<ClusterTellingService>();
        services.AddHostedService<HubElection>();
        return services;
    }

    private static HubSettings SettingsOf(RunnerOptions options) => new()
    {
        Endpoint = options.Hub.WebhookEndpoint,
        Token = options.ApiToken,
        Proxy = options.Proxy.Enabled ? options.Proxy.Url : null,
        ProxiedHosts = options.Proxy.Hosts,
    };
}

/// <summary>Runs the loops of the outbox and the reporter.</summary>
internal sealed partial class HubService(Outbox outbox, HubReporter reporter, TimeProvider time, ILogger<HubService> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(ForeverAsync("sender", outbox.RunAsync, stoppingToken), ForeverAsync("reporter", reporter.RunAsync, stoppingToken));

    private Task ForeverAsync(string name, Func<CancellationToken, Task> loop, CancellationToken cancellationToken) =>
        RestartedLoop.RunAsync(loop, exception => LogEnded(name, exception), time, cancellationToken);

    [LoggerMessage(LogLevel.Error, "The hub's {Name} loop ended and is started again")]
    private partial void LogEnded(string name, Exception exception);
}
