using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Telemetry;

namespace Runner.Engine.Clusters.Caches;

/// <content>The watch that follows a list.</content>
internal sealed partial class ResourceCache<T>
{
    /// <summary>Objects in etcd are at most some MB; the JSON of one is never longer.</summary>
    private const int MaxEventBytes = 32 * 1024 * 1024;

    private enum WatchEnd
    {
        /// <summary>Closed or cut; goes on from the last version.</summary>
        Closed,

        /// <summary>The version is too old, or not of this cluster.</summary>
        Expired,

        /// <summary>Nothing came for so long that nothing ever will.</summary>
        Silent,
    }

    /// <summary>Keeps up with the cluster until a new list is due.</summary>
    /// <returns>True after a watch; false where the kind may not be watched, and enough time has passed.</returns>
    private async Task<bool> FollowAsync(string version, CancellationToken cancellationToken)
    {
        try
        {
            await WatchAsync(version, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ApiStatusException refusal) when (refusal.Code == 403)
        {
            var problem = new LocalText(
                $"The runner may list {kind.Name} but not watch them: {refusal.Message}. They are listed every {settings.Poll.TotalSeconds:0} s instead. Grant it watch on {kind.Name}.",
                $"Runner 可以列出但无权监视 {kind.Name}：{refusal.Message}。现改为每 {settings.Poll.TotalSeconds:0} 秒列出一次。请授予对 {kind.Name} 的 watch 权限。");
            if (_unwatched.Length == 0)
            {
                LogUnwatched(connection.Name, kind.Name, problem);
            }

            _unwatched = problem;
            SetStatus(CacheHealth.Synced, problem);
        }

        _failures = 0;
        using var period = new CancellationTokenSource(settings.Poll, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(period.Token, cancellationToken);
        try
        {
            await FollowPartAsync(version, either.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (period.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Until cancelled, or only a new list helps: watches the namespace that matters most, where one is named and may be watched.</summary>
    private async Task FollowPartAsync(string version, CancellationToken cancellationToken)
    {
        if (_narrowed is null && kind.NamespaceWhenForbidden is { } part)
        {
            // Versions count for the whole cluster: what was listed of all goes on in a part.
            _narrowed = kind with { Namespace = part };
            try
            {
                await WatchAsync(version, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (ApiStatusException refusal) when (refusal.Code == 403)
            {
                // Not there either.
            }
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Watches until only a new list helps.</summary>
    private async Task WatchAsync(string version, CancellationToken cancellationToken)
    {
        var position = new Position(version);
        var failures = 0;
        while (true)
        {
            var opened = time.GetTimestamp();
            var heard = position.Heard;
            try
            {
                var end = await WatchOnceAsync(position, cancellationToken).ConfigureAwait(false);
                EngineMetrics.WatchesEnded.Add(1, new("cluster", connection.Name), new("resource", kind.Name), new("end", end));
                SetStatus(CacheHealth.Synced, _unwatched);
                if (end != WatchEnd.Closed)
                {
                    LogWatchEnded(connection.Name, kind.Name, end);
                    return;
                }
            }
            catch (ApiStatusException exception) when (exception.Code is 429 or >= 500)
            {
                connection.Suspect();
                SetStatus(CacheHealth.Interrupted, new($"The API server cannot watch {kind.Name} now: {exception.Message}", $"API 服务器目前无法监视 {kind.Name}：{exception.Message}"));
            }

            failures = position.Heard > heard || time.GetElapsedTime(opened) >= settings.HealthyWatch ? 0 : failures + 1;
            if (failures == 0)
            {
                _failures = 0;
            }
            else
            {
                await Task.Delay(settings.Reopen.Delay(failures), time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<WatchEnd> WatchOnceAsync(Position position, CancellationToken cancellationToken)
    {
#pragma warning disable CA5394 // Spreading is no secret.
        var lasts = settings.WatchTimeout * (1 + Random.Shared.NextDouble());
#pragma warning restore CA5394
        using var silence = new Watchdog(time, cancellationToken);
        silence.Feed(settings.WatchSilence);
        try
        {
            using var response = await RawApi.GetAsync(connection.Client, Scope.WatchPath(position.Version, lasts), silence.Token).ConfigureAwait(false);
            connection.Contacted();

            // The API server watches again after it could not, and will say so only by what comes.
            _unwatched = _narrowed is null || !_seesAll ? LocalText.None : _unwatched;
            SetStatus(CacheHealth.Synced, _unwatched);
            using var lines = new LineReader(await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false), MaxEventBytes);
            return await ReadEventsAsync(lines, position, silence).ConfigureAwait(false);
        }
        catch (ApiStatusException exception) when (exception.Code == 410)
        {
            return WatchEnd.Expired;
        }
        catch (OperationCanceledException) when (silence.Barked)
        {
            return WatchEnd.Silent;
        }
    }

    private async Task<WatchEnd> ReadEventsAsync(LineReader lines, Position position, Watchdog silence)
    {
        while (true)
        {
            ReadOnlyMemory<byte>? line;
            try
            {
                line = await lines.ReadAsync(silence.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException)
            {
                // Cut, or closed while idle: to HttpClient both are a broken stream.
                return WatchEnd.Closed;
            }

            if (line is null)
            {
                return WatchEnd.Closed;
            }

            if (line.Value.IsEmpty)
            {
                continue;
            }

            Contacted();
            silence.Feed(settings.WatchSilence);
            var received = _json.ReadEvent(line.Value.Span);
            if (received.Error is { } error)
            {
                return error.Code == 410 ? WatchEnd.Expired : throw error;
            }

            if (!position.Advance(received.ResourceVersion))
            {
                return WatchEnd.Expired;
            }

            _failures = 0;
            Handle(received);
        }
    }

    private void Handle(WatchEvent<T> received)
    {
        switch (received.Type)
        {
            case WatchEventType.Added or WatchEventType.Modified:
                Set(received.Item);
                break;
            case WatchEventType.Deleted:
                Remove(ResourceKey.Of(received.Item.Object));
                break;
            default:
                break;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cluster {Cluster}: {Resource} cannot be watched. {Problem}")]
    private partial void LogUnwatched(string cluster, string resource, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Cluster {Cluster}: the watch of {Resource} ended ({End}), listing again")]
    private partial void LogWatchEnded(string cluster, string resource, WatchEnd end);

    /// <summary>Where a watch goes on.</summary>
    private sealed class Position(string version)
    {
        public string Version { get; private set; } = version;

        /// <summary>Events and bookmarks so far.</summary>
        public int Heard { get; private set; }

        /// <summary>Moves on.</summary>
        /// <returns>False when the version lies before the one known: the cluster was restored or replaced.</returns>
        public bool Advance(string version)
        {
            if (ulong.TryParse(version, out var to) && ulong.TryParse(Version, out var from) && to < from)
            {
                return false;
            }

            Version = version;
            Heard++;
            return true;
        }
    }
}
