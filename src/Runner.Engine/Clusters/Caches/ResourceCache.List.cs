using Runner.Engine.Clusters.Api;

namespace Runner.Engine.Clusters.Caches;

/// <content>The list that a watch follows.</content>
internal sealed partial class ResourceCache<T>
{
    /// <summary>Lists all that may be seen. Tried widely each time, because a right may have been granted meanwhile.</summary>
    private async Task<string> ListAsync(CancellationToken cancellationToken)
    {
        _narrowed = null;
        var began = time.GetTimestamp();
        Interlocked.Exchange(ref _listBegan, began);
        try
        {
            return await ListScopeAsync(began, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiStatusException refusal) when (refusal.Code == 403 && kind.NamespaceWhenForbidden is not null)
        {
            LogNarrowed(connection.Name, kind.Name, kind.NamespaceWhenForbidden, refusal.Message);
            _narrowed = kind with { Namespace = kind.NamespaceWhenForbidden };
            return await ListScopeAsync(began, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<string> ListScopeAsync(long began, CancellationToken cancellationToken)
    {
        var limit = settings.PageSize;

        // Where nothing is known yet, nothing can have gone.
        var seen = _store.Count > 0 ? new HashSet<ResourceKey>() : null;
        var pages = new PagesAhead(FetchAsync, cancellationToken);
        await using var disposed = pages.ConfigureAwait(false);
        pages.Ask(Scope.ListPath(limit, null));
        string? next = null;
        string version;
        do
        {
            PageBuffer page;
            try
            {
                page = await pages.NextAsync().ConfigureAwait(false);
            }
            catch (ApiStatusException exception) when (exception.Code == 410 && next is not null)
            {
                // The pages took longer than the API server keeps a version: once more, all at once. What was in those before may be gone by now.
                (limit, seen) = (0, []);
                pages.Ask(Scope.ListPath(limit, null));
                page = await pages.NextAsync().ConfigureAwait(false);
            }

            Contacted();
            var ahead = ListMetadata.ContinueOf(page.Page);
            if (ahead is not null)
            {
                pages.Ask(Scope.ListPath(limit, ahead));
            }

            (version, next) = Take(page, seen);
            if (next is not null && ahead is null)
            {
                pages.Ask(Scope.ListPath(limit, next));
            }
        }
        while (next is not null);

        foreach (var key in seen is null ? [] : _store.Except(seen))
        {
            Remove(key);
        }

        _seesAll = _narrowed is null;
        Interlocked.Exchange(ref _listedAt, began);
        LogListed(connection.Name, kind.Name, _store.Count);
        if (!SetStatus(CacheHealth.Synced, _unwatched))
        {
            // Whoever hears of the status looks at everything already.
            Listed?.Invoke();
        }

        return version;
    }

    private async Task FetchAsync(string path, PageBuffer page, CancellationToken cancellationToken)
    {
        using var timeout = new Watchdog(time, cancellationToken);
        timeout.Feed(settings.RequestTimeout);
        try
        {
            using var response = await RawApi.GetAsync(connection.Client, path, timeout.Token).ConfigureAwait(false);
            await page.ReadAsync(response, timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timeout.Barked)
        {
            throw new TimeoutException($"Listing {kind.Name} took longer than {settings.RequestTimeout.TotalSeconds} s");
        }
    }

    /// <param name="seen">Gets the names of what is in the page; null where nobody asks.</param>
    private ListEnd Take(PageBuffer page, HashSet<ResourceKey>? seen)
    {
        var items = new List<Received<T>>(settings.PageSize);
        var end = _json.ReadPage(page.Page, items);
        foreach (var item in items)
        {
            seen?.Add(ResourceKey.Of(item.Object));
            Set(item);
        }

        return end;
    }
}
