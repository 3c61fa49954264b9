using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Capacity.Usage;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;

namespace Runner.Engine.Capacity;

/// <summary>The inventories of all clusters, kept by watches: what nodes have, and what their pods claim. Reads from memory only.</summary>
public sealed class CapacityFeed
{
    private readonly Dictionary<string, ClusterCapacity> _clusters;

    /// <summary>Begins to follow the clusters; must exist before their watches begin.</summary>
    public CapacityFeed(ClusterDirectory clusters, RunnerOptions options, TimeProvider time, ILoggerFactory loggers)
        : this(clusters, options, new WatchSettings(), time, loggers)
    {
    }

    internal CapacityFeed(ClusterDirectory clusters, RunnerOptions options, WatchSettings settings, TimeProvider time, ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger<CapacityFeed>();
        _clusters = clusters.Connections.ToDictionary(connection => connection.Name, connection => new ClusterCapacity(connection, options, settings, time, logger));
        foreach (var (name, capacity) in _clusters)
        {
            capacity.Changed += () => Changed?.Invoke(name);
        }
    }

    /// <summary>
    /// Raised, on any thread, when the inventory of a cluster may have changed; the argument is the connection's name. Comes as often as pods change:
    /// handlers must be quick, must not throw, and should gather several changes before they ask for a snapshot.
    /// </summary>
    public event Action<string>? Changed;

    /// <summary>The inventory of a cluster at this moment. Costs what changed since the last one, not what there is.</summary>
    /// <param name="cluster">Name of the connection, see <see cref="ClusterConnection.Name"/>.</param>
    /// <exception cref="KeyNotFoundException">No connection has that name.</exception>
    public CapacitySnapshot Of(string cluster) => _clusters[cluster].Snapshot();

    /// <summary>Watches the quotas until cancelled. Never throws.</summary>
    internal Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_clusters.Values.Select(capacity => capacity.RunAsync(cancellationToken)));
}

/// <summary>Runs what the inventories need beside the clusters' own watches.</summary>
internal sealed class CapacityService(CapacityFeed feed) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => feed.RunAsync(stoppingToken), CancellationToken.None);
}

/// <summary>Registers the inventories.</summary>
internal static class CapacityServices
{
    public static IServiceCollection AddCapacity(this IServiceCollection services)
    {
        services.AddSingleton<CapacityFeed>();
        services.AddSingleton<ClusterReports>();
        services.AddHostedService<CapacityService>();
        services.AddSingleton<UsageFeed>();
        services.AddHostedService<UsageService>();
        return services;
    }
}
