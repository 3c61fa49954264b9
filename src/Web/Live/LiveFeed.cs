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

    /// <summary>Whether there is something in it beside <see cref="Objects"/>.</summary>
    internal bool ForAll => Workloads.Count > 0 || Clusters || Hub || Capacity;
}

/// <summary>
/// Carries changes to the pages of one circuit in batches: the first change after a pause at once, the next ones after a rest that <see cref="LivePace"/> finds
/// short enough to look immediate and long enough for all open pages together. What arrives between two batches is merged per workload, so that a slow browser holds at most one entry a workload. Watches only while somebody listens.
/// </summary>
internal sealed partial class LiveFeed(IConsoleEngine engine, LivePace pace, TimeProvider time, ILogger<LiveFeed> logger) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<Listening> _listeners = [];
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly HashSet<WorkloadKey> _dirty = [];
    private readonly HashSet<WorkloadKey> _objects = [];
    private bool _clusters;
    private bool _hub;
    private bool _capacity;
    private CancellationTokenSource? _stop;
    private Task _running = Task.CompletedTask;

    /// <summary>
    /// Calls <paramref name="listener"/> with each batch, one at a time, until the result is disposed. Changes from now on are not missed: read the present state after this call.
    /// </summary>
    /// <param name="objectOf">A workload whose object is shown as it stands: its changes come too, as <see cref="LiveBatch.Objects"/>, and to nobody else.</param>
    public IDisposable Listen(Func<LiveBatch, Task> listener, WorkloadKey? objectOf = null)
    {
        var listening = new Listening(listener, objectOf, Forget);
        lock (_lock)
        {
            _listeners.Add(listening);
            if (_stop is null)
            {
                _stop = new CancellationTokenSource();
                pace.Enter();
                var subscription = engine.Subscribe();
                engine.ClustersChanged += OnClusters;
                engine.HubChanged += OnHub;
                engine.ObjectChanged += OnObject;
                engine.CapacityChanged += OnCapacity;
                var stopping = _stop.Token;
                _running = Task.WhenAll(Task.Run(() => CollectAsync(subscription, stopping), CancellationToken.None), Task.Run(() => DeliverAsync(stopping), CancellationToken.None));
            }
        }

        return listening;
    }

    public async ValueTask DisposeAsync()
    {
        Task running;
        lock (_lock)
        {
            _listeners.Clear();
            Stop();
            running = _running;
        }

        await running.ConfigureAwait(false);
        _signal.Dispose();
    }

    private void Forget(Listening listener)
    {
        lock (_lock)
        {
            _listeners.Remove(listener);
            if (_listeners.Count == 0)
            {
                Stop();
            }
        }
    }

    private void Stop()
    {
        if (_stop is null)
        {
            return;
        }

        pace.Leave();
        engine.ClustersChanged -= OnClusters;
        engine.HubChanged -= OnHub;
        engine.ObjectChanged -= OnObject;
        engine.CapacityChanged -= OnCapacity;
        _stop.Cancel();
        _stop.Dispose();
        _stop = null;
    }

    private void OnClusters() => Mark(() => _clusters = true);

    private void OnHub() => Mark(() => _hub = true);

    private void OnCapacity() => Mark(() => _capacity = true);

    private void OnObject(WorkloadKey key)
    {
        lock (_lock)
        {
            if (_listeners.Exists(listener => listener.ObjectOf == key))
            {
                Mark(() => _objects.Add(key));
            }
        }
    }

    private void Mark(Action change)
    {
        lock (_lock)
        {
            change();
            if (_stop is not null && _signal.CurrentCount == 0)
            {
                _signal.Release();
            }
        }
    }

    private async Task CollectAsync(WorkloadSubscription subscription, CancellationToken stopping)
    {
        using (subscription)
        {
            try
            {
                while (true)
                {
                    var keys = await subscription.NextAsync(stopping).ConfigureAwait(false);
                    Mark(() => _dirty.UnionWith(keys));
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // Nobody listens any more.
            }
        }
    }

    private async Task DeliverAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await _signal.WaitAsync(stopping).ConfigureAwait(false);
                var started = time.GetTimestamp();
                var (batch, listeners) = Take();
                foreach (var listener in listeners)
                {
                    IReadOnlyCollection<WorkloadKey> objects = listener.ObjectOf is { } key && batch.Objects.Contains(key) ? [key] : [];
                    if (batch.ForAll || objects.Count > 0)
                    {
                        await DeliverAsync(listener.Listener, batch with { Objects = objects }).ConfigureAwait(false);
                    }
                }

                await Task.Delay(pace.RestAfter(time.GetElapsedTime(started)), time, stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Nobody listens any more.
        }
    }

    private (LiveBatch Batch, Listening[] Listeners) Take()
    {
        lock (_lock)
        {
            var batch = new LiveBatch([.. _dirty], _clusters, _hub) { Capacity = _capacity, Objects = [.. _objects] };
            _dirty.Clear();
            _objects.Clear();
            _clusters = _hub = _capacity = false;
            return (batch, [.. _listeners]);
        }
    }

    private async Task DeliverAsync(Func<LiveBatch, Task> listener, LiveBatch batch)
    {
        try
        {
            await listener(batch).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A page that fails to draw must not end the updates of the others; the circuit reports its own errors.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ListenerFailed(logger, exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A page failed to take an update; the next one is delivered all the same")]
    private static partial void ListenerFailed(ILogger logger, Exception exception);

    private sealed class Listening(Func<LiveBatch, Task> listener, WorkloadKey? objectOf, Action<Listening> forget) : IDisposable
    {
        private Action<Listening>? _forget = forget;

        public Func<LiveBatch, Task> Listener => listener;

        public WorkloadKey? ObjectOf => objectOf;

        public void Dispose() => Interlocked.Exchange(ref _forget, null)?.Invoke(this);
    }
}
