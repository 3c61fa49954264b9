using Microsoft.Extensions.Logging;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub.Payloads;

namespace Runner.Engine.Hub;

/// <summary>How the heartbeat of a cluster fares.</summary>
/// <param name="Cluster">Name of the connection.</param>
/// <param name="LastTakenAt">When the hub last took one; null when never since the start.</param>
/// <param name="Problem">Why the last one was not sent or taken; empty when all is well. Holds no secret.</param>
public sealed record HeartbeatStatus(string Cluster, DateTimeOffset? LastTakenAt, LocalText Problem)
{
    /// <summary>When the next one is due; null while none can be sent, because no hub is known or the cluster's state is not.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>Whether the last one was not taken because the hub does not accept the token.</summary>
    public bool TokenRefused { get; init; }
}

/// <summary>
/// Sends the inventory of one cluster to the hub every interval, while the cluster answers; that of a large one in parts, which count as taken together. Nothing is kept: what the hub does not take is made anew from
/// the state of the moment, with growing pauses up to the interval, so that an outage leaves nothing behind and ends with the newest figures.
/// </summary>
internal sealed partial class Heartbeat
{
    private readonly ClusterConnection _cluster;
    private readonly CapacityFeed _capacity;
    private readonly ClusterReports _reports;
    private readonly LiveSettings _settings;
    private readonly HubClient _client;
    private readonly HubLeadership _leadership;
    private readonly HubSilence _silence;
    private readonly TimeSpan _interval;
    private readonly Backoff _backoff;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Signal _ready = new();
    private readonly Signal _moved = new();
    private HeartbeatStatus _status;
    private Uri? _hub;
    private string _shortened = "";

    public Heartbeat(
        ClusterConnection cluster, CapacityFeed capacity, ClusterReports reports, LiveSettings settings, HubClient client, HubLeadership leadership, HubSilence silence, TimeSpan interval, TimeProvider time, ILogger logger)
    {
        (_leadership, _silence) = (leadership, silence);
        (_cluster, _capacity, _reports, _settings, _client, _interval, _time, _logger) = (cluster, capacity, reports, settings, client, interval, time, logger);
        _backoff = new(TimeSpan.FromSeconds(2), interval);
        _status = new(cluster.Name, null, LocalText.None);
    }

    public HeartbeatStatus Status => Volatile.Read(ref _status);

    /// <summary>Beats until cancelled. Never throws.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _cluster.StatusChanged += ClusterChanged;
        _capacity.Changed += CapacityChanged;
        _settings.Changed += SettingsChanged;
        _leadership.Changed += _ready.Set;
        try
        {
            var failures = 0;
            while (!cancellationToken.IsCancellationRequested)
            {
                if (!_client.MaySend || !_reports.IsReady(_cluster))
                {
                    Volatile.Write(ref _status, Status with { NextAt = null });
                    await _ready.WaitAsync(Timeout.InfiniteTimeSpan, _time, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                var began = _time.GetTimestamp();

                // A hub that moved before this beat hears this beat.
                _moved.Clear();
                _hub = _settings.WebhookEndpoint;
                _silence.Trying();
                failures = await TryBeatAsync(cancellationToken).ConfigureAwait(false) ? 0 : failures + 1;
                var rest = failures > 0 ? _backoff.Delay(failures) : _interval - _time.GetElapsedTime(began);
                Volatile.Write(ref _status, Status with { NextAt = _time.GetUtcNow() + (rest > TimeSpan.Zero ? rest : TimeSpan.Zero) });
                await _moved.WaitAsync(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, _time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _cluster.StatusChanged -= ClusterChanged;
            _capacity.Changed -= CapacityChanged;
            _settings.Changed -= SettingsChanged;
            _leadership.Changed -= _ready.Set;
        }
    }

    private async Task<bool> TryBeatAsync(CancellationToken cancellationToken)
    {
        var problem = LocalText.None;
        var tokenRefused = false;
        try
        {
            var (bodies, shortened) = HeartbeatParts.Of(_reports.AnswerOf(_cluster), _time.GetUtcNow());
            TellShortened(string.Join(", ", shortened));
            foreach (var body in bodies)
            {
                var answer = await _client.SendAsync(body, cancellationToken).ConfigureAwait(false);
                if (answer.Verdict != HubVerdict.Taken && problem.Length == 0)
                {
                    (problem, tokenRefused) = (answer.Problem, answer.TokenRefused);
                }

                // A part that the hub does not take keeps no other from it; where nobody answers, each would only wait in vain.
                if (answer.Verdict is HubVerdict.Unreachable or HubVerdict.Silenced)
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return true;
        }
#pragma warning disable CA1031 // A loop must not end; whatever it was, it is shown and the next beat comes.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            problem = LocalText.Verbatim(exception.Message);
        }

        var before = Status;
        Volatile.Write(ref _status, before with { LastTakenAt = problem.Length == 0 ? _time.GetUtcNow() : before.LastTakenAt, Problem = problem, TokenRefused = tokenRefused });
        if (problem.Length > 0 && before.Problem.Length == 0)
        {
            LogNotTaken(_cluster.Name, problem);
        }

        if (problem.Length > 0)
        {
            return false;
        }

        await _silence.EndAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private void TellShortened(string nodes)
    {
        if (nodes != _shortened && nodes.Length > 0)
        {
            LogShortened(_cluster.Name, nodes);
        }

        _shortened = nodes;
    }

    private void ClusterChanged(ClusterConnection changed) => _ready.Set();

    private void CapacityChanged(string cluster)
    {
        if (cluster == _cluster.Name)
        {
            _ready.Set();
        }
    }

    private void SettingsChanged()
    {
        _ready.Set();
        if (_settings.WebhookEndpoint != _hub)
        {
            _moved.Set();
        }
    }

    [LoggerMessage(LogLevel.Warning, "The heartbeat of cluster {Cluster} was not taken; the next ones are tried: {Problem}")]
    private partial void LogNotTaken(string cluster, string problem);

    [LoggerMessage(LogLevel.Warning, "Cluster {Cluster}: the hub is told of these nodes without what runs on them, which would be more than it takes in one event: {Nodes}")]
    private partial void LogShortened(string cluster, string nodes);
}
