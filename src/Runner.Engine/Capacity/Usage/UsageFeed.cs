using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;

namespace Runner.Engine.Capacity.Usage;

/// <summary>
/// What containers and nodes use at the moment, beside what they claim. The one thing of a cluster that cannot be watched: it is asked for every 15 s while a page shows it, once for all
/// pages, and never otherwise.
/// </summary>
public sealed partial class UsageFeed
{
    private readonly Dictionary<(UsageSubject Subject, string Cluster), UsagePoll> _polls;
    private readonly ClusterDirectory _clusters;
    private readonly TimeProvider _time;
    private readonly ILogger<UsageFeed> _logger;

    public UsageFeed(ClusterDirectory clusters, RunnerOptions options, TimeProvider time, ILogger<UsageFeed> logger)
        : this(clusters, options, time, time, logger)
    {
    }

    /// <param name="calls">Measures how long a call may take.</param>
    internal UsageFeed(ClusterDirectory clusters, RunnerOptions options, TimeProvider time, TimeProvider calls, ILogger<UsageFeed> logger)
    {
        (_clusters, _time, _logger) = (clusters, time, logger);
        _polls = clusters.Connections
            .SelectMany(cluster => Enum.GetValues<UsageSubject>(), (cluster, subject) => (cluster, subject, api: new MetricsApi(cluster, options.WorkloadNamespace, calls)))
            .ToDictionary(part => (part.subject, part.cluster.Name), part => new UsagePoll(token => part.api.ReadAsync(part.subject, token), time));
    }

    /// <summary>The last answer; unknown for a cluster that is not known.</summary>
    /// <param name="cluster">Name of the connection.</param>
    public UsageList Of(UsageSubject subject, string cluster) => _polls.TryGetValue((subject, cluster), out var poll) ? poll.Current : UsageList.Unknown;

    /// <summary>Has the list asked for until the result is disposed. Read <see cref="Of"/> after this call.</summary>
    /// <param name="cluster">Name of the connection.</param>
    /// <param name="changed">Called on any thread when the list may have changed: quick, and never throws.</param>
    public IDisposable Watch(UsageSubject subject, string cluster, Action changed) =>
        _polls.TryGetValue((subject, cluster), out var poll) ? poll.Watch(changed) : new Nobody();

    /// <summary>Limits of a pod's containers by name, from the watch of pods; empty when the pod is not known.</summary>
    public IReadOnlyDictionary<string, ContainerLimits> LimitsOf(string cluster, string @namespace, string pod) =>
        _clusters.Find(cluster)?.State.Pods.Find(@namespace, pod) is { } known ? PodRequests.LimitsOf(known) : ImmutableDictionary<string, ContainerLimits>.Empty;

    internal Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_polls.Values.Select(poll => RestartedLoop.RunAsync(poll.RunAsync, LogEnded, _time, cancellationToken)));

    [LoggerMessage(LogLevel.Error, "Asking for what is used ended early; it begins anew")]
    private partial void LogEnded(Exception exception);

    private sealed class Nobody : IDisposable
    {
        public void Dispose()
        {
        }
    }
}

/// <summary>Runs the questions.</summary>
internal sealed class UsageService(UsageFeed feed) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => feed.RunAsync(stoppingToken), CancellationToken.None);
}
