namespace Runner.EmbeddedCluster;

/// <summary>
/// Faults of the API server, for tests; all off at the start. Also reachable over HTTP with the administrator's token
/// (<c>PUT /embedded/faults</c> with these properties as JSON, <c>POST /embedded/cut-watches</c>, <c>POST /embedded/compact</c>, <c>POST /embedded/restart</c>), so that a test can plague a cluster in another process.
/// </summary>
public sealed class FaultSwitches
{
    /// <summary>Share of requests, 0 to 1, that are answered with <see cref="ErrorStatus"/>.</summary>
    public double ErrorRate { get; set; }

    /// <summary>Status code of injected errors.</summary>
    public int ErrorStatus { get; set; } = 500;

    /// <summary>Which requests, by method and path, are answered with <see cref="ErrorStatus"/> whatever the rate says; null for none. Not reachable over HTTP. Called on any thread.</summary>
    public Func<string, string, bool>? Fails { get; set; }

    /// <summary>As <see cref="Fails"/>, with a status code of their own; 0 for those that are answered as ever.</summary>
    public Func<string, string, int>? FailsWith { get; set; }

    /// <summary>Which requests, by method and path, are carried out while nobody hears of it: the connection is cut before the answer. Null for none. Not reachable over HTTP. Called on any thread.</summary>
    public Func<string, string, bool>? Loses { get; set; }

    /// <summary>Every watch from a resource version is answered with 410 Gone, as after compaction.</summary>
    public bool ExpireWatches { get; set; }

    /// <summary>Watches never send bookmarks.</summary>
    public bool NoBookmarks { get; set; }

    /// <summary>Watches stay open but send nothing, as behind a broken proxy.</summary>
    public bool SilentWatches { get; set; }

    /// <summary>Pause before each answer.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Raised by <see cref="CutWatches"/>.</summary>
    internal event Action? WatchesCut;

    /// <summary>Ends every open watch and log stream now, without a goodbye.</summary>
    public void CutWatches() => WatchesCut?.Invoke();

    /// <summary>Raised by <see cref="AskForRestart"/>.</summary>
    internal event Action? RestartAsked;

    /// <summary>Has the server stop listening and start again on the same port with the same objects.</summary>
    internal void AskForRestart() => RestartAsked?.Invoke();
}
