using System.Collections.Concurrent;
using Runner.Engine.Workloads;

namespace Runner.Engine.Clusters.Caches;

/// <summary>
/// How far one observer has come: what it last took of each workload of a source. A change it failed to take is told again from there,
/// so that it never misses a state's beginning or end. Different workloads may be told of at once; the whole alone.
/// </summary>
internal sealed class ObserverProgress(IWorkloadObserver observer)
{
    private ConcurrentDictionary<WorkloadKey, Workload> _taken = [];
    private bool _synced;

    /// <inheritdoc cref="IWorkloadObserver.ComesFirst"/>
    public bool ComesFirst => observer.ComesFirst;

    /// <summary>Tells the observer about a workload, unless it knows already, or has yet to be told the whole.</summary>
    public async ValueTask ChangedAsync(WorkloadKey key, Workload? after, CancellationToken cancellationToken)
    {
        var before = _taken.GetValueOrDefault(key);
        if (!_synced || Equals(before, after))
        {
            return;
        }

        if (before is not null && after is not null && before.Uid != after.Uid && !observer.TellsApart)
        {
            await observer.ChangedAsync(before, null, cancellationToken).ConfigureAwait(false);
            _taken.TryRemove(key, out _);
            before = null;
        }

        await observer.ChangedAsync(before, after, cancellationToken).ConfigureAwait(false);
        if (after is null)
        {
            _taken.TryRemove(key, out _);
        }
        else
        {
            _taken[key] = after;
        }
    }

    /// <summary>Tells the observer the whole.</summary>
    public async ValueTask SyncedAsync(WorkloadSnapshot snapshot, CancellationToken cancellationToken)
    {
        _synced = false;
        await observer.SyncedAsync(snapshot, cancellationToken).ConfigureAwait(false);
        var taken = snapshot.Workloads.ToDictionary(workload => workload.Key);
        foreach (var key in snapshot.Unreadable)
        {
            if (_taken.TryGetValue(key, out var known))
            {
                taken[key] = known;
            }
        }

        _taken = new(taken);
        _synced = true;
    }
}
