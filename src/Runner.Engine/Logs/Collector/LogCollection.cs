using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Telemetry;

namespace Runner.Engine.Logs.Collector;

/// <summary>How log collection stands.</summary>
/// <param name="Mode">What this process sends; <see cref="LogCollectorMode.Off"/> where no address of Loki is set.</param>
/// <param name="Loki">Where it goes: host and port, without credentials; empty when it is off.</param>
/// <param name="Problem">Why nothing can be sent now, and what to try; empty when all is well.</param>
/// <param name="Streams">Containers that are followed.</param>
/// <param name="Queued">Containers that wait for their turn.</param>
/// <param name="Limited">Streams that Loki keeps out for a limit of their own, or of the number of streams: their lines wait apart.</param>
/// <param name="HeldLines">Lines read that wait to be sent.</param>
/// <param name="HeldBytes">Bytes held of them, and of those on their way.</param>
/// <param name="MostBytes">Bytes that may be held.</param>
/// <param name="OldestHeld">When the first line that waits was written; null when none waits.</param>
/// <param name="Sent">Lines that Loki has taken since the process began.</param>
/// <param name="SentBytes">Bytes of those lines, before compression.</param>
/// <param name="Cut">Lines that were cut at 256 KiB.</param>
/// <param name="Failures">Pushes that failed and were made again.</param>
/// <param name="Dropped">Lines that were given up, by reason.</param>
public sealed record LogCollectionStatus(
    LogCollectorMode Mode,
    string Loki,
    LocalText Problem,
    int Streams,
    int Queued,
    int Limited,
    int HeldLines,
    long HeldBytes,
    long MostBytes,
    DateTimeOffset? OldestHeld,
    long Sent,
    long SentBytes,
    long Cut,
    long Failures,
    IReadOnlyDictionary<DropReason, long> Dropped,
    DateTimeOffset? LastSentAt,
    DateTimeOffset? LastErrorAt,
    LocalText LastError);

/// <summary>The whole of log collection in this process: what is read, held and sent.</summary>
public sealed partial class LogCollection : IDisposable
{
    private readonly LogCollectorOptions _options;
    private readonly CollectorSettings? _settings;
    private readonly CollectorBuffer? _buffer;
    private readonly LokiClient? _loki;
    private readonly LokiPusher? _pusher;
    private readonly LokiSender? _sender;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ILoggerFactory _loggers;
    private readonly string _dataDirectory;
    private PositionFile? _positions;
    private LogCollector? _collector;

    internal LogCollection(RunnerOptions options, CollectorSettings? settings, IMeterFactory? meters, TimeProvider time, ILoggerFactory loggers, HubLeadership? leadership = null)
    {
        _options = options.LogCollector;
        (_time, _loggers, _logger, _dataDirectory) = (time, loggers, loggers.CreateLogger<LogCollection>(), options.DataDirectory);
        if (_options.LokiUrl is null || _options.Mode == LogCollectorMode.Off)
        {
            Milestones = new(null, Counters, time);
            return;
        }

        _settings = settings ?? CollectorSettings.From(_options);
        _buffer = new(_settings.BufferBytes, time);
        _loki = new(_options.LokiUrl, options.Proxy, _settings.PushTimeout, time);
        _pusher = new(_loki, _settings, Counters, time, loggers.CreateLogger<LokiPusher>());
        _sender = new(_buffer, _pusher, _settings, Counters, time, loggers.CreateLogger<LokiSender>());
        Milestones = new(_buffer, Counters, time, leadership, options.LeaseDuration * 3 / 2);
        Measure(meters?.Create(EngineMetrics.MeterName));
    }

    /// <summary>How things stand now; read from memory.</summary>
    public LogCollectionStatus Status
    {
        get
        {
            var health = _pusher?.Health;
            var limited = _sender?.Limited ?? default;
            DateTimeOffset?[] oldest = [_buffer?.Oldest, limited.Oldest];
            return new(
                _sender is null ? LogCollectorMode.Off : _options.Mode,
                _loki?.Authority ?? "",
                health?.Problem ?? LocalText.None,
                _collector?.Following ?? 0,
                _collector?.Waiting ?? 0,
                limited.Streams,
                (_buffer?.Lines ?? 0) + limited.Lines,
                _buffer?.Bytes ?? 0,
                _buffer?.MaxBytes ?? 0,
                oldest.Min(),
                Counters.Lines,
                Counters.Bytes,
                Counters.CutLines,
                Counters.Failures,
                Counters.Drops,
                health?.LastSentAt,
                health?.LastError?.At,
                health?.LastError?.Text ?? LocalText.None);
        }
    }

