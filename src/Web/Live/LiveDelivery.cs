using Runner.Engine.Workloads;

namespace Runner.Web.Live;

/// <summary>
/// Gathers what changes while somebody listens, and delivers it. What arrives between two batches is merged per workload, so that a slow browser holds at most one entry a workload.
/// What nobody of the listeners wants wakes nobody.
/// </summary>
internal sealed partial class LiveDelivery : IAsyncDisposable
{
    private readonly IConsoleEngine _engine;
    private readonly LivePace _pace;
    private readonly Func<IReadOnlyList<LiveListener>> _listeners;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    // Taken under the engine's locks: nothing is called under it but what listeners say they show.
    private readonly Lock _lock = new();
    private readonly HashSet<WorkloadKey> _workloads = [];
    private readonly HashSet<WorkloadKey> _objects = [];
    private readonly SemaphoreSlim _due = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private readonly IDisposable _subscription;
    private readonly Task _running;
    private LiveParts _parts;
    private bool _shown;
    private Stage _stage = Stage.Idle;
    private long _last;
    private TimeSpan _owed;
    private bool _ended;

    public LiveDelivery(IConsoleEngine engine, LivePace pace, Func<IReadOnlyList<LiveListener>> listeners, TimeProvider time, ILogger logger)
    {
        (_engine, _pace, _listeners, _time, _logger) = (engine, pace, listeners, time, logger);
        _last = time.GetTimestamp() - (long)(LivePace.Most.TotalSeconds * time.TimestampFrequency);
        _timer = time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _subscription = engine.Subscribe(OnWorkload);
        engine.ClustersChanged += OnClusters;
        engine.HubChanged += OnHub;
        engine.ObjectChanged += OnObject;
        engine.CapacityChanged += OnCapacity;
        _running = Task.Run(() => RunAsync(_stop.Token), CancellationToken.None);
    }

    private enum Stage
    {
        /// <summary>Nothing has changed.</summary>
        Idle,

        /// <summary>Something has that is not on the screen: the timer runs.</summary>
        Gathering,

        /// <summary>Something has that is on the screen: the timer runs for the rest that is owed.</summary>
        Resting,

        /// <summary>A batch is due or being delivered.</summary>
        Delivering,
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _ended = true;
        }

        _subscription.Dispose();
        _engine.ClustersChanged -= OnClusters;
        _engine.HubChanged -= OnHub;
        _engine.ObjectChanged -= OnObject;
        _engine.CapacityChanged -= OnCapacity;
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _stop.Dispose();
        _due.Dispose();
    }

    private void OnWorkload(WorkloadKey key) => Mark(LiveParts.Workloads, key);

    private void OnClusters() => Mark(LiveParts.Clusters, null);

    private void OnHub() => Mark(LiveParts.Hub, null);

    private void OnCapacity() => Mark(LiveParts.Capacity, null);

    /// <summary>Concerns whoever has the object itself on the screen, and nobody else.</summary>
    private void OnObject(WorkloadKey key)
    {
        if (!_listeners().Any(listener => listener.ObjectOf == key))
        {
            return;
        }

        lock (_lock)
        {
            _objects.Add(key);
            _parts |= LiveParts.Objects;
            _shown = true;
            Schedule();
        }
    }

    private void Mark(LiveParts part, WorkloadKey? key)
    {
        var (wanted, shown) = (false, false);
        foreach (var listener in _listeners())
        {
            wanted |= listener.Wants(part);
            shown |= listener.HasOnScreen(part, key);
        }

        if (!wanted)
        {
            return;
        }

        lock (_lock)
        {
            _parts |= part;
            if (key is { } workload)
            {
                _workloads.Add(workload);
            }

            _shown |= shown;
            Schedule();
        }
    }

    /// <summary>Has what changed delivered when its time has come.</summary>
    private void Schedule()
    {
        if (_ended || _parts == LiveParts.None || _stage == Stage.Delivering || _stage == (_shown ? Stage.Resting : Stage.Gathering))
        {
            return;
        }

        var since = _time.GetElapsedTime(_last);
        var wait = LivePace.Wait(_shown, _owed - since, since);
        if (wait <= TimeSpan.Zero)
        {
            Deliver();
        }
        else
        {
            _stage = _shown ? Stage.Resting : Stage.Gathering;
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    private void Deliver()
    {
        _stage = Stage.Delivering;
        _due.Release();
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            if (!_ended && _stage is Stage.Gathering or Stage.Resting)
            {
                Deliver();
            }
        }
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await _due.WaitAsync(stopping).ConfigureAwait(false);
                var batch = Take();
                var work = TimeSpan.Zero;
                foreach (var listener in _listeners())
                {
                    if (listener.Wants(batch))
                    {
                        work += await TellAsync(listener, listener.PartOf(batch)).ConfigureAwait(false);
                    }
                }

                Rest(work);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Nobody listens any more.
        }
    }

    private LiveBatch Take()
    {
        lock (_lock)
        {
            var batch = new LiveBatch([.. _workloads], _parts.HasFlag(LiveParts.Clusters), _parts.HasFlag(LiveParts.Hub)) { Capacity = _parts.HasFlag(LiveParts.Capacity), Objects = [.. _objects] };
            _workloads.Clear();
            _objects.Clear();
            (_parts, _shown) = (LiveParts.None, false);
            return batch;
        }
    }

    private void Rest(TimeSpan work)
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            var left = _owed - _time.GetElapsedTime(_last, now);
            _owed = (left > TimeSpan.Zero ? left : TimeSpan.Zero) + _pace.RestAfter(work);
            _last = now;
            _stage = Stage.Idle;
            Schedule();
        }
    }

    private async Task<TimeSpan> TellAsync(LiveListener listener, LiveBatch batch)
    {
        try
        {
            return await listener.TellAsync(batch).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A page that fails to draw must not end the updates of the others; the circuit reports its own errors.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ListenerFailed(_logger, exception);
            return TimeSpan.Zero;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A page failed to take an update; the next one is delivered all the same")]
    private static partial void ListenerFailed(ILogger logger, Exception exception);
}
