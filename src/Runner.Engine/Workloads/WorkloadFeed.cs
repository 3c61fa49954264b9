using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Runner.Engine.Workloads;

/// <summary>
/// The one change feed: current state of every workload of every cluster, and who wants to know when it changes.
/// Snapshot and subscription are taken under one lock, so that a subscriber misses nothing and sees nothing twice.
/// </summary>
public sealed class WorkloadFeed
{
    /// <summary>How long whoever made an object waits for a watch to tell of it.</summary>
    internal static readonly TimeSpan WatchPatience = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly List<Action<WorkloadKey>> _told = [];
    private ImmutableDictionary<WorkloadKey, Workload> _workloads = ImmutableDictionary<WorkloadKey, Workload>.Empty;

    /// <summary>
    /// Raised, on any thread, when objects of a workload changed and the workload did not: what shows the objects themselves looks again. As often as objects change; handlers must be
    /// quick and must not throw.
    /// </summary>
    public event Action<WorkloadKey>? ObjectChanged;

    /// <summary>Everything as it is now.</summary>
    public ImmutableDictionary<WorkloadKey, Workload> Current => Volatile.Read(ref _workloads);

    /// <summary>Stores many new states at once and tells every subscriber of those that do not equal what is known.</summary>
    public void Set(IEnumerable<Workload> workloads)
    {
        lock (_lock)
        {
            var all = _workloads.ToBuilder();
            var changed = new List<WorkloadKey>();
            foreach (var workload in workloads)
            {
                if (!all.TryGetValue(workload.Key, out var before) || !workload.Equals(before))
                {
                    all[workload.Key] = workload;
                    changed.Add(workload.Key);
                }
            }

            _workloads = all.ToImmutable();
            changed.ForEach(Tell);
        }
    }

    /// <summary>Stores the new state and tells every subscriber. Does nothing when it equals what is known.</summary>
    /// <returns>What was known before, or null.</returns>
    public Workload? Set(Workload workload)
    {
        lock (_lock)
        {
            _workloads.TryGetValue(workload.Key, out var before);
            if (workload.Equals(before))
            {
                return before;
            }

            _workloads = _workloads.SetItem(workload.Key, workload);
            Tell(workload.Key);
            return before;
        }
    }

    /// <summary>As <see cref="Set(Workload)"/>, but only where the same object is known: one that is new, or gone by now, stays out.</summary>
    internal void Renew(Workload workload)
    {
        lock (_lock)
        {
            if (_workloads.TryGetValue(workload.Key, out var before) && before.Uid == workload.Uid)
            {
                Set(workload);
            }
        }
    }

    /// <summary>Forgets a workload that is gone from its cluster.</summary>
    /// <returns>What was known before, or null.</returns>
    public Workload? Remove(WorkloadKey key)
    {
        lock (_lock)
        {
            if (!_workloads.TryGetValue(key, out var before))
            {
                return null;
            }

            _workloads = _workloads.Remove(key);
            Tell(key);
            return before;
        }
    }

    /// <summary>Tells subscribers that something beside the workload itself changed, such as its Kubernetes events.</summary>
    public void Touch(WorkloadKey key)
    {
        lock (_lock)
        {
            Tell(key);
        }
    }

    /// <summary>Raises <see cref="ObjectChanged"/>; no subscriber is told.</summary>
    internal void TouchObject(WorkloadKey key) => ObjectChanged?.Invoke(key);

    /// <summary>Everything as it is now, and from then on the keys of what changes. Dispose to end it.</summary>
    public WorkloadSubscription Subscribe()
    {
        lock (_lock)
        {
            var subscription = new WorkloadSubscription(this, _workloads);
            _told.Add(subscription.Tell);
            return subscription;
        }
    }

    /// <summary>Tells <paramref name="changed"/> the key of each change from now on, until the result is disposed; the state is in <see cref="Current"/> by then, and a key that is not there is gone.</summary>
    /// <param name="changed">Is called on the thread of whoever brings the change, under the feed's lock: it must be quick, must not throw, and must not call the feed.</param>
    public IDisposable Subscribe(Action<WorkloadKey> changed)
    {
        lock (_lock)
        {
            _told.Add(changed);
        }

        return new Telling(this, changed);
    }

