namespace Runner.Engine.Clusters.Caches;

/// <summary>
/// The pages of one list, each asked for while the one before is still being looked through: the API server makes the next meanwhile. One at a time is asked for,
/// and one is looked through.
/// </summary>
/// <param name="fetch">Reads the page of a path into a buffer.</param>
internal sealed class PagesAhead(Func<string, PageBuffer, CancellationToken, Task> fetch, CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private PageBuffer _shown = new();
    private PageBuffer _asked = new();
    private Task _asking = Task.CompletedTask;

    /// <summary>Begins to fetch a page. Returns at once.</summary>
    public void Ask(string path) => _asking = fetch(path, _asked, _stop.Token);

    /// <summary>The page that was asked for; valid until the next call.</summary>
    public async Task<PageBuffer> NextAsync()
    {
        await _asking.ConfigureAwait(false);
        (_shown, _asked) = (_asked, _shown);
        return _shown;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);

        // Nothing may be read into a buffer that is gone.
        await _asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        ((IDisposable)_shown).Dispose();
        ((IDisposable)_asked).Dispose();
    }
}
