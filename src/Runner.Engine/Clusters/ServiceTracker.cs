using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Clusters;

/// <summary>
/// Projects the services of one cluster again whenever one of their objects changes, tells the observers in order and then the feed.
/// Everything happens on one worker, so that nothing overtakes.
/// </summary>
internal sealed partial class ServiceTracker
{
    private readonly ClusterConnection _connection;
    private readonly ClusterState _state;
    private readonly string _namespace;
    private readonly WorkloadFeed _feed;
    private readonly ObserverProgress[] _observers;
    private readonly WorkQueue<Work> _queue;
    private readonly ILogger _logger;
    private volatile bool _synced;

    public ServiceTracker(
        ClusterConnection connection,
        ClusterState state,
        string @namespace,
        WorkloadFeed feed,
        IReadOnlyList<IWorkloadObserver> observers,
        WatchSettings settings,
        TimeProvider time,
        ILogger logger)
    {
        _connection = connection;
        _state = state;
        _namespace = @namespace;
        _feed = feed;
        _observers = [.. observers.Select(observer => new ObserverProgress(observer))];
        _logger = logger;
        _queue = new($"services of {connection.Name}", DoAsync, settings.Relist, time, logger);

        Follow(state.Services, service => service.Metadata.Name);
        Follow(state.Revisions, revision => revision.GetLabel(KnativeNames.ServiceLabel));
        Follow(state.Pods, pod => pod.GetLabel(KnativeNames.ServiceLabel));
        state.Events.Changed += (before, after) => Touch((after ?? before)!);
        connection.StatusChanged += _ => Reidentify();
    }

    /// <summary>Raised when <see cref="Synced"/> becomes true.</summary>
    public event Action? SyncedFirst;

    /// <summary>True once everything was listed and the feed has it.</summary>
    public bool Synced => _synced;

    public Task RunAsync(CancellationToken cancellationToken) => _queue.RunAsync(1, cancellationToken);

    private void Follow<T>(ResourceCache<T> cache, Func<T, string?> serviceOf)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        cache.Changed += (before, after) =>
        {
            var then = before is null ? null : serviceOf(before);
            var now = after is null ? null : serviceOf(after);
            foreach (var name in new[] { then, then == now ? null : now }.OfType<string>())
            {
                _queue.Add(new Work(name));
            }
        };
        cache.Listed += () => _queue.Add(Work.Everything);

        // What was listed while a watch could not be opened has been put off until then.
        cache.StatusChanged += () =>
        {
            if (cache.Health == CacheHealth.Synced)
            {
                _queue.Add(Work.Everything);
            }
        };
    }

    private void Touch(Corev1Event e)
    {
        if (EventOwners.ServiceOf(e.InvolvedObject?.Kind ?? "", e.InvolvedObject?.Name ?? "") is { } name && _feed.Current.ContainsKey(KeyOf(name)))
        {
            _feed.Touch(KeyOf(name));
        }
    }

    /// <summary>A workload carries its cluster's id: when that becomes known or changes, all are projected again.</summary>
    private void Reidentify()
    {
        if (_synced && _feed.Current.Values.Any(workload => workload.Key.Cluster == _connection.Name && workload.ClusterId != (_connection.Status.ClusterId ?? "")))
        {
            _queue.Add(Work.Everything);
        }
    }

    private ValueTask DoAsync(Work work, CancellationToken cancellationToken) =>
        work.Service is { } name ? OneAsync(name, cancellationToken) : EverythingAsync(cancellationToken);

    private async ValueTask OneAsync(string name, CancellationToken cancellationToken)
    {
        if (!_synced)
        {
            return;
        }

        var failures = new List<Exception>();
        await TellAsync(name, failures, cancellationToken).ConfigureAwait(false);
        Report(failures);
    }

    /// <summary>After a list: tells what changed, then the whole.</summary>
    private async ValueTask EverythingAsync(CancellationToken cancellationToken)
    {
        if (_state.Services.Health != CacheHealth.Synced || _state.Revisions.Health != CacheHealth.Synced || _state.Pods.Health != CacheHealth.Synced)
        {
            // The caches that are not there yet ask again when they are.
            return;
        }

        var failures = new List<Exception>();
        var workloads = new Dictionary<string, Workload>();
        foreach (var name in _state.Services.All().Select(service => service.Metadata.Name).Union(Known()).ToList())
        {
            var workload = _synced ? await TellAsync(name, failures, cancellationToken).ConfigureAwait(false) : TryProject(name, failures);
            if (workload is not null)
            {
                workloads[name] = workload;
            }
        }

        foreach (var observer in _observers)
        {
            await TryAsync(() => observer.SyncedAsync(_connection.Name, workloads, cancellationToken), failures, cancellationToken).ConfigureAwait(false);
        }

        foreach (var workload in workloads.Values)
        {
            _feed.Set(workload);
        }

        if (!_synced)
        {
            _synced = true;
            LogSynced(_connection.Name, workloads.Count);
            SyncedFirst?.Invoke();
        }

        Report(failures);
    }

    private List<string> Known() =>
        [.. _feed.Current.Keys.Where(key => key.Cluster == _connection.Name && key.Kind == WorkloadKind.Service).Select(key => key.Name)];

    private async ValueTask<Workload?> TellAsync(string name, List<Exception> failures, CancellationToken cancellationToken)
    {
        Workload? workload;
        try
        {
            workload = Project(name);
        }
#pragma warning disable CA1031 // One object that cannot be read must not stop the others; what was known of it stays.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failures.Add(exception);
            return _feed.Current.GetValueOrDefault(KeyOf(name));
        }

        foreach (var observer in _observers)
        {
            await TryAsync(() => observer.ChangedAsync(name, workload, cancellationToken), failures, cancellationToken).ConfigureAwait(false);
        }

        if (workload is null)
        {
            _feed.Remove(KeyOf(name));
        }
        else
        {
            _feed.Set(workload);
        }

        return workload;
    }

    private Workload? TryProject(string name, List<Exception> failures)
    {
        try
        {
            return Project(name);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failures.Add(exception);
            return null;
        }
    }

    private Workload? Project(string name) =>
        _state.Services.Find(_namespace, name) is { } service
            ? ServiceProjection.Project(_connection.Name, _connection.Status.ClusterId ?? "", service, _state.Revisions.OwnedBy(name), _state.Pods.OwnedBy(name))
            : null;

    private WorkloadKey KeyOf(string name) => new(_connection.Name, WorkloadKind.Service, _namespace, name);

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

    [LoggerMessage(Level = LogLevel.Information, Message = "Cluster {Cluster}: knows {Count} services")]
    private partial void LogSynced(string cluster, int count);

    /// <param name="Service">Null for all of them.</param>
    private readonly record struct Work(string? Service)
    {
        public static Work Everything => new(null);

        public override string ToString() => Service ?? "everything";
    }
}
