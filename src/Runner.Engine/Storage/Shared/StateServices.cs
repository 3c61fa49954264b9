using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;

namespace Runner.Engine.Storage;

/// <summary>Registers where the state is kept: in the data folder, or with several replicas in the cluster too.</summary>
internal static class StateServices
{
    /// <summary>Adds the <see cref="IStateStore"/>. Call it before what runs the clusters: it ends after them.</summary>
    public static IServiceCollection AddState(this IServiceCollection services, RunnerOptions options)
    {
        if (!options.SharesState)
        {
            services.AddSingleton<IStateStore>(provider =>
            {
                var database = provider.GetRequiredService<Database>();
                StateReplica.GoAlone(database);
                return database;
            });
            return services;
        }

        services.AddSingleton(provider => new SharedState(
            provider.GetRequiredService<Database>(),
            () => provider.GetRequiredService<ClusterDirectory>().Connections[0],
            options.RunnerNamespace,
            HubElection.LeaseOf(options),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SharedState>>()));
        services.AddSingleton<IStateStore>(provider => provider.GetRequiredService<SharedState>());
        services.AddHostedService<SharedStateService>();
        return services;
    }
}

/// <summary>Runs <see cref="SharedState"/> for the life of the host.</summary>
internal sealed class SharedStateService(SharedState state) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => state.RunAsync(stoppingToken), CancellationToken.None);
}
