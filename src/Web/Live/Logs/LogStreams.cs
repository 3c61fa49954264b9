using Runner.Engine.Logs;
using Runner.Engine;

namespace Runner.Web.Live.Logs;

/// <summary>
/// Follows the logs of many containers: one stream each, opened when it is first wanted, ended when its log is at its end. What cannot be read is
/// tried again as long as it is wanted and has brought nothing. Lines come from many threads at once.
/// </summary>
internal sealed class LogStreams : IAsyncDisposable
{
    /// <summary>Lines of each container to begin with, where no time is given.</summary>
    public const int TailLines = 2000;

    /// <summary>Streams open at once; more wait for one to end.</summary>
    public const int MaxStreams = 64;

    private static readonly TimeSpan Again = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private readonly Dictionary<LogTarget, Task> _streams = [];
    private readonly Dictionary<LogTarget, LocalText> _problems = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly IConsoleEngine _engine;
    private readonly TimeProvider _time;
    private readonly PodLogOptions _options;
    private readonly Action<LogLine> _take;
    private readonly Action _changed;
    private IReadOnlyList<LogTarget> _wanted = [];

    /// <param name="take">Called with every line.</param>
    /// <param name="changed">Called when a stream began, failed or ended.</param>
    public LogStreams(IConsoleEngine engine, TimeProvider time, LogSince since, bool previous, Action<LogLine> take, Action changed)
    {
        (_engine, _time, _take, _changed) = (engine, time, take, changed);
        var from = since.From(time.GetUtcNow());
        _options = new(Follow: !previous, TailLines: from is null ? TailLines : null, Since: from, Previous: previous);
    }

    /// <summary>Streams that are open.</summary>
    public int Open
    {
        get
        {
            lock (_lock)
            {
                return _streams.Values.Count(stream => !stream.IsCompleted);
            }
        }
    }

    /// <summary>Containers that wait because <see cref="MaxStreams"/> are open.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _wanted.Count(target => !_streams.ContainsKey(target));
            }
        }
    }

    /// <summary>Why a log cannot be read.</summary>
    public IReadOnlyDictionary<LogTarget, LocalText> Problems
    {
        get
        {
            lock (_lock)
            {
                return new Dictionary<LogTarget, LocalText>(_problems);
            }
        }
    }

    /// <summary>Opens what is new. What is no longer named was not taken back but has gone: its stream is read to the end.</summary>
    public void Want(IReadOnlyList<LogTarget> targets)
    {
        lock (_lock)
        {
            _wanted = targets;
            foreach (var target in targets)
            {
                if (!_stop.IsCancellationRequested && !_streams.ContainsKey(target) && _streams.Values.Count(stream => !stream.IsCompleted) < MaxStreams)
                {
                    _streams[target] = Task.Run(() => FollowAsync(target, _stop.Token), CancellationToken.None);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] ending;
        lock (_lock)
        {
            _stop.Cancel();
            ending = [.. _streams.Values];
        }

        await Task.WhenAll(ending).ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task FollowAsync(LogTarget target, CancellationToken stopping)
    {
        while (!await ReadAsync(target, stopping).ConfigureAwait(false) && IsWanted(target))
        {
            _changed();
            try
            {
                await Task.Delay(Again, _time, stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }

        // A place is free as soon as this task is over, which it is when whoever waits for the change looks again.
        _changed();
    }

    private bool IsWanted(LogTarget target)
    {
        lock (_lock)
        {
            return _wanted.Contains(target);
        }
    }

    /// <returns>False where nothing came and another try may help.</returns>
    private async Task<bool> ReadAsync(LogTarget target, CancellationToken stopping)
    {
        var any = false;
        try
        {
            await foreach (var line in _engine.ReadLogAsync(target.Workload, target.Pod, target.Container, _options, stopping).ConfigureAwait(false))
            {
                if (!any)
                {
                    any = true;
                    Tell(target, null);
                }

                _take(line);
            }

            Tell(target, null);
            return true;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return true;
        }
#pragma warning disable CA1031 // Whatever keeps the log from being read is shown beside the lines.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Tell(target, IExplained.Of(exception));
            return any || !_options.Follow;
        }
    }

    private void Tell(LogTarget target, LocalText? problem)
    {
        lock (_lock)
        {
            if (problem is null)
            {
                _problems.Remove(target);
            }
            else
            {
                _problems[target] = problem;
            }
        }
    }
}
