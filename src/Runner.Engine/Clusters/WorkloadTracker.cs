using System.Diagnostics.CodeAnalysis;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads;

namespace Runner.Engine.Clusters;

/// <summary>
/// Projects the workloads of one <see cref="WorkloadSource"/> again whenever one of their objects changes, tells the observers and the feed. What happens to one
/// workload happens in order; many are told of at once, so that a change of one does not wait until that of another is on disk. What changes while an earlier state of it is
/// written goes to the feed ahead of that. After a list everything is looked through alone.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "A semaphore that nobody waits for synchronously holds nothing to dispose.")]
internal sealed partial class WorkloadTracker
{
    /// <summary>As many changes as may come while a slow disk writes one lot: pages need not wait for it until then.</summary>
    private const int Workers = 128;

    private readonly ClusterConnection _connection;
    private readonly ResourceCache<V1Pod> _pods;
    private readonly WorkloadFeed _feed;
    private readonly ObserverProgress[] _observers;
    private readonly WorkQueue<Work> _queue;

    /// <summary>What has to wait for a disk before it is told of, and need not for being shown.</summary>
    private readonly WorkQueue<WorkloadKey> _ahead;

    /// <summary>One for each change that is told of, all of them for looking through everything.</summary>
    private readonly SemaphoreSlim _room = new(Workers);
    private readonly ILogger _logger;
    private volatile bool _begun;
    private volatile bool _synced;

    public WorkloadTracker(
        ClusterConnection connection,
        WorkloadSource source,
        ResourceCache<V1Pod> pods,
        IEnumerable<ResourceCache<Corev1Event>> events,
        WorkloadFeed feed,
        IReadOnlyList<IWorkloadObserver> observers,
        WatchSettings settings,
        TimeProvider time,
        ILogger logger)
    {
        _connection = connection;
        Source = source;
        _pods = pods;
        _feed = feed;
        _observers = [.. observers.Select(observer => new ObserverProgress(observer))];
        _logger = logger;
        _queue = new($"{source.Name} of {connection.Name}", DoAsync, settings.Relist, time, logger);
        _ahead = new($"{source.Name} of {connection.Name}, ahead", ShowAsync, settings.Relist, time, logger);

        source.Dirty += Add;
        source.Refreshed += () => _queue.Add(Work.Everything);
        pods.Changed += (before, after) =>
        {
            var then = before is null ? null : source.KeyOf(before);
            var now = after is null ? null : source.KeyOf(after);
            Add(then);
            Add(now == then ? null : now);
        };
        pods.Listed += () => _queue.Add(Work.Everything);
        pods.StatusChanged += () =>
        {
            if (pods.Health == CacheHealth.Synced)
            {
                _queue.Add(Work.Everything);
            }
        };
        foreach (var cache in events)
        {
            cache.Changed += (before, after) => Touch((after ?? before)!);
        }

        connection.StatusChanged += _ => Reidentify();
    }

    /// <summary>Raised when <see cref="Synced"/> becomes true.</summary>
    public event Action? SyncedFirst;

    public WorkloadSource Source { get; }

    /// <summary>True once everything was listed and the feed has it.</summary>
    public bool Synced => _synced;

