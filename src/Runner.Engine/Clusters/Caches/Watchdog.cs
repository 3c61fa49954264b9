namespace Runner.Engine.Clusters.Caches;

/// <summary>A cancellation token that is cancelled when nobody has called <see cref="Feed"/> for a while, or when an outer token is.</summary>
internal sealed class Watchdog : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _outer;
    private readonly CancellationToken _outerToken;

    public Watchdog(TimeProvider time, CancellationToken outer)
    {
        _source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _outerToken = outer;
        _outer = outer.Register(_source.Cancel);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>True when time ran out rather than the outer token.</summary>
    public bool Barked => _source.IsCancellationRequested && !_outerToken.IsCancellationRequested;

    /// <summary>Starts the time anew.</summary>
    public void Feed(TimeSpan patience) => _source.CancelAfter(patience);

    public void Dispose()
    {
        _outer.Dispose();
        _source.Dispose();
    }
}
