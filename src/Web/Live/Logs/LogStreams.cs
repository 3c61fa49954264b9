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

    /// <summary>For so long it is told why the log of a pod that is gone could not be read.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<LogTarget, Stream> _streams = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly IConsoleEngine _engine;
    private readonly TimeProvider _time;
    private readonly PodLogOptions _options;
    private readonly Action<LogLine> _take;
    private readonly Action _changed;
    private HashSet<LogTarget> _wanted = [];

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
                return CountOpen();
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
                return _streams.Where(stream => stream.Value.Problem is not null).ToDictionary(stream => stream.Key, stream => stream.Value.Problem!);
            }
        }
    }

    /// <summary>Opens what is new. What is no longer named was not taken back but has gone: its stream is read to the end.</summary>
    public void Want(IReadOnlyList<LogTarget> targets)
    {
        lock (_lock)
        {
            _wanted = [.. targets];
            Forget();
            foreach (var target in targets)
            {
                if (!_stop.IsCancellationRequested && !_streams.ContainsKey(target) && CountOpen() < MaxStreams)
                {
                    var stream = new Stream();
                    _streams[target] = stream;
                    stream.Following = Task.Run(() => FollowAsync(target, stream, _stop.Token), CancellationToken.None);
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
            ending = [.. _streams.Values.Select(stream => stream.Following)];
        }

        await Task.WhenAll(ending).ConfigureAwait(false);
        _stop.Dispose();
    }

    private int CountOpen() => _streams.Values.Count(stream => stream.Open);

    /// <summary>Forgets why logs of pods could not be read that are gone, lest each message carries those of all that ever were. That they were read stays known: kept logs of theirs may be wanted later.</summary>
    private void Forget()
    {
        foreach (var (target, stream) in _streams.Where(stream => stream.Value.Problem is not null))
        {
            if (stream.Open || _wanted.Contains(target))
            {
                stream.GoneSince = null;
            }
            else if (_time.GetElapsedTime(stream.GoneSince ??= _time.GetTimestamp()) > Remembered)
            {
                stream.Problem = null;
            }
        }
    }

    private async Task FollowAsync(LogTarget target, Stream stream, CancellationToken stopping)
    {
        while (!await ReadAsync(target, stream, stopping).ConfigureAwait(false) && IsWanted(target) && !stopping.IsCancellationRequested)
        {
            _changed();
            await Task.Delay(Again, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // The place is free before anybody hears of it: whoever looked then, and waited for the next change, would wait for ever.
        lock (_lock)
        {
            stream.Open = false;
        }

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
    private async Task<bool> ReadAsync(LogTarget target, Stream stream, CancellationToken stopping)
    {
        var any = false;
        try
        {
            await foreach (var line in _engine.ReadLogAsync(target.Workload, target.Pod, target.Container, _options, stopping).ConfigureAwait(false))
            {
                if (!any)
                {
                    any = true;
                    Tell(stream, null);
                }

                _take(line);
            }

            Tell(stream, null);
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
            Tell(stream, IExplained.Of(exception));
            return any || !_options.Follow;
        }
    }

    private void Tell(Stream stream, LocalText? problem)
    {
        lock (_lock)
        {
            stream.Problem = problem;
        }
    }

    /// <summary>One log; its fields are read and written under the lock.</summary>
    private sealed class Stream
    {
        public Task Following { get; set; } = Task.CompletedTask;

        /// <summary>True until it is at its end.</summary>
        public bool Open { get; set; } = true;

        /// <summary>Why it cannot be read; null while it can.</summary>
        public LocalText? Problem { get; set; }

        /// <summary>Timestamp since when nobody wants it that was read to its end; null while somebody does.</summary>
        public long? GoneSince { get; set; }
    }
}
