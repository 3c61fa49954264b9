using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Runner.Engine.Clusters.Caches;

/// <summary>
/// Keys that need work. A key never runs twice at once; one that is added while it runs, runs again afterwards; one that fails is tried again
/// after a growing pause and never holds up the others. Holds each key at most once, so it is bounded by the number of keys.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "A semaphore that nobody waits for synchronously holds nothing to dispose.")]
internal sealed partial class WorkQueue<TKey>(string name, Func<TKey, CancellationToken, ValueTask> work, Backoff backoff, TimeProvider time, ILogger logger)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Queue<TKey> _waiting = [];
    private readonly HashSet<TKey> _dirty = [];
    private readonly HashSet<TKey> _running = [];
    private readonly HashSet<TKey> _resting = [];
    private readonly Dictionary<TKey, int> _failures = [];
    private readonly SemaphoreSlim _ready = new(0);
    private int _workers;

    /// <summary>Number of keys that wait, run or rest after a failure.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count + _running.Count + _resting.Count;
            }
        }
    }

    /// <summary>Asks for work on a key. Returns at once.</summary>
    /// <returns>False when the work cannot begin now: an earlier one on the key goes on, or every worker is busy.</returns>
    public bool Add(TKey key)
    {
        lock (_lock)
        {
            var isFree = !_running.Contains(key);
            var begins = isFree && _running.Count + _waiting.Count < _workers;
            if (_dirty.Add(key) && isFree)
            {
                _waiting.Enqueue(key);
                _ready.Release();
            }

            return begins;
        }
    }

    /// <summary>Works until cancelled.</summary>
    /// <param name="workers">How many keys may run at once.</param>
    public Task RunAsync(int workers, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _workers = workers;
        }

        return Task.WhenAll(Enumerable.Range(0, workers).Select(_ => WorkAsync(cancellationToken)));
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await _ready.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await WorkAsync(Take(), cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask WorkAsync(TKey key, CancellationToken cancellationToken)
    {
        var failed = false;
        try
        {
            await work(key, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The queue ends; what is left is found again at the next start.
        }
#pragma warning disable CA1031 // One key's failure must not stop the others.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failed = true;
            LogFailed(exception, name, key);
        }

        Finish(key, failed, cancellationToken);
    }

    private TKey Take()
    {
        lock (_lock)
        {
            var key = _waiting.Dequeue();
            _dirty.Remove(key);
            _running.Add(key);
            return key;
        }
    }

    private void Finish(TKey key, bool failed, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _running.Remove(key);
            if (_dirty.Contains(key))
            {
                _waiting.Enqueue(key);
                _ready.Release();
            }

            if (!failed)
            {
                _failures.Remove(key);
                return;
            }

            var failures = _failures[key] = _failures.GetValueOrDefault(key) + 1;
            if (_resting.Add(key))
            {
                _ = AddLaterAsync(key, backoff.Delay(failures), cancellationToken);
            }
        }
    }

    private async Task AddLaterAsync(TKey key, TimeSpan delay, CancellationToken cancellationToken)
    {
        await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            _resting.Remove(key);
        }

        Add(key);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Work on {Key} in queue {Queue} failed and is tried again")]
    private partial void LogFailed(Exception exception, string queue, TKey key);
}
