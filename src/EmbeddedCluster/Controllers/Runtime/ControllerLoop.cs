using System.Threading.Channels;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Runtime;

/// <summary>
/// Runs controllers from one queue ordered by due time: a change puts the keys it affects into the queue, a reconciliation may ask to be repeated later.
/// A key waits at most once per controller. All controllers share one thread, so that a run with a simulated clock always takes the same course.
/// </summary>
internal sealed partial class ControllerLoop
{
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(10);

    private readonly ObjectCache _cache;
    private readonly ChannelReader<StoreEvent> _changes;
    private readonly IReadOnlyList<Controller> _controllers;
    private readonly SimulationClock _clock;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly PriorityQueue<(Controller Controller, ObjectKey Key), (DateTimeOffset Due, long Order)> _queue = new();
    private readonly Dictionary<(Controller, ObjectKey), DateTimeOffset> _due = [];
    private readonly Dictionary<(Controller, ObjectKey), int> _failures = [];
    private long _order;

    public ControllerLoop(
        ObjectStore store, ObjectCache cache, IReadOnlyList<Controller> controllers, SimulationClock clock, TimeProvider time, ILogger<ControllerLoop> logger)
    {
        (_cache, _controllers, _clock, _time, _logger) = (cache, controllers, clock, time, logger);
        (var snapshot, _changes) = store.Subscribe();
        foreach (var stored in snapshot)
        {
            Take(new StoreEvent(StoreEventType.Added, stored, null));
        }
    }

    /// <summary>Works until cancelled. A failure of one reconciliation is logged and retried with growing pauses.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var next = RunDue();
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var change = _changes.WaitToReadAsync(waiting.Token).AsTask();
            var pause = next is { } due ? due - _clock.Now : Timeout.InfiniteTimeSpan;
            var timer = Task.Delay(next is not null && pause < TimeSpan.Zero ? TimeSpan.Zero : pause, _time, waiting.Token);
            await Task.WhenAny(change, timer).ConfigureAwait(false);
            await waiting.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(change, timer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Takes in all changes and does all that is due, including what falls due at once by doing it.</summary>
    /// <returns>When something is due next; null when nothing waits.</returns>
    public DateTimeOffset? RunDue()
    {
        while (true)
        {
            while (_changes.TryRead(out var change))
            {
                Take(change);
            }

            if (!_queue.TryPeek(out var item, out var priority))
            {
                return null;
            }

            if (!_due.TryGetValue(item, out var due) || due != priority.Due)
            {
                _queue.Dequeue();
                continue;
            }

            if (due > _clock.Now)
            {
                return due;
            }

            _queue.Dequeue();
            _due.Remove(item);
            Work(item.Controller, item.Key);
        }
    }

    private void Take(StoreEvent change)
    {
        _cache.Apply(change);
        foreach (var controller in _controllers)
        {
            try
            {
                foreach (var key in controller.Affected(change))
                {
                    Enqueue(controller, key, controller.Reaction);
                }
            }
            catch (Exception failure)
            {
                LogFailure(failure, controller.Name, change.Object.Key.Namespace, change.Object.Key.Name);
                Retry(controller, change.Object.Key);
            }
        }
    }

    private void Work(Controller controller, ObjectKey key)
    {
        try
        {
            var again = controller.Reconcile(key);
            _failures.Remove((controller, key));
            if (again is { } after)
            {
                Enqueue(controller, key, after);
            }
        }
        catch (ApiException refused) when (refused.Code is 404 or 409)
        {
            Retry(controller, key);
        }
        catch (Exception failure)
        {
            LogFailure(failure, controller.Name, key.Namespace, key.Name);
            Retry(controller, key);
        }
    }

    private void Retry(Controller controller, ObjectKey key)
    {
        var failures = _failures[(controller, key)] = _failures.GetValueOrDefault((controller, key)) + 1;
        var pause = TimeSpan.FromMilliseconds(5 * Math.Pow(2, Math.Min(failures, 20)));
        Enqueue(controller, key, pause < LongestBackoff ? pause : LongestBackoff);
    }

    private void Enqueue(Controller controller, ObjectKey key, TimeSpan after)
    {
        var due = _clock.After(_clock.Now, after);
        if (_due.TryGetValue((controller, key), out var waiting) && waiting <= due)
        {
            return;
        }

        _due[(controller, key)] = due;
        _queue.Enqueue((controller, key), (due, _order++));
    }

    [LoggerMessage(LogLevel.Error, "The embedded cluster's {Controller} failed on {Namespace}/{Name}; it will be tried again")]
    private partial void LogFailure(Exception failure, string controller, string @namespace, string name);
}
