using System.Collections.Concurrent;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;

namespace Runner.Engine.Logs.Kept;

/// <summary>
/// Keeps the last log of containers whose pod ends. Driven by the watch of pods: when a pod of a workload is told to go, its log is followed to its end, and
/// when one has run to its end, its log is read once. While nothing ends nothing is asked. A pod that vanishes at once leaves what was read until then.
/// </summary>
internal sealed partial class LogKeeper : BackgroundService
{
    /// <summary>Pods read at the same time. While more than these wait, those that are still running are read as they are rather than followed.</summary>
    private const int Parallel = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly Backoff Retry = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

    private readonly KeptLogStore _store;
    private readonly RetentionOptions _retention;
    private readonly LogSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WorkQueue<PodName> _queue;
    private readonly ConcurrentDictionary<(string PodUid, string Container), bool> _done = new();

    public LogKeeper(ClusterDirectory clusters, KeptLogStore store, RunnerOptions options, TimeProvider time, ILogger<LogKeeper> logger)
        : this(clusters, store, options.Retention, new LogSettings(), time, logger)
    {
    }

    internal LogKeeper(ClusterDirectory clusters, KeptLogStore store, RetentionOptions retention, LogSettings settings, TimeProvider time, ILogger<LogKeeper> logger)
    {
        (_store, _retention, _settings, _time, _logger) = (store, retention, settings, time, logger);
        _queue = new("logs to keep", KeepAsync, Retry, time, logger);
        if (retention.Logs == TimeSpan.Zero)
        {
            return;
        }

        foreach (var cluster in clusters.Connections)
        {
            cluster.State.Pods.Changed += (before, after) => OnChanged(cluster, before, after);
        }
    }

    /// <summary>Containers that are known to be kept: of pods that are still there, and of no other.</summary>
    internal int Remembered => _done.Count;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => _queue.RunAsync(Parallel, stoppingToken), CancellationToken.None);

    private static bool Ends(V1Pod pod) => pod.Metadata.DeletionTimestamp is not null || pod.Status?.Phase is "Succeeded" or "Failed";

    private static IEnumerable<string> Containers(V1Pod pod) => WorkloadContainers.Of(pod);

    private void OnChanged(ClusterConnection cluster, V1Pod? before, V1Pod? after)
    {
        if (before is not null && before.Metadata.Uid != after?.Metadata.Uid)
        {
            foreach (var container in Containers(before))
            {
                _done.TryRemove((before.Metadata.Uid, container), out _);
            }
        }

        if (after is not null && Ends(after) && PodOwners.Of(after) is not null)
        {
            _queue.Add(new(cluster, after.Metadata.NamespaceProperty, after.Metadata.Name));
        }
    }

    private async ValueTask KeepAsync(PodName name, CancellationToken cancellationToken)
    {
        if (name.Cluster.State.Pods.Find(name.Namespace, name.Name) is { } pod && PodOwners.Of(pod) is { } owner)
        {
            await Task.WhenAll(Containers(pod).Select(container => KeepAsync(name.Cluster, pod, owner, container, cancellationToken))).ConfigureAwait(false);
        }
    }

    private async Task KeepAsync(ClusterConnection cluster, V1Pod pod, (string Carrier, string Name) owner, string container, CancellationToken cancellationToken)
    {
        var uid = pod.Metadata.Uid;
        if (ContainerPhase.Of(pod, container) is not { Started: true } phase || _done.ContainsKey((uid, container)))
        {
            return;
        }

        var log = new KeptLog(
            cluster.Name, pod.Metadata.NamespaceProperty, owner.Carrier, owner.Name, pod.Metadata.Name, container, uid, Whole: false, default, 0);
        if (_store.Where(known => known.PodUid == uid && known.Container == container && known.Whole).Count > 0)
        {
            Remember(cluster, pod, container);
            return;
        }

        var follow = !phase.EndedForGood && _queue.Count <= Parallel;
        var lines = new LastLines(_retention.LogLines, _retention.LogKilobytes * 1024);
        var whole = await ReadAsync(cluster, pod, container, follow, lines, cancellationToken).ConfigureAwait(false) && (follow || phase.EndedForGood);
        if (lines.Count > 0)
        {
            _store.Keep(log with { Whole = whole }, lines);
        }

        if (follow || phase.EndedForGood)
        {
            // Whole, or as much as can be had: it is not asked for again.
            Remember(cluster, pod, container);
        }
    }

    private void Remember(ClusterConnection cluster, V1Pod pod, string container)
    {
        var (uid, metadata) = (pod.Metadata.Uid, pod.Metadata);
        _done[(uid, container)] = true;
        if (cluster.State.Pods.Find(metadata.NamespaceProperty, metadata.Name)?.Metadata.Uid != uid)
        {
            // Its end was told while its log was read: nobody else would forget it.
            _done.TryRemove((uid, container), out _);
        }
    }

    /// <returns>Whether the log was read to its end.</returns>
    private async Task<bool> ReadAsync(ClusterConnection cluster, V1Pod pod, string container, bool follow, LastLines lines, CancellationToken cancellationToken)
    {
        var patience = Patience + (follow ? TimeSpan.FromSeconds(pod.Metadata.DeletionGracePeriodSeconds ?? 0) : TimeSpan.Zero);
        using var timeout = new CancellationTokenSource(patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var source = new LogSource(cluster, pod.Metadata.NamespaceProperty, pod.Metadata.Name, container);
        var options = new PodLogOptions(Follow: follow, TailLines: _retention.LogLines);
        try
        {
            await foreach (var _ in new LogFollower<int>(source, options, lines.Add, _settings, _time).RunAsync(either.Token).ConfigureAwait(false))
            {
                // The lines are kept as they come.
            }

            return true;
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return false;
        }
        catch (LogUnavailableException unavailable)
        {
            LogNotKept(cluster.Name, pod.Metadata.Name, unavailable.Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Debug, "Cluster {Cluster}: the last log of pod {Pod} is not kept: {Problem}")]
    private partial void LogNotKept(string cluster, string pod, string problem);

    private readonly record struct PodName(ClusterConnection Cluster, string Namespace, string Name)
    {
        public override string ToString() => $"{Cluster.Name}/{Namespace}/{Name}";
    }
}
