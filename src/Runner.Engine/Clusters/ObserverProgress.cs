using Runner.Engine.Workloads;

namespace Runner.Engine.Clusters;

/// <summary>
/// How far one observer has come: what it last took of each service. A change it failed to take is told again from there,
/// so that it never misses a state's beginning or end.
/// </summary>
internal sealed class ObserverProgress(IWorkloadObserver observer)
{
    private Dictionary<string, Workload> _taken = [];
    private bool _synced;

    /// <summary>Tells the observer about a service, unless it knows already, or has yet to be told the whole.</summary>
    public async ValueTask ChangedAsync(string name, Workload? after, CancellationToken cancellationToken)
    {
        var before = _taken.GetValueOrDefault(name);
        if (!_synced || Equals(before, after))
        {
            return;
        }

        if (before is not null && after is not null && before.Uid != after.Uid)
        {
            await observer.ChangedAsync(before, null, cancellationToken).ConfigureAwait(false);
            _taken.Remove(name);
            before = null;
        }

        await observer.ChangedAsync(before, after, cancellationToken).ConfigureAwait(false);
        if (after is null)
        {
            _taken.Remove(name);
        }
        else
        {
            _taken[name] = after;
        }
    }

    /// <summary>Tells the observer the whole.</summary>
    public async ValueTask SyncedAsync(string cluster, IReadOnlyDictionary<string, Workload> workloads, CancellationToken cancellationToken)
    {
        _synced = false;
        await observer.SyncedAsync(cluster, [.. workloads.Values], cancellationToken).ConfigureAwait(false);
        _taken = new(workloads);
        _synced = true;
    }
}
