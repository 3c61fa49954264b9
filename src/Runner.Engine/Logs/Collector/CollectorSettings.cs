using Runner.Engine.Clusters;
using Runner.Engine.Configuration;

namespace Runner.Engine.Logs.Collector;

/// <summary>How the collector works: the options, and bounds that are no settings. Tests shorten them.</summary>
internal sealed record CollectorSettings
{
    public required Uri LokiUrl { get; init; }

    /// <summary>With so many lines waiting a push is made at once; it takes along whatever else waits, up to <see cref="MaxBatchBytes"/>.</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>Longest that a line waits for others to go with it.</summary>
    public TimeSpan BatchDelay { get; init; } = TimeSpan.FromSeconds(3);

    public int MaxBatchBytes { get; init; } = 1024 * 1024;

    /// <summary>Most bytes of lines that are held, waiting or on their way. Readers wait for room; the kubelet keeps what is not read yet.</summary>
    public long BufferBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Most bytes of lines a second, as Loki's default <c>ingestion_rate_mb</c>; 0 for no limit.</summary>
    public long BytesPerSecond { get; init; } = 4 * 1024 * 1024;

    /// <summary>Pauses after failed pushes.</summary>
    public Backoff Retry { get; init; } = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

    /// <summary>After so many failures in a row Loki counts as down, and is asked <c>/ready</c> before the next push.</summary>
    public int MaxRetries { get; init; } = 3;

    public TimeSpan HealthInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one push may take.</summary>
    public TimeSpan PushTimeout { get; init; } = TimeSpan.FromSeconds(15);

    public int MaxStreams { get; init; } = 1000;

    /// <summary>How long a container is followed while others wait for their turn.</summary>
    public TimeSpan Slice { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the pods are compared with what is collected, beside the watch.</summary>
    public TimeSpan Compare { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a line that Loki refuses for a limit of its own stream is tried before it is dropped.</summary>
    public TimeSpan DropAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Older lines are dropped: Loki refuses them.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How often positions are written.</summary>
    public TimeSpan KeepPositions { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long the tail may take to be delivered at the end of the process.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(7);

    public string LabelPrefix { get; init; } = "csghub_";

    public LogSettings Reading { get; init; } = new() { BlockBytes = 8 * 1024 };

    public static CollectorSettings From(LogCollectorOptions options) => new()
    {
        LokiUrl = options.LokiUrl ?? throw new ArgumentException("No address of Loki is set.", nameof(options)),
        BatchSize = options.BatchSize,
        BatchDelay = options.BatchDelay,
        BufferBytes = options.BufferMegabytes * 1024L * 1024,
        BytesPerSecond = options.MegabytesPerSecond * 1024L * 1024,
        Retry = new(options.RetryInterval, TimeSpan.FromTicks(Math.Max(options.RetryInterval.Ticks, TimeSpan.FromSeconds(30).Ticks))),
        MaxRetries = options.MaxRetries,
        HealthInterval = options.HealthInterval,
        MaxStreams = options.MaxConcurrentStreams,
        Compare = options.WatchNamespaceInterval,
        DropAfter = options.DropMessageTimeout,
        MaxAge = TimeSpan.FromDays(options.MaxStoreDays),
        LabelPrefix = options.AcceptLabelPrefix,
    };
}
