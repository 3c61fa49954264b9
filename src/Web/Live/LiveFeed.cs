using Runner.Engine.Workloads;

namespace Runner.Web.Live;

/// <summary>What changed since the last batch.</summary>
/// <param name="Workloads">Keys of workloads that changed, appeared or went. Their state is in <see cref="IConsoleEngine.Workloads"/>.</param>
/// <param name="Clusters">True when a connection's state changed.</param>
/// <param name="Hub">True when the outbox's state changed.</param>
public sealed record LiveBatch(IReadOnlyCollection<WorkloadKey> Workloads, bool Clusters, bool Hub)
{
    /// <summary>True when what nodes have, or what pods claim of it, may have changed.</summary>
    public bool Capacity { get; init; }

    /// <summary>Keys of workloads whose objects may have changed though they did not; of those alone that the listener asked for.</summary>
    public IReadOnlyCollection<WorkloadKey> Objects { get; init; } = [];

    /// <summary>What of all that can change did, beside <see cref="Objects"/>.</summary>
    internal LiveParts Parts =>
        (Workloads.Count > 0 ? LiveParts.Workloads : LiveParts.None) | (Clusters ? LiveParts.Clusters : LiveParts.None)
        | (Hub ? LiveParts.Hub : LiveParts.None) | (Capacity ? LiveParts.Capacity : LiveParts.None);
}

/// <summary>
/// Carries changes to the pages of one circuit in batches, as soon as <see cref="LivePace"/> allows: the first change after a pause at once, and what is on the screen before all else.
/// Watches only while somebody listens.
/// </summary>
internal sealed class LiveFeed(IConsoleEngine engine, LivePace pace, TimeProvider time, ILogger<LiveFeed> logger) : IAsyncDisposable
{
    // Taken before the engine's own locks, never under them.
    private readonly Lock _lock = new();
    private readonly List<Task> _ending = [];
    private volatile LiveListener[] _listeners = [];
    private LiveDelivery? _delivery;

    /// <summary>For pages that have figures of workloads on the screen, and none of them by itself.</summary>
    public static bool Nothing(WorkloadKey key) => false;

    /// <summary>Calls a page with each batch that has something for it, one at a time, until the result is disposed. Changes from now on are not missed: read the present state after this call.</summary>
    /// <param name="parts">What it wants to hear of.</param>
    /// <param name="dispatch">The page's <c>InvokeAsync</c>. Only what happens inside counts as work, not waiting for it.</param>
    /// <param name="take">Takes the batch and draws.</param>
    /// <param name="shows">Whether the page has a workload on the screen; null where it has all of them. Any thread calls it: it must be quick and must not throw.</param>
    /// <param name="objectOf">A workload whose object is shown as it stands: its changes come too, as <see cref="LiveBatch.Objects"/>, and to nobody else.</param>
    public IDisposable Listen(LiveParts parts, Func<Action, Task> dispatch, Action<LiveBatch> take, Func<WorkloadKey, bool>? shows = null, WorkloadKey? objectOf = null) =>
        Listen(new LiveListener(parts, shows ?? All, objectOf, async batch =>
        {
            var work = TimeSpan.Zero;
            await dispatch(() =>
            {
                var started = time.GetTimestamp();
                take(batch);
                work = time.GetElapsedTime(started);
            }).ConfigureAwait(false);
            return work;
        }));

    /// <summary>As above, for one that may need to wait before it has taken a batch.</summary>
    public IDisposable Listen(LiveParts parts, Func<LiveBatch, Task> take, Func<WorkloadKey, bool>? shows = null) =>
        Listen(new LiveListener(parts, shows ?? All, null, async batch =>
        {
            var started = time.GetTimestamp();
            await take(batch).ConfigureAwait(false);
            return time.GetElapsedTime(started);
        }));

    public async ValueTask DisposeAsync()
    {
        Task ended;
        lock (_lock)
        {
            _listeners = [];
            Stop();
            ended = Task.WhenAll(_ending);
        }

        await ended.ConfigureAwait(false);
    }

    private static bool All(WorkloadKey key) => true;

    private Listening Listen(LiveListener listener)
    {
        lock (_lock)
        {
            _listeners = [.. _listeners, listener];
            if (_delivery is null)
            {
                pace.Enter();
                _delivery = new LiveDelivery(engine, pace, () => _listeners, time, logger);
            }
        }

        return new Listening(() => Forget(listener));
    }

    private void Forget(LiveListener listener)
    {
        lock (_lock)
        {
            _listeners = [.. _listeners.Where(other => !ReferenceEquals(other, listener))];
            if (_listeners.Length == 0)
            {
                Stop();
            }
        }
    }

    private void Stop()
    {
        if (_delivery is not null)
        {
            pace.Leave();
            _ending.RemoveAll(ended => ended.IsCompleted);
            _ending.Add(_delivery.DisposeAsync().AsTask());
            _delivery = null;
        }
    }

    private sealed class Listening(Action forget) : IDisposable
    {
        private Action? _forget = forget;

        public void Dispose() => Interlocked.Exchange(ref _forget, null)?.Invoke();
    }
}