    internal CollectorCounters Counters { get; } = new();

    internal Milestones Milestones { get; }

    /// <summary>Prepares to follow the pods of these clusters. Comes before the clusters are watched.</summary>
    /// <exception cref="IOException">Another collector uses the data folder, or it cannot be written.</exception>
    internal void Follow(ClusterDirectory clusters)
    {
        if (_settings is null || _options.Mode != LogCollectorMode.InProcess || _collector is not null)
        {
            return;
        }

        _positions = PositionFile.Open(_dataDirectory);
        _collector = new(clusters, _buffer!, _positions, _settings, Counters, _time, _loggers.CreateLogger<LogCollector>());
    }

    /// <summary>Reads and sends until cancelled; then delivers the tail for as long as is allowed.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        if (_sender is null || _settings is null)
        {
            return;
        }

        using var end = new CancellationTokenSource();
        var reading = GuardAsync("reader", stop => _collector?.RunAsync(stop) ?? Task.CompletedTask, cancellationToken);
        var sending = GuardAsync("sender", _sender.RunAsync, end.Token);
        var keeping = KeepAsync(end.Token);
        await reading.ConfigureAwait(false);
        await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        end.CancelAfter(_settings.Drain);
        _sender.Drain();
        await sending.ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        await keeping.ConfigureAwait(false);
        Keep();
        if (Status.HeldLines is > 0 and var left)
        {
            LogLeft(left);
        }
    }

    public void Dispose()
    {
        _loki?.Dispose();
        _positions?.Close();
    }

    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        long kept = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(_settings!.KeepPositions, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var done = Counters.Lines + Counters.Drops.Values.Sum();
            if (done != kept)
            {
                Keep();
                kept = done;
            }
        }
    }

    private void Keep()
    {
        try
        {
            _collector?.KeepPositions();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotKept(exception.Message);
        }
    }

    private Task GuardAsync(string name, Func<CancellationToken, Task> loop, CancellationToken cancellationToken) =>
        RestartedLoop.RunAsync(loop, exception => LogEnded(name, exception), _time, cancellationToken);

    private void Measure(Meter? meter)
    {
        if (meter is null)
        {
            return;
        }

        meter.CreateObservableGauge("runner.log_collector.streams", () => (long)Status.Streams, null, "Containers that are followed.");
        meter.CreateObservableGauge("runner.log_collector.queued", () => (long)Status.Queued, null, "Containers that wait for their turn to be followed.");
        meter.CreateObservableGauge("runner.log_collector.limited", () => (long)Status.Limited, null, "Streams that Loki keeps out for a limit of their own.");
        meter.CreateObservableGauge("runner.log_collector.held", () => Status.HeldBytes, "By", "Bytes of lines that were read and not delivered yet.");
        meter.CreateObservableGauge("runner.log_collector.lag", () => Status.OldestHeld is { } oldest ? Math.Max(0, (_time.GetUtcNow() - oldest).TotalSeconds) : 0, "s", "Age of the oldest line that waits to be sent.");
        meter.CreateObservableGauge("runner.log_collector.well", () => Status.Problem.Length == 0 ? 1L : 0L, null, "1 while Loki takes lines, else 0.");
    }

    [LoggerMessage(LogLevel.Error, "The log collector's {Name} ended and is started again")]
    private partial void LogEnded(string name, Exception exception);

    [LoggerMessage(LogLevel.Error, "The log positions cannot be written: {Problem}. Collection goes on; after a restart more lines are sent again.")]
    private partial void LogNotKept(string problem);

    [LoggerMessage(LogLevel.Warning, "{Lines} log lines could not be delivered before the end; those of containers are read again at the next start")]
    private partial void LogLeft(int lines);
}
