using System.Text.Json;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace Runner.Engine.Clusters;

/// <summary>How well a cache knows its objects.</summary>
public enum CacheHealth
{
    /// <summary>Not listed yet.</summary>
    Starting,

    /// <summary>Complete, and followed by a watch.</summary>
    Synced,

    /// <summary>Was complete; the watch is broken and is being restored.</summary>
    Interrupted,

    /// <summary>The API server does not have the kind or does not let us see it. Tried again now and then.</summary>
    Unavailable,
}

/// <summary>State of one cache at one moment.</summary>
/// <param name="Resource">Kind as the API server names it: <c>pods</c>, <c>services.serving.knative.dev</c>.</param>
/// <param name="Problem">Why it is not synced and what to try; empty when it is.</param>
/// <param name="LastEventAt">When the API server last said anything about this kind; null when never.</param>
/// <param name="Count">Objects held.</param>
public sealed record CacheStatus(string Resource, CacheHealth Health, string Problem, DateTimeOffset? LastEventAt, int Count);

/// <summary>
/// All objects of one kind, kept equal to the cluster's: listed in pages, then watched. After an interruption the watch goes on where it was;
/// where it cannot, everything is listed again and compared, so that a change is told once and none is missed.
/// </summary>
internal sealed partial class ResourceCache<T>(ClusterConnection connection, ResourceKind<T> kind, WatchSettings settings, TimeProvider time, ILogger logger)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Objects in etcd are at most some MB; the JSON of one is never longer.</summary>
    private const int MaxEventBytes = 32 * 1024 * 1024;

    private readonly ResourceStore<T> _store = new(kind.Owner);
    private readonly ResourceJson<T> _json = new(kind);
    private int _failures;
    private long _lastEventTicks;
    private volatile CacheHealth _health = CacheHealth.Starting;
    private volatile string _problem = "";

    /// <summary>An object changed, appeared (no before) or is gone (no after). Raised on the cache's own loop; handlers must be quick and must not throw.</summary>
    public event Action<T?, T?>? Changed;

    /// <summary>Everything was listed and compared; the changes found have been told.</summary>
    public event Action? Listed;

    /// <summary>Raised when health or problem changes.</summary>
    public event Action? StatusChanged;

    private enum WatchEnd
    {
        /// <summary>Closed or cut; goes on from the last version.</summary>
        Closed,

        /// <summary>The version is too old, or not of this cluster.</summary>
        Expired,

        /// <summary>Nothing came for so long that nothing ever will.</summary>
        Silent,
    }

    public CacheHealth Health => _health;

    public CacheStatus Status
    {
        get
        {
            var ticks = Interlocked.Read(ref _lastEventTicks);
            return new(kind.Name, _health, _problem, ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero), _store.Count);
        }
    }

    public T? Find(string @namespace, string name) => _store.Find(new(@namespace, name));

    public IReadOnlyList<T> All() => _store.All();

    /// <summary>Objects whose <see cref="ResourceKind{T}.Owner"/> is this.</summary>
    public IReadOnlyList<T> OwnedBy(string owner) => _store.OwnedBy(owner);

    /// <summary>JSON of an object where it is kept, without <c>managedFields</c>.</summary>
    public byte[]? JsonOf(string @namespace, string name) => _store.JsonOf(new(@namespace, name));

    /// <summary>Keeps the cache until cancelled. Never throws.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan pause;
            try
            {
                await connection.WaitUntilConnectedAsync(cancellationToken).ConfigureAwait(false);
                using var session = CancellationTokenSource.CreateLinkedTokenSource(connection.Session, cancellationToken);
                var version = await ListAsync(session.Token).ConfigureAwait(false);
                await WatchAsync(version, session.Token).ConfigureAwait(false);
                pause = settings.Relist.Delay(++_failures);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever went wrong, the cache must come back.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                pause = Interrupted(exception);
            }

            await connection.PauseAsync(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<string> ListAsync(CancellationToken cancellationToken)
    {
        var limit = settings.PageSize;
        var seen = new HashSet<ResourceKey>();
        string? next = null;
        string version;
        do
        {
            ListEnd end;
            try
            {
                end = await ReadPageAsync(kind.ListPath(limit, next), seen, cancellationToken).ConfigureAwait(false);
            }
            catch (ApiStatusException exception) when (exception.Code == 410 && next is not null)
            {
                // The pages took longer than the API server keeps a version: once more, all at once.
                (limit, next) = (0, null);
                seen.Clear();
                end = await ReadPageAsync(kind.ListPath(limit, next), seen, cancellationToken).ConfigureAwait(false);
            }

            (version, next) = end;
        }
        while (next is not null);

        foreach (var key in _store.Except(seen))
        {
            Remove(key);
        }

        SetStatus(CacheHealth.Synced, "");
        LogListed(connection.Name, kind.Name, seen.Count);
        Listed?.Invoke();
        return version;
    }

    private async Task<ListEnd> ReadPageAsync(string path, HashSet<ResourceKey> seen, CancellationToken cancellationToken)
    {
        using var timeout = new Watchdog(time, cancellationToken);
        timeout.Feed(settings.RequestTimeout);
        try
        {
            using var response = await RawApi.GetAsync(connection.Client, path, timeout.Token).ConfigureAwait(false);
            using var page = await PageBuffer.ReadAsync(response, timeout.Token).ConfigureAwait(false);
            Contacted();
            var items = new List<Received<T>>(settings.PageSize);
            var end = _json.ReadPage(page.Span, items);
            foreach (var item in items)
            {
                seen.Add(ResourceKey.Of(item.Object));
                Set(item);
            }

            return end;
        }
        catch (OperationCanceledException) when (timeout.Barked)
        {
            throw new TimeoutException($"Listing {kind.Name} took longer than {settings.RequestTimeout.TotalSeconds} s");
        }
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
                SetStatus(CacheHealth.Synced, "");
                if (end != WatchEnd.Closed)
                {
                    LogWatchEnded(connection.Name, kind.Name, end);
                    return;
                }
            }
            catch (ApiStatusException exception) when (exception.Code is 429 or >= 500)
            {
                connection.Suspect();
                SetStatus(CacheHealth.Interrupted, $"The API server cannot watch {kind.Name} now: {exception.Message}");
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
            using var response = await RawApi.GetAsync(connection.Client, kind.WatchPath(position.Version, lasts), silence.Token).ConfigureAwait(false);

            // The API server watches again after it could not, and will say so only by what comes.
            SetStatus(CacheHealth.Synced, "");
            using var lines = new LineReader(await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false), MaxEventBytes);
            return await FollowAsync(lines, position, silence).ConfigureAwait(false);
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

    private async Task<WatchEnd> FollowAsync(LineReader lines, Position position, Watchdog silence)
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

    private void Set(Received<T> item)
    {
        if (_store.Set(item, out var before))
        {
            Changed?.Invoke(before, item.Object);
        }
    }

    private void Remove(ResourceKey key)
    {
        if (_store.Remove(key, out var before))
        {
            Changed?.Invoke(before, null);
        }
    }

    private void Contacted()
    {
        Interlocked.Exchange(ref _lastEventTicks, time.GetUtcNow().UtcTicks);
        connection.Contacted();
    }

    /// <summary>Notes why the cache is behind, and says how long to wait.</summary>
    private TimeSpan Interrupted(Exception exception)
    {
        if (exception is OperationCanceledException)
        {
            // The connection was lost and is back: begin a new session.
            return TimeSpan.Zero;
        }

        _failures++;
        if (exception is ApiStatusException { Code: 401 or 403 or 404 or 405 } refusal)
        {
            SetStatus(CacheHealth.Unavailable, refusal.Code switch
            {
                403 => $"The runner may not list and watch {kind.Name}: {refusal.Message}. Grant it list and watch on {kind.Name}.",
                401 => $"The API server does not accept the runner's credentials: {refusal.Message}. Renew the token or certificate.",
                _ => $"The cluster does not know {kind.Name}. Install what provides it; the runner finds it by itself.",
            });
            if (refusal.Code == 401)
            {
                connection.Suspect();
            }

            LogUnavailable(connection.Name, kind.Name, _problem);
            return settings.Unavailable.Delay(_failures);
        }

        connection.Suspect();
        SetStatus(_health == CacheHealth.Starting ? CacheHealth.Starting : CacheHealth.Interrupted, ClusterProblem.Describe(exception, connection.Name));
        LogInterrupted(exception is JsonException ? exception : null, connection.Name, kind.Name, _problem);
        return settings.Relist.Delay(_failures);
    }

    private void SetStatus(CacheHealth health, string problem)
    {
        if (_health == health && _problem == problem)
        {
            return;
        }

        (_health, _problem) = (health, problem);
        StatusChanged?.Invoke();
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Cluster {Cluster}: listed {Count} of {Resource}")]
    private partial void LogListed(string cluster, string resource, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Cluster {Cluster}: the watch of {Resource} ended ({End}), listing again")]
    private partial void LogWatchEnded(string cluster, string resource, WatchEnd end);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cluster {Cluster}: {Resource} unavailable. {Problem}")]
    private partial void LogUnavailable(string cluster, string resource, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cluster {Cluster}: {Resource} interrupted. {Problem}")]
    private partial void LogInterrupted(Exception? exception, string cluster, string resource, string problem);

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
