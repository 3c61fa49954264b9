using System.Collections.Concurrent;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Logs.Collector;

/// <summary>
/// Follows the containers of every workload's pods, as many at once as are allowed, and puts their lines into the buffer. Driven by the watch of pods. A container is
/// followed until it will never write again, whatever its pod's status does meanwhile; while others wait for their turn each is followed for a while and then
/// queued again. A container that has ended before its turn came is read as long as its pod is there.
/// </summary>
internal sealed partial class LogCollector
{
    private static readonly Backoff Retry = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

    private readonly ClusterDirectory _clusters;
    private readonly CollectorBuffer _buffer;
    private readonly CollectorSettings _settings;
    private readonly CollectorCounters _counters;
    private readonly PositionFile _positions;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WorkQueue<ContainerKey> _queue;
    private readonly ConcurrentDictionary<ContainerKey, CollectedContainer> _containers = new();
    private readonly ConcurrentDictionary<ContainerKey, ContainerPosition> _left = new();
    private int _following;

    public LogCollector(
        ClusterDirectory clusters, CollectorBuffer buffer, PositionFile positions, CollectorSettings settings, CollectorCounters counters, TimeProvider time, ILogger<LogCollector> logger)
    {
        (_clusters, _buffer, _positions, _settings, _counters, _time, _logger) = (clusters, buffer, positions, settings, counters, time, logger);
        _queue = new("logs to collect", CollectAsync, Retry, time, logger);
        var left = positions.Read(out var damaged);
        foreach (var position in left)
        {
            _left[position.Key] = position;
        }

        if (damaged)
        {
            LogPositionsDamaged();
        }

        foreach (var cluster in clusters.Connections)
        {
            cluster.State.Pods.Changed += (before, after) => OnChanged(cluster, before, after);
            cluster.State.Pods.Listed += () => OnListed(cluster);
        }
    }

    /// <summary>Containers that are followed now.</summary>
    public int Following => Volatile.Read(ref _following);

    /// <summary>Containers that wait for their turn.</summary>
    public int Waiting => Math.Max(0, _queue.Count - Following);

    /// <summary>Follows until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_queue.RunAsync(_settings.MaxStreams, cancellationToken), CompareAsync(cancellationToken));

    /// <summary>Writes down how far everything was delivered.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void KeepPositions() => _positions.Write([.. _left.Values, .. _containers.Values.Select(container => container.Position()).OfType<ContainerPosition>()]);

    /// <summary>Once in a while, so that nothing is missed for ever should a change ever be.</summary>
    private async Task CompareAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var cluster in _clusters.Connections)
            {
                foreach (var pod in cluster.State.Pods.All())
                {
                    Notice(cluster, pod);
                }
            }

            await Task.Delay(_settings.Compare, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void OnChanged(ClusterConnection cluster, V1Pod? before, V1Pod? after)
    {
        if (before is not null && before.Metadata.Uid != after?.Metadata.Uid)
        {
            // What is still being read of it goes on to its end.
            foreach (var container in WorkloadContainers.Of(before))
            {
                var key = new ContainerKey(cluster.Name, before.Metadata.Uid, container);
                _left.TryRemove(key, out _);
                _containers.TryRemove(key, out _);
            }
        }

        if (after is not null)
        {
            Notice(cluster, after);
        }
    }

    /// <summary>What is left of pods that went while nobody was looking is forgotten.</summary>
    private void OnListed(ClusterConnection cluster)
    {
        var uids = cluster.State.Pods.All().Select(pod => pod.Metadata.Uid).ToHashSet();
        foreach (var key in _left.Keys.Where(key => key.Cluster == cluster.Name && !uids.Contains(key.PodUid)))
        {
            _left.TryRemove(key, out _);
        }

        foreach (var key in _containers.Keys.Where(key => key.Cluster == cluster.Name && !uids.Contains(key.PodUid)))
        {
            _containers.TryRemove(key, out _);
        }
    }

    private void Notice(ClusterConnection cluster, V1Pod pod)
    {
        if (PodOwners.Of(pod) is null || pod.Metadata.NamespaceProperty.StartsWith("kube-", StringComparison.Ordinal))
        {
            return;
        }

        foreach (var name in WorkloadContainers.Of(pod))
        {
            var key = new ContainerKey(cluster.Name, pod.Metadata.Uid, name);
            if (!_containers.ContainsKey(key) && ContainerPhase.Of(pod, name) is { Started: true } phase && cluster.Status.ClusterId is { } id)
            {
                _left.TryGetValue(key, out var position);
                var labels = LokiLabels.OfContainer(pod, name, id, _settings.LabelPrefix);
                var container = new CollectedContainer(
                    key, pod.Metadata.NamespaceProperty, pod.Metadata.Name, labels, position, Math.Max(0, phase.Restarts - 1), _time);
                if (_containers.TryAdd(key, container))
                {
                    _left.TryRemove(key, out _);
                    _queue.Add(key);
                }
            }
        }
    }

    private async ValueTask CollectAsync(ContainerKey key, CancellationToken cancellationToken)
    {
        if (!_containers.TryGetValue(key, out var container) || container.Finished || _clusters.Find(key.Cluster) is not { } cluster)
        {
            return;
        }

        Interlocked.Increment(ref _following);
        try
        {
            using var slice = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var turn = TurnAsync(slice);
            var finished = await FollowAsync(cluster, container, slice.Token, cancellationToken).ConfigureAwait(false);
            await slice.CancelAsync().ConfigureAwait(false);
            await turn.ConfigureAwait(false);
            if (finished)
            {
                container.Finish();
            }
            else
            {
                _queue.Add(key);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _following);
        }
    }

    /// <summary>Ends a container's turn when others have waited for a slice.</summary>
    private async Task TurnAsync(CancellationTokenSource slice)
    {
        while (!slice.IsCancellationRequested)
        {
            await Task.Delay(_settings.Slice, _time, slice.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!slice.IsCancellationRequested && Waiting > 0)
            {
                await slice.CancelAsync().ConfigureAwait(false);
            }
        }
    }

    /// <param name="slice">Ends the turn; what was read by then is put into the buffer all the same.</param>
    /// <returns>Whether the container will never write again.</returns>
    private async Task<bool> FollowAsync(ClusterConnection cluster, CollectedContainer container, CancellationToken slice, CancellationToken cancellationToken)
    {
        var reader = new ChunkReader(container, _settings, _counters, _time);
        var follower = new LogFollower<LogChunk>(
            new LogSource(cluster, container.Namespace, container.Pod, container.Key.Container),
            new PodLogOptions(Follow: true),
            (block, cursor) => reader.Read(block, cursor, container.Resume.Run),
            _settings.Reading,
            _time,
            container.Resume);
        try
        {
            await foreach (var chunk in follower.RunAsync(slice).ConfigureAwait(false))
            {
                await _buffer.AddAsync(chunk, cancellationToken).ConfigureAwait(false);
            }

            return true;
        }
        catch (OperationCanceledException) when (slice.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
        catch (LogUnavailableException unavailable)
        {
            // The pod may be gone by now.
            if (cluster.State.Pods.Find(container.Namespace, container.Pod)?.Metadata.Uid != container.Key.PodUid)
            {
                return true;
            }

            LogUnreadable(container.Pod, unavailable.Message);
            throw;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The file of log positions is damaged: every container's log is read from its beginning; Loki keeps lines that it has once")]
    private partial void LogPositionsDamaged();

    [LoggerMessage(LogLevel.Debug, "The log of pod {Pod} cannot be collected now: {Problem}")]
    private partial void LogUnreadable(string pod, string problem);
}
