using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Clusters.Caches;

/// <summary>How well a cache knows its objects.</summary>
public enum CacheHealth
{
    /// <summary>Not listed yet.</summary>
    Starting,

    /// <summary>Complete, and followed by a watch; or, with a problem, listed again and again because it may not be watched.</summary>
    Synced,

    /// <summary>Was complete; the watch is broken and is being restored.</summary>
    Interrupted,

    /// <summary>The API server does not have the kind or does not let us see it. Tried again now and then.</summary>
    Unavailable,
}

/// <summary>State of one cache at one moment.</summary>
/// <param name="Resource">Kind as the API server names it: <c>pods</c>, <c>services.serving.knative.dev</c>.</param>
/// <param name="Problem">Why it is not synced, or lags behind, and what to try; empty when it follows the cluster.</param>
/// <param name="LastEventAt">When the API server last said anything about this kind; null when never.</param>
/// <param name="Count">Objects held.</param>
public sealed record CacheStatus(string Resource, CacheHealth Health, LocalText Problem, DateTimeOffset? LastEventAt, int Count)
{
    /// <summary>Whether it is unavailable because the cluster does not know the kind.</summary>
    public bool IsUnknownKind { get; init; }
}

/// <summary>
/// All objects of one kind, kept equal to the cluster's: listed in pages, then watched. After an interruption the watch goes on where it was;
/// where it cannot, everything is listed again and compared, so that a change is told once and none is missed. Where the runner may list and not
/// watch, as with the official chart's rights, that is done every <see cref="WatchSettings.Poll"/>.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "A source without a timer holds nothing to dispose, and somebody may be about to cancel it.")]
internal sealed partial class ResourceCache<T>(ClusterConnection connection, ResourceKind<T> kind, WatchSettings settings, TimeProvider time, ILogger logger) : IResourceCache
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly ResourceStore<T> _store = new(kind.Owner);
    private readonly ResourceJson<T> _json = new(kind);
    private ResourceKind<T>? _narrowed;
    private int _failures;
    private long _lastEventTicks;
    private long _listBegan = long.MinValue;
    private long _listedAt = long.MinValue;

    /// <summary>Cancelled to have everything listed again.</summary>
    private CancellationTokenSource _again = new();
    private volatile CacheHealth _health = CacheHealth.Starting;
    private volatile LocalText _problem = LocalText.None;
    private volatile bool _unknownKind;

    /// <summary>Why the kind is not watched; empty while it is.</summary>
    private LocalText _unwatched = LocalText.None;
    private volatile bool _seesAll;

    /// <summary>An object changed, appeared (no before) or is gone (no after). Raised on the cache's own loop; handlers must be quick and must not throw.</summary>
    public event Action<T?, T?>? Changed;

    /// <summary>Everything was listed again and compared, and the changes found have been told, while the status stayed as it is.</summary>
    public event Action? Listed;

    /// <summary>Raised when health or problem changes.</summary>
    public event Action? StatusChanged;

    public CacheHealth Health => _health;

    public long ListedAt => Interlocked.Read(ref _listedAt);

    /// <summary>True when the last list was of all that was wanted, not only of <see cref="ResourceKind{T}.NamespaceWhenForbidden"/>.</summary>
    public bool SeesAll => _seesAll;

    public CacheStatus Status
    {
        get
        {
            var ticks = Interlocked.Read(ref _lastEventTicks);
            return new(kind.Name, _health, _problem, ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero), _store.Count) { IsUnknownKind = _unknownKind };
        }
    }

    /// <summary>What is listed and watched: less than wanted where the runner may not see all.</summary>
    private ResourceKind<T> Scope => _narrowed ?? kind;

    public T? Find(string @namespace, string name) => _store.Find(new(@namespace, name));

    public IReadOnlyList<T> All() => _store.All();

    /// <summary>Objects whose <see cref="ResourceKind{T}.Owner"/> is this.</summary>
    public IReadOnlyList<T> OwnedBy(string owner) => _store.OwnedBy(owner);

    /// <summary>JSON of an object where it is kept, without <c>managedFields</c>.</summary>
    public byte[]? JsonOf(string @namespace, string name) => _store.JsonOf(new(@namespace, name));

    public void Freshen(long since)
    {
        if (Interlocked.Read(ref _listBegan) < since)
        {
            Volatile.Read(ref _again).Cancel();
        }
    }

    /// <summary>Keeps the cache until cancelled. Never throws.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan pause;
            try
            {
                await connection.WaitUntilConnectedAsync(cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref _again, new CancellationTokenSource());
                using var session = CancellationTokenSource.CreateLinkedTokenSource(_again.Token, connection.Session, cancellationToken);
                var version = await ListAsync(session.Token).ConfigureAwait(false);
                pause = await FollowAsync(version, session.Token).ConfigureAwait(false) ? settings.Relist.Delay(++_failures) : TimeSpan.Zero;
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
            // The connection was lost and is back, or all is wanted once more.
            return TimeSpan.Zero;
        }

        _failures++;
        if (exception is ApiStatusException { Code: 401 or 403 or 404 or 405 } refusal)
        {
            _unknownKind = refusal.Code is 404 or 405;
            var news = SetStatus(CacheHealth.Unavailable, refusal.Code switch
            {
                403 => new(
                    $"The runner may not list and watch {kind.Name}: {refusal.Message}. Grant it list and watch on {kind.Name}.",
                    $"Runner 无权列出和监视 {kind.Name}：{refusal.Message}。请授予对 {kind.Name} 的 list 和 watch 权限。"),
                401 => new(
                    $"The API server does not accept the runner's credentials: {refusal.Message}. Renew the token or certificate.",
                    $"API 服务器不接受 Runner 的凭据：{refusal.Message}。请更新令牌或证书。"),
                _ => new(
                    $"The cluster does not know {kind.Name}. Install what provides it; the runner finds it by itself.",
                    $"集群不认识 {kind.Name}。请安装提供它的组件；Runner 会自动发现。"),
            });
            if (refusal.Code == 401)
            {
                connection.Suspect();
            }

            // It is tried every half minute, and told once.
            if (news)
            {
                LogUnavailable(connection.Name, kind.Name, _problem);
            }

            return settings.Unavailable.Delay(_failures);
        }

        connection.Suspect();
        SetStatus(_health == CacheHealth.Starting ? CacheHealth.Starting : CacheHealth.Interrupted, ClusterProblem.Describe(exception, connection.Name));
        LogInterrupted(exception is JsonException ? exception : null, connection.Name, kind.Name, _problem);
        return settings.Relist.Delay(_failures);
    }

    /// <returns>False when there is nothing new to tell.</returns>
    private bool SetStatus(CacheHealth health, LocalText problem)
    {
        if (_health == health && _problem == problem)
        {
            return false;
        }

        (_health, _problem) = (health, problem);
        StatusChanged?.Invoke();
        return true;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Cluster {Cluster}: listed {Count} of {Resource}")]
    private partial void LogListed(string cluster, string resource, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Cluster {Cluster}: {Resource} can be seen in namespace {Namespace} only. {Problem}")]
    private partial void LogNarrowed(string cluster, string resource, string @namespace, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cluster {Cluster}: {Resource} unavailable. {Problem}")]
    private partial void LogUnavailable(string cluster, string resource, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cluster {Cluster}: {Resource} interrupted. {Problem}")]
    private partial void LogInterrupted(Exception? exception, string cluster, string resource, string problem);
}
