using System.Diagnostics.Metrics;
using Runner.Engine.Telemetry;

namespace Runner.Engine.Logs.Collector;

/// <summary>Why a line did not reach Loki.</summary>
public enum DropReason
{
    /// <summary>Older than <c>STARHUB_SERVER_LOGCOLLECTOR_MAX_STORE_TIME_DAY</c>, or than Loki takes.</summary>
    TooOld,

    /// <summary>Loki says that the line is too long.</summary>
    TooLong,

    /// <summary>A limit of the line's own stream, or of the number of streams, for longer than <c>STARHUB_SERVER_LOGCOLLECTOR_DROP_MSG_TIMEOUT</c>.</summary>
    Limited,

    /// <summary>Loki refuses it for another reason.</summary>
    Refused,

    /// <summary>A milestone of the runner for which there was no room: milestones cannot be read again.</summary>
    NoRoom,
}

/// <summary>What the collector has done since the process began. Safe to use from every thread.</summary>
internal sealed class CollectorCounters
{
    private static readonly Meter Meter = new(EngineMetrics.MeterName);
    private static readonly Counter<long> SentCounter = Meter.CreateCounter<long>("runner.log_collector.lines.sent", null, "Lines that Loki has taken.");
    private static readonly Counter<long> BytesCounter = Meter.CreateCounter<long>("runner.log_collector.bytes.sent", "By", "Bytes of lines that Loki has taken.");
    private static readonly Counter<long> DroppedCounter = Meter.CreateCounter<long>("runner.log_collector.lines.dropped", null, "Lines that were given up, by reason.");
    private static readonly Counter<long> FailedCounter = Meter.CreateCounter<long>("runner.log_collector.push.failures", null, "Pushes that failed; their lines are sent again.");

    private readonly long[] _dropped = new long[Enum.GetValues<DropReason>().Length];
    private long _lines;
    private long _bytes;
    private long _cut;
    private long _failures;

    public long Lines => Interlocked.Read(ref _lines);

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Lines that were cut at 256 KiB.</summary>
    public long CutLines => Interlocked.Read(ref _cut);

    public long Failures => Interlocked.Read(ref _failures);

    public IReadOnlyDictionary<DropReason, long> Drops =>
        Enum.GetValues<DropReason>().Select(reason => (Reason: reason, Count: Interlocked.Read(ref _dropped[(int)reason]))).Where(drop => drop.Count > 0).ToDictionary(drop => drop.Reason, drop => drop.Count);

    public void Sent(int lines, long bytes)
    {
        Interlocked.Add(ref _lines, lines);
        Interlocked.Add(ref _bytes, bytes);
        SentCounter.Add(lines);
        BytesCounter.Add(bytes);
    }

    public void Dropped(DropReason reason, int lines)
    {
        Interlocked.Add(ref _dropped[(int)reason], lines);
        DroppedCounter.Add(lines, new KeyValuePair<string, object?>("reason", reason.ToString()));
    }

    public void Cut() => Interlocked.Increment(ref _cut);

    public void Failed()
    {
        Interlocked.Increment(ref _failures);
        FailedCounter.Add(1);
    }
}
