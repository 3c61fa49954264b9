namespace Runner.Engine.Clusters.Caches;

/// <summary>Times and sizes of listing, watching and probing. The defaults are for real clusters; tests shorten them.</summary>
internal sealed record WatchSettings
{
    /// <summary>Most objects in one page of a list.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>How long one answer that is not a stream may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a watch is asked to last; each asks for one to two times as long, so that they do not end together.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// A watch that brings neither event nor bookmark nor end for so long is taken for dead. API servers send a bookmark about once a minute.
    /// </summary>
    public TimeSpan WatchSilence { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>
    /// A connection on which nothing came for so long, though something is waited for, is asked for a sign of life; at least a second. All requests but the largest lists and the
    /// logs share one connection where the API server speaks HTTP/2: one that a router has forgotten, and that stays open, would hold up the watches and the lists that heal them.
    /// </summary>
    public TimeSpan ConnectionSilence { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the sign of life may take before the connection is given up, and what hung on it begins anew; at least a second.</summary>
    public TimeSpan SignOfLife { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A watch that lived for so long ended normally and is followed by the next one without a pause.</summary>
    public TimeSpan HealthyWatch { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Pauses before a watch that was cut short or refused is opened again.</summary>
    public Backoff Reopen { get; init; } = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(3));

    /// <summary>Pauses before everything is listed again.</summary>
    public Backoff Relist { get; init; } = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));

    /// <summary>How often a kind is listed that may be listed and not watched.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Pauses while a kind is missing or forbidden: administrators install and grant in minutes.</summary>
    public Backoff Unavailable { get; init; } = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30));

    /// <summary>Pauses between calls to a cluster that does not answer.</summary>
    public Backoff Probe { get; init; } = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(10));

    /// <summary>How long a probe may take.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A cluster that has not been heard of for so long is probed.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromSeconds(90);
}
