using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub.Events;

namespace Runner.Engine.Hub;

/// <summary>Registers every cluster at the hub, keeps its addresses known there and its heart beating, each by itself.</summary>
public sealed class ClusterTelling
{
    private readonly IReadOnlyList<ClusterReporter> _reporters;
    private readonly IReadOnlyList<Heartbeat> _heartbeats;
    private readonly HubClient _client;

    internal ClusterTelling(
        ClusterDirectory clusters,
        CapacityFeed capacity,
        ClusterReports reports,
        LiveSettings settings,
        RunnerOptions options,
        Outbox outbox,
        OutboxStore store,
        HubReporter reporter,
        HeartbeatTimes times,
        HubClient client,
        HubLeadership leadership,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        _client = client;
        var logger = loggers.CreateLogger<ClusterTelling>();
        _reporters = [.. clusters.Connections.Select(cluster => new ClusterReporter(cluster, options, settings, outbox, store, leadership, time, logger))];
        var interval = options.Hub.HeartbeatInterval;
        _heartbeats = [.. clusters.Connections.Select(cluster => new Heartbeat(
            cluster, capacity, reports, settings, client, leadership, new HubSilence(cluster.Name, reporter, times, leadership, interval, time, logger), interval, time, logger))];

        // Wherever the ConfigMap says the hub is, there events go from now on.
        settings.Changed += () =>
        {
            if (client.PointTo(settings.WebhookEndpoint))
            {
                outbox.HubMoved();
            }
        };
        leadership.Changed += outbox.HubMoved;
    }

    /// <summary>How the heartbeat of each cluster fares.</summary>
    public IReadOnlyList<HeartbeatStatus> Heartbeats => [.. _heartbeats.Select(heartbeat => heartbeat.Status)];

    /// <summary>How far the hub's clock is ahead of ours, by its last answer, to the second; null while it has not answered this process.</summary>
    public TimeSpan? HubClockOffset => _client.ClockOffset;

    /// <summary>Id by which each cluster, by the name of its connection, was registered at the hub by this process; null while it is not. The event itself is in the outbox.</summary>
    public IReadOnlyDictionary<string, string?> Registrations => _reporters.ToDictionary(reporter => reporter.Cluster, reporter => reporter.RegisteredAs);

    /// <summary>Runs until cancelled. Never throws.</summary>
    internal Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll([.. _reporters.Select(reporter => reporter.RunAsync(cancellationToken)), .. _heartbeats.Select(heartbeat => heartbeat.RunAsync(cancellationToken))]);
}

/// <summary>Runs <see cref="ClusterTelling"/> for the life of the host.</summary>
internal sealed class ClusterTellingService(ClusterTelling telling) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => telling.RunAsync(stoppingToken), CancellationToken.None);
}