    /// <summary>Gives everything and from then on what changes, keys of what is gone included, to <paramref name="look"/> until cancelled; after it threw, everything once more.</summary>
    /// <param name="look">Is called with one batch of keys after the other.</param>
    /// <param name="failed">Is told what <paramref name="look"/> threw.</param>
    /// <param name="time">Measures the pause after that.</param>
    /// <param name="cancellationToken">Ends it, without an exception.</param>
    internal async Task FollowAsync(Action<IEnumerable<WorkloadKey>> look, Action<Exception> failed, TimeProvider time, CancellationToken cancellationToken)
    {
        using var subscription = Subscribe();
        IEnumerable<WorkloadKey> keys = subscription.Snapshot.Keys;
        await RestartedLoop.RunAsync(
            async stop =>
            {
                while (true)
                {
                    look(keys);
                    keys = await subscription.NextAsync(stop).ConfigureAwait(false);
                }
            },
            exception =>
            {
                failed(exception);
                keys = Current.Keys;
            },
            time,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until a watch has told of an object that was just made: whoever made it may ask for it right after, and is answered from here.</summary>
    /// <returns>False when none has told in time.</returns>
    internal Task<bool> WaitForAsync(WorkloadKey key, string uid, TimeProvider time, CancellationToken cancellationToken) =>
        WaitUntilAsync(() => Current.TryGetValue(key, out var seen) && seen.Uid == uid, time, cancellationToken);

    /// <summary>Waits until a watch has told that objects which were just deleted are gone, or go.</summary>
    /// <returns>False when none has told in time.</returns>
    internal Task<bool> WaitForEndAsync(WorkloadKey key, IReadOnlyList<string> uids, TimeProvider time) =>
        WaitUntilAsync(() => !(Current.TryGetValue(key, out var seen) && seen.Status != DeployStatus.Stopped && uids.Contains(seen.Uid)), time, CancellationToken.None);

    private async Task<bool> WaitUntilAsync(Func<bool> isSo, TimeProvider time, CancellationToken cancellationToken)
    {
        using var subscription = Subscribe();
        using var patience = new CancellationTokenSource(WatchPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            while (!isSo())
            {
                await subscription.NextAsync(either.Token).ConfigureAwait(false);
            }

            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    internal void Remove(Action<WorkloadKey> changed)
    {
        lock (_lock)
        {
            _told.Remove(changed);
        }
    }

    private void Tell(WorkloadKey key)
    {
        foreach (var changed in _told)
        {
            changed(key);
        }
    }

    private sealed class Telling(WorkloadFeed feed, Action<WorkloadKey> changed) : IDisposable
    {
        public void Dispose() => feed.Remove(changed);
    }
}

/// <summary>
/// One subscriber of a <see cref="WorkloadFeed"/>. Changes that arrive before they are taken are merged per key, so that a slow
/// subscriber holds at most one entry a workload and always sees the newest state.
/// </summary>
public sealed class WorkloadSubscription : IDisposable
{
    private readonly WorkloadFeed _feed;
    private readonly ConcurrentDictionary<WorkloadKey, bool> _dirty = new();
    private readonly SemaphoreSlim _signal = new(0, 1);

    internal WorkloadSubscription(WorkloadFeed feed, ImmutableDictionary<WorkloadKey, Workload> snapshot)
    {
        _feed = feed;
        Snapshot = snapshot;
    }

    /// <summary>The state at the moment of subscribing.</summary>
    public ImmutableDictionary<WorkloadKey, Workload> Snapshot { get; }

    /// <summary>Waits until something changed, then gives the keys of all that did. Look the state up in <see cref="WorkloadFeed.Current"/>; a key that is not there is gone.</summary>
    public async ValueTask<IReadOnlyCollection<WorkloadKey>> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _signal.WaitAsync(cancellationToken).ConfigureAwait(false);
            var keys = _dirty.Keys.ToArray();
            foreach (var key in keys)
            {
                _dirty.TryRemove(key, out _);
            }

            if (keys.Length > 0)
            {
                return keys;
            }
        }
    }

    public void Dispose() => _feed.Remove(Tell);

    internal void Tell(WorkloadKey key)
    {
        _dirty[key] = true;

        // Released under the feed's lock, so that only one caller at a time looks at the count.
        if (_signal.CurrentCount == 0)
        {
            _signal.Release();
        }
    }
}
