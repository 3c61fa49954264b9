namespace Runner.Engine.Capacity.Usage;

/// <summary>Asks for one list while somebody watches, and for nothing while nobody does.</summary>
/// <param name="ask">Gives the list; throws only when cancelled.</param>
internal sealed class UsagePoll(Func<CancellationToken, Task<UsageList>> ask, TimeProvider time)
{
    /// <summary>A metrics server measures every 15 s.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    /// <summary>How soon a metrics API is looked for again where there was none.</summary>
    public static readonly TimeSpan Absent = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Signal _watched = new();
    private Action[] _watchers = [];
    private UsageList _current = UsageList.Unknown;
    private long? _asked;

    /// <summary>The last answer; of any age while nobody watches.</summary>
    public UsageList Current
    {
        get
        {
            lock (_lock)
            {
                return _current;
            }
        }
    }

    /// <summary>Has the list asked for until the result is disposed.</summary>
    /// <param name="changed">Called on any thread after each answer that differs: quick, and never throws.</param>
    public IDisposable Watch(Action changed)
    {
        // Two pages may bring the same handler.
        Action own = () => changed();
        lock (_lock)
        {
            if (_watchers.Length == 0 && Rest() == TimeSpan.Zero)
            {
                _current = UsageList.Unknown;
            }

            _watchers = [.. _watchers, own];
        }

        _watched.Set();
        return new Watcher(() =>
        {
            lock (_lock)
            {
                _watchers = [.. _watchers.Where(other => other != own)];
            }
        });
    }

    /// <summary>Asks until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan pause;
            lock (_lock)
            {
                pause = _watchers.Length == 0 ? Timeout.InfiniteTimeSpan : Rest();
            }

            if (pause != TimeSpan.Zero)
            {
                await _watched.WaitAsync(pause, time, cancellationToken).ConfigureAwait(false);
                continue;
            }

            Take(await ask(cancellationToken).ConfigureAwait(false));
        }
    }

    private void Take(UsageList list)
    {
        Action[] told;
        lock (_lock)
        {
            told = list.State == _current.State && list.Problem == _current.Problem && list.State != UsageState.Known ? [] : _watchers;
            (_current, _asked) = (list, time.GetTimestamp());
        }

        foreach (var changed in told)
        {
            changed();
        }
    }

    /// <summary>How long until the list is asked for again; zero when it is time.</summary>
    private TimeSpan Rest()
    {
        if (_asked is not { } asked)
        {
            return TimeSpan.Zero;
        }

        var left = (_current.State == UsageState.Missing ? Absent : Interval) - time.GetElapsedTime(asked);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private sealed class Watcher(Action forget) : IDisposable
    {
        public void Dispose() => forget();
    }
}
