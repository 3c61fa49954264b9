using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;

namespace Runner.Engine.Values;

/// <summary>Registers what of the values lives longer than a call.</summary>
internal static class ValuesServices
{
    public static IServiceCollection AddValues(this IServiceCollection services, RunnerOptions options)
    {
        services.AddSingleton<ConfigurationStore>();
        services.AddSingleton(provider => new DeployedReleases(
            provider.GetRequiredService<ClusterDirectory>(),
            options,
            new WatchSettings(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DeployedReleases>>()));
        services.AddSingleton(provider => new RunningRunner(options, provider.GetRequiredService<LiveSettings>(), provider.GetRequiredService<ClusterDirectory>()));
        services.AddHostedService<DeployedReleasesService>();
        return services;
    }
}