    /// <summary>Workloads that wait to be looked at again.</summary>
    public int QueueDepth => _queue.Count;

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_queue.RunAsync(Workers, cancellationToken), _ahead.RunAsync(1, cancellationToken));

    private void Add(WorkloadKey? key)
    {
        if (key is { } changed)
        {
            Add(changed);
        }
    }

    /// <summary>While the first lists come in nothing is projected: all of it is at once when they are there.</summary>
    private void Add(WorkloadKey key)
    {
        if (_begun && (!_queue.Add(new Work(key)) || _room.CurrentCount == 0))
        {
            _ahead.Add(key);
        }
    }

    private void Touch(Corev1Event e)
    {
        var (kind, name, @namespace) = (e.InvolvedObject?.Kind ?? "", e.InvolvedObject?.Name ?? "", e.Metadata.NamespaceProperty ?? "");
        var key = kind == "Pod" && _pods.Find(@namespace, name) is { } pod ? Source.KeyOf(pod) : null;
        var known = _feed.Current;
        if (key is null && EventOwners.ServiceOf(kind, name) is { } owner)
        {
            key = Source.Kinds.Select(kind => new WorkloadKey(_connection.Name, kind, @namespace, owner)).Where(known.ContainsKey).Cast<WorkloadKey?>().FirstOrDefault();
        }

        if (key is { } touched && known.ContainsKey(touched))
        {
            _feed.Touch(touched);
        }
    }

    /// <summary>A workload carries its cluster's id: when that becomes known or changes, all are projected again.</summary>
    private void Reidentify()
    {
        if (_synced && Known().Any(workload => workload.ClusterId != (_connection.Status.ClusterId ?? "")))
        {
            _queue.Add(Work.Everything);
        }
    }

    private async ValueTask DoAsync(Work work, CancellationToken cancellationToken)
    {
        var room = work.Key is null ? Workers : 1;
        var taken = 0;
        try
        {
            // Whoever wants all of it takes one after the other, in the row of those that wait for one: neither keeps the other out for long.
            for (; taken < room; taken++)
            {
                await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            if (work.Key is { } key)
            {
                await OneAsync(key, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await EverythingAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (taken > 0)
            {
                _room.Release(taken);
            }
        }
    }

    /// <summary>
    /// Gives the feed a newer state of what it has, while an earlier one is being written, or so many others are that this one waits for its turn. Not of a job: whoever sees its end
    /// may ask for its record, which is kept first.
    /// </summary>
    private ValueTask ShowAsync(WorkloadKey key, CancellationToken cancellationToken)
    {
        if (_synced && Project(key).Workload is { Job: null } workload)
        {
            _feed.Renew(workload);

            // Its turn may have come in between, with a newer state than this one: then it comes once more.
            _queue.Add(new Work(key));
        }

        return ValueTask.CompletedTask;
    }

    private async ValueTask OneAsync(WorkloadKey key, CancellationToken cancellationToken)
    {
        if (!_synced)
        {
            return;
        }

        var (workload, failure) = Project(key);
        Report(failure is null ? await TellAsync(key, workload, cancellationToken).ConfigureAwait(false) : [failure]);
    }

    /// <summary>After a list: tells what changed, then the whole.</summary>
    private async ValueTask EverythingAsync(CancellationToken cancellationToken)
    {
        if (!Source.Ready || _pods.Health != CacheHealth.Synced)
        {
            // The caches that are not there yet ask again when they are.
            return;
        }

        // Lists that come meanwhile are looked through once more.
        var listedAt = Math.Min(Source.ListedAt, _pods.ListedAt);
        var unseen = Source.Unseen;

        // From here on each change counts: what changed before is in the caches already.
        _begun = true;
        var failures = new List<Exception>();
        var workloads = new Dictionary<WorkloadKey, Workload>();
        var unreadable = new HashSet<WorkloadKey>();
        var telling = new List<Task<List<Exception>>>();
        foreach (var (key, (workload, failure)) in ProjectAll([.. Source.Keys().Union(Known().Select(workload => workload.Key))], cancellationToken))
        {
            if (failure is not null)
            {
                failures.Add(failure);
                unreadable.Add(key);
                continue;
            }

            if (_synced)
            {
                telling.Add(TellAsync(key, workload, cancellationToken));
            }

            if (workload is not null)
            {
                workloads[key] = workload;
            }
        }

        failures.AddRange((await Task.WhenAll(telling).ConfigureAwait(false)).SelectMany(failed => failed));
        if (!_synced)
        {
            // At the start pages and status answers need not wait until thousands of events for the hub are on disk.
            _feed.Set(workloads.Values);
            _synced = true;
            LogSynced(_connection.Name, workloads.Count, Source.Name);
            SyncedFirst?.Invoke();
        }

        var snapshot = new WorkloadSnapshot(_connection.Name, Source.Kinds, [.. workloads.Values], unreadable) { ListedAt = listedAt, Unseen = unseen };
        foreach (var observer in _observers)
        {
            await TryAsync(() => observer.SyncedAsync(snapshot, cancellationToken), failures, cancellationToken).ConfigureAwait(false);
        }

        Report(failures);
    }

    private IEnumerable<Workload> Known() =>
        _feed.Current.Values.Where(workload => workload.Key.Cluster == _connection.Name && Source.Kinds.Contains(workload.Key.Kind));

    /// <summary>Every observer has begun before the feed carries the change on; while they write to disk, pages have it already. What is gone is gone from the feed when all are done.</summary>
    /// <returns>What failed.</returns>
    private async Task<List<Exception>> TellAsync(WorkloadKey key, Workload? workload, CancellationToken cancellationToken)
    {
        var failures = new List<Exception>();
        foreach (var observer in _observers.Where(observer => observer.ComesFirst))
        {
            await TryAsync(() => observer.ChangedAsync(key, workload, cancellationToken), failures, cancellationToken).ConfigureAwait(false);
        }

        var telling = _observers.Where(observer => !observer.ComesFirst).Select(observer => observer.ChangedAsync(key, workload, cancellationToken).AsTask()).ToList();
        if (workload is not null && workload.Equals(_feed.Set(workload)))
        {
            // A label or the like, which the workload does not show and its manifest does.
            _feed.TouchObject(key);
        }

        foreach (var told in telling)
        {
            await TryAsync(() => new ValueTask(told), failures, cancellationToken).ConfigureAwait(false);
        }

        if (workload is null)
        {
            _feed.Remove(key);
        }

        return failures;
    }

    /// <summary>Whoever waits for the first view waits for this alone by then, so that every processor takes part.</summary>
    private IEnumerable<(WorkloadKey Key, Projected Projected)> ProjectAll(WorkloadKey[] keys, CancellationToken cancellationToken)
    {
        var projected = new Projected[keys.Length];
        Parallel.For(0, keys.Length, new ParallelOptions { CancellationToken = cancellationToken }, i => projected[i] = Project(keys[i]));
        return keys.Zip(projected);
    }

    /// <summary>Projects one workload.</summary>
    private Projected Project(WorkloadKey key)
    {
        try
        {
            return new(Source.Project(key), null);
        }
#pragma warning disable CA1031 // One object that cannot be read must not stop the others.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return new(null, new InvalidOperationException($"The objects of {key} could not be understood: {exception.Message}", exception));
        }
    }

    /// <summary>An observer that fails must not keep the feed from the others; it is called again later for the same change.</summary>
    private static async ValueTask TryAsync(Func<ValueTask> call, List<Exception> failures, CancellationToken cancellationToken)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            failures.Add(exception);
        }
    }

    private static void Report(List<Exception> failures)
    {
        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Cluster {Cluster}: knows {Count} {Kinds}")]
    private partial void LogSynced(string cluster, int count, string kinds);

    /// <param name="Workload">Null when it does not exist.</param>
    /// <param name="Failure">Why its objects could not be understood: what was known of it stays, and the others go on. Null when they could.</param>
    private readonly record struct Projected(Workload? Workload, Exception? Failure);

    /// <param name="Key">Null for all of them.</param>
    private readonly record struct Work(WorkloadKey? Key)
    {
        public static Work Everything => new(null);

        public override string ToString() => Key?.ToString() ?? "everything";
    }
}
