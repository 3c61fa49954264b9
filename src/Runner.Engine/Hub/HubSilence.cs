using Microsoft.Extensions.Logging;
using Runner.Engine.Hub.Events;

namespace Runner.Engine.Hub;

/// <summary>
/// How long the hub has taken no heartbeat of one cluster. One that has had none for longer than its patience takes what it holds as running there for failed, bit by bit, and does not correct
/// that by itself: when it takes one again it is told once more how everything in the cluster stands.
/// </summary>
internal sealed partial class HubSilence(
    string cluster, HubReporter reporter, HeartbeatTimes times, HubLeadership leadership, TimeSpan interval, TimeProvider time, ILogger logger)
{
    private DateTimeOffset? _since = times.Find(cluster);
    private int _term;

    /// <summary>Whether the hub has given a cluster up. Pure.</summary>
    /// <param name="since">When it last took a heartbeat.</param>
    /// <param name="interval">Between two heartbeats; the hub waits for twice that.</param>
    public static bool IsLong(DateTimeOffset since, DateTimeOffset now, TimeSpan interval) => now - since > 2 * interval;

    /// <summary>A heartbeat is about to be sent. Where nothing is known of earlier ones, silence counts from the first that is tried.</summary>
    public void Trying()
    {
        if (leadership.Term != _term)
        {
            _term = leadership.Term;

            // Another replica's last heartbeat may have been an interval before its last sign of life.
            _since = leadership.OthersUntil - interval is { } last && !(_since > last) ? last : _since;
        }

        _since ??= time.GetUtcNow();
    }

    /// <summary>The hub has taken a heartbeat. Never throws: what cannot be written now is tried again with the next one.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var since = _since ?? now;
        _since = now;
        try
        {
            if (IsLong(since, now, interval))
            {
                LogLong(cluster, since);
                await reporter.TellAgainAsync(cluster, cancellationToken).ConfigureAwait(false);
            }

            // A process that ends before everything is written must find the silence as long as it was.
            if (!await reporter.OwesAgainAsync(cluster, cancellationToken).ConfigureAwait(false))
            {
                await times.NoteAsync(cluster, now, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The next process finds the silence as it was.
        }
        catch (IOException exception)
        {
            LogNotNoted(cluster, exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The hub takes heartbeats of cluster {Cluster} again and had taken none since {Since:u}: as it may hold workloads for failed by now, it is told once more how each of them stands")]
    private partial void LogLong(string cluster, DateTimeOffset since);

    [LoggerMessage(LogLevel.Warning, "When the hub last took a heartbeat of cluster {Cluster} could not be noted: {Problem}")]
    private partial void LogNotNoted(string cluster, string problem);
}
