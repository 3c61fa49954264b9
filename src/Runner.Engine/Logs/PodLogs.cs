using System.Runtime.CompilerServices;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Logs.Kept;
using Runner.Engine.Workloads;

namespace Runner.Engine.Logs;

/// <summary>A log cannot be read. The message says which and why.</summary>
public sealed class LogUnavailableException(LocalText problem) : Exception(problem.English), IExplained
{
    /// <inheritdoc/>
    public LocalText Problem { get; } = problem;
}

/// <summary>Reads logs of pods: from the cluster, and the last log of a pod that is gone from where it is kept. Nothing is held but the block at hand.</summary>
public sealed class PodLogs
{
    private readonly LogSettings _settings;
    private readonly TimeProvider _time;
    private readonly KeptLogStore? _kept;

    /// <param name="kept">Last logs of pods that are gone; null when none are kept.</param>
    internal PodLogs(LogSettings settings, TimeProvider time, KeptLogStore? kept = null) => (_settings, _time, _kept) = (settings, time, kept);

    /// <summary>Last logs that are kept of a workload's pods, whether it is still there or not; the newest first.</summary>
    public IReadOnlyList<KeptLog> KeptOf(WorkloadKey key) =>
        _kept?.Where(log => log.Owner == key.Name && log.Namespace == key.Namespace && log.Cluster == key.Cluster && PodOwners.Carries(log.Carrier, key.Kind)) ?? [];

    /// <summary>
    /// Lines of one container. With <see cref="PodLogOptions.Follow"/> it goes on over reconnects and restarts of the container, without losing
    /// or repeating a line, until the container has ended for good, the pod is gone or the token is cancelled; a container that has not
    /// started yet is waited for. Lines longer than 256 KiB are cut, and say so.
    /// </summary>
    /// <param name="container">Container name; for services <c>user-container</c>.</param>
    /// <exception cref="LogUnavailableException">No such pod or container, or the cluster refuses or does not answer at the first try.</exception>
    public async IAsyncEnumerable<LogLine> ReadAsync(
        ClusterConnection cluster, string @namespace, string pod, string container, PodLogOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var text = new LogText(pod, container);
        if (Kept(cluster, @namespace, pod, container, options) is { } kept)
        {
            foreach (var line in await KeptLogReader.LinesAsync(kept, text, options, cancellationToken).ConfigureAwait(false))
            {
                yield return line;
            }

            yield break;
        }

        var follower = new LogFollower<Batch>(
            new LogSource(cluster, @namespace, pod, container),
            options,
            (block, cursor) => text.Lines(block, cursor) is { } lines ? new Batch(lines) : null,
            _settings,
            _time);
        await foreach (var batch in follower.RunAsync(cancellationToken).ConfigureAwait(false))
        {
            foreach (var line in batch.Lines)
            {
                yield return line;
            }
        }
    }

    /// <summary>
    /// The log of one container as it comes, for passing on: pieces without times, cut anywhere. Follows and resumes like <see cref="ReadAsync"/>.
    /// A piece is valid until the next one is asked for; write and flush each as it comes.
    /// </summary>
    /// <exception cref="LogUnavailableException">As for <see cref="ReadAsync"/>.</exception>
    public IAsyncEnumerable<ReadOnlyMemory<byte>> ReadBytesAsync(
        ClusterConnection cluster, string @namespace, string pod, string container, PodLogOptions options, CancellationToken cancellationToken)
    {
        var text = new LogText(pod, container);
        return Kept(cluster, @namespace, pod, container, options) is { } kept
            ? KeptLogReader.BytesAsync(kept, text, cancellationToken)
            : new LogFollower<ReadOnlyMemory<byte>>(new LogSource(cluster, @namespace, pod, container), options, text.Bytes, _settings, _time).RunAsync(cancellationToken);
    }

    /// <summary>Opens what is kept of a pod that the cluster no longer has; null when the pod is there or nothing is kept.</summary>
    private Stream? Kept(ClusterConnection cluster, string @namespace, string pod, string container, PodLogOptions options)
    {
        if (_kept is null || options.Previous || cluster.State.Pods.Find(@namespace, pod) is not null)
        {
            return null;
        }

        var logs = _kept.Where(log => log.Pod == pod && log.Container == container && log.Namespace == @namespace && log.Cluster == cluster.Name);
        return logs.Count > 0 ? _kept.Open(logs[0]) : null;
    }

    private readonly record struct Batch(IReadOnlyList<LogLine> Lines);
}
