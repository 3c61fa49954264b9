using System.Text.Json;
using System.Text.Json.Serialization;

namespace Runner.Engine.Logs.Collector;

/// <summary>
/// What a collector that is a process of its own tells at <see cref="Path"/>. Fields that the official collector has too bear its names (<c>logcollector/types/types.go</c> of
/// csghub-server). Numbers are for everybody; names and what Loki said, which quotes labels of streams, for whoever has the hub's token.
/// </summary>
public sealed record CollectorStatistics
{
    /// <summary>Where it is told.</summary>
    public const string Path = "/api/v1/logcollector/stats";

    /// <summary>Snake case, and without what is not told.</summary>
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        MaxDepth = 8,
    };

    public required int ActiveStreams { get; init; }

    public int QueuedStreams { get; init; }

    public int LimitedStreams { get; init; }

    public required long TotalLogsSent { get; init; }

    public long TotalBytesSent { get; init; }

    public int HeldLines { get; init; }

    public long HeldBytes { get; init; }

    public long MostBytes { get; init; }

    public DateTimeOffset? OldestHeld { get; init; }

    /// <summary>Lines by the name of a <see cref="DropReason"/>.</summary>
    public IReadOnlyDictionary<string, long> Dropped { get; init; } = new Dictionary<string, long>();

    public long CutLines { get; init; }

    public long FailedPushes { get; init; }

    public DateTimeOffset? LastSent { get; init; }

    public DateTimeOffset? LastErrorAt { get; init; }

    /// <summary>Whether Loki takes lines.</summary>
    public bool Well { get; init; }

    /// <summary>Null for whoever shows no token.</summary>
    public CollectorDetails? Details { get; init; }

    public static CollectorStatistics Of(LogCollectionStatus status, CollectorDetails? details) => new()
    {
        ActiveStreams = status.Streams,
        QueuedStreams = status.Queued,
        LimitedStreams = status.Limited,
        TotalLogsSent = status.Sent,
        TotalBytesSent = status.SentBytes,
        HeldLines = status.HeldLines,
        HeldBytes = status.HeldBytes,
        MostBytes = status.MostBytes,
        OldestHeld = status.OldestHeld,
        Dropped = status.Dropped.ToDictionary(drop => drop.Key.ToString(), drop => drop.Value),
        CutLines = status.Cut,
        FailedPushes = status.Failures,
        LastSent = status.LastSentAt,
        LastErrorAt = status.LastErrorAt,
        Well = status.Problem.Length == 0,
        Details = details,
    };

    /// <summary>The same as the process itself would show it; reasons that this version does not know are left out.</summary>
    public LogCollectionStatus ToStatus() => new(
        Configuration.LogCollectorMode.InProcess,
        Details?.Loki ?? "",
        Details is null && !Well ? new("Loki does not take lines now.", "Loki 目前不接收日志。") : Text(Details?.Problem, Details?.ProblemZh),
        ActiveStreams,
        QueuedStreams,
        LimitedStreams,
        HeldLines,
        HeldBytes,
        MostBytes,
        OldestHeld,
        TotalLogsSent,
        TotalBytesSent,
        CutLines,
        FailedPushes,
        Dropped.Where(drop => Enum.TryParse<DropReason>(drop.Key, out _)).ToDictionary(drop => Enum.Parse<DropReason>(drop.Key), drop => drop.Value),
        LastSent,
        LastErrorAt,
        Text(Details?.LastError, Details?.LastErrorZh));

    private static LocalText Text(string? english, string? chinese) => new(english ?? "", chinese ?? english ?? "");
}

/// <summary>What is not for everybody.</summary>
/// <param name="Loki">Where lines go: host and port.</param>
/// <param name="Problem">Why nothing can be sent now; empty when all is well.</param>
/// <param name="ProblemZh">The same in Chinese.</param>
public sealed record CollectorDetails(string Loki, string Problem, string ProblemZh, string LastError, string LastErrorZh, IReadOnlyList<CollectorCluster> Clusters);

/// <summary>One cluster as the collector sees it.</summary>
/// <param name="Pods">Pods that it knows of.</param>
public sealed record CollectorCluster(string Name, bool Connected, int Pods);
