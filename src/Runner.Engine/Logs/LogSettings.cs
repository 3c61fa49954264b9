using Runner.Engine.Clusters;

namespace Runner.Engine.Logs;

/// <summary>Times of following logs. Tests shorten them.</summary>
internal sealed record LogSettings
{
    /// <summary>Pauses before a broken stream is opened again.</summary>
    public Backoff Reopen { get; init; } = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

    /// <summary>Pauses between looks at a container that has not started, or not started again.</summary>
    public Backoff Look { get; init; } = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(3));

    /// <summary>A stream that brings nothing for so long is opened again: proxies forget idle connections without a word.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long an answer may take to begin.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that are read at once to begin with; more where a line is longer.</summary>
    public int BlockBytes { get; init; } = 64 * 1024;

    /// <summary>How often reading a log that is not followed goes on after a break.</summary>
    public int MaxBreaks { get; init; } = 5;
}
