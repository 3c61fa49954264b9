using Runner.Engine;
using Runner.Web.Live;
using Runner.Web.Live.Logs;

namespace Runner.Web.Components.Models.Logs;

/// <summary>How the search for a line that an address names stands.</summary>
public enum LineSearch
{
    /// <summary>No line is looked for.</summary>
    None,
    Looking,
    Found,

    /// <summary>The log was read beyond the line's time without it.</summary>
    Missing,
}

/// <summary>Reads what a <see cref="LogQuery"/> names into a buffer, and tells the page at most ten times a second that there is something to draw.</summary>
public sealed class LogTail(IConsoleEngine engine, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>A line that did not come for so long does not come.</summary>
    private static readonly TimeSpan SearchFor = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _disposed = new();

    // One at a time ends the streams and opens others.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private LogStreams? _streams;
    private int _reading;
    private bool _shown;
    private Task _drawing = Task.CompletedTask;
    private int _stateChanged;
    private long _searchBegan;

    public LogBuffer Buffer { get; } = new();

    public LogQuery Query { get; private set; } = new();

    /// <summary>What is read, in the order of the choice.</summary>
    public IReadOnlyList<LogTarget> Targets { get; private set; } = [];

    /// <summary>Containers whose stream is open.</summary>
    public int Streaming => _streams?.Open ?? 0;

    /// <summary>Containers that wait because too many streams are open.</summary>
    public int Waiting => _streams?.Waiting ?? 0;

    /// <summary>Why a log cannot be read.</summary>
    public IReadOnlyDictionary<LogTarget, LocalText> Problems => _streams?.Problems ?? new Dictionary<LogTarget, LocalText>();

    public LineSearch Search { get; private set; }

    /// <summary>Row of the line that was looked for, at the moment it was found.</summary>
    public int FoundAt { get; private set; } = -1;

    /// <summary>What is wrong with the filter; null when nothing is.</summary>
    public string? FilterProblem { get; private set; }

    public LogFilter Filter { get; private set; } = LogFilter.None;

    /// <summary>Begins to tell the page; call once.</summary>
    /// <param name="draw">Called when there are new lines or a stream's state changed.</param>
    public void Start(Func<Task> draw) => _drawing = DrawAsync(draw, _disposed.Token);

    /// <summary>Reads and shows what the query says. Lines are read anew only where the query names other lines.</summary>
    /// <returns>False where it is not shown: something else was asked for meanwhile, or the view was closed.</returns>
    public async Task<bool> ShowAsync(LogQuery query)
    {
        var (before, first) = (Query, !_shown);
        (Query, _shown) = (query, true);
        if (first || (before.Filter, before.Expression, before.Unfold) != (query.Filter, query.Expression, query.Unfold))
        {
            Filter = LogFilter.Make(query.Filter, query.Expression, out var problem);
            FilterProblem = problem;
            Buffer.Show(Filter, query.Unfold);
        }

        if (first || before.Selection != query.Selection || (before.Since, before.Previous, before.Line) != (query.Since, query.Previous, query.Line))
        {
            return await ReadAsync().ConfigureAwait(false);
        }

        return !_disposed.IsCancellationRequested;
    }

    /// <summary>Reads everything anew, after a failure.</summary>
    public Task AgainAsync() => ReadAsync();

    /// <summary>Takes up pods that have come, and pods that are gone where there are no others.</summary>
    public void Update()
    {
        Targets = LogTargets.Find(Query.Selection, engine);
        _streams?.Want(Targets);
    }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync().ConfigureAwait(false);
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        await EndAsync().ConfigureAwait(false);
        _turn.Release();
        await _drawing.ConfigureAwait(false);
        _disposed.Dispose();
    }

    /// <summary>Ends what is read and reads what the query says by then. Of several calls that come while streams end the last one reads.</summary>
    private async Task<bool> ReadAsync()
    {
        var reading = Interlocked.Increment(ref _reading);
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await EndAsync().ConfigureAwait(false);
            if (reading != Volatile.Read(ref _reading) || _disposed.IsCancellationRequested)
            {
                return false;
            }

            Buffer.Clear();
            Buffer.Resume();
            (Search, FoundAt, _searchBegan) = (Query.Line is null ? LineSearch.None : LineSearch.Looking, -1, time.GetTimestamp());
            _ = LogSince.TryRead(Query.Since, out var since);
            _streams = new LogStreams(engine, time, since, Query.Previous, Buffer.Add, () => Interlocked.Exchange(ref _stateChanged, 1));
            Update();
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task EndAsync()
    {
        if (Interlocked.Exchange(ref _streams, null) is { } ending)
        {
            await ending.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task DrawAsync(Func<Task> draw, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var unseen = 0L;
        try
        {
            while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false))
            {
                var changed = Buffer.Refresh() | LookForLine() | Buffer.Unseen != unseen | Interlocked.Exchange(ref _stateChanged, 0) == 1;
                unseen = Buffer.Unseen;
                if (_streams is { Waiting: > 0 } streams)
                {
                    streams.Want(Targets);
                }

                if (changed)
                {
                    await draw().ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The page is closed.
        }
    }

    /// <summary>The view stands still once the line is there, so that it does not run away while it is read.</summary>
    private bool LookForLine()
    {
        if (Search != LineSearch.Looking || Query.Line is not { } wanted)
        {
            return false;
        }

        FoundAt = Buffer.Find(entry => entry.Part == 0 && wanted.Matches(entry.Line));
        if (FoundAt >= 0)
        {
            Search = LineSearch.Found;
            Buffer.Pause();
        }
        else if (time.GetElapsedTime(_searchBegan) > SearchFor)
        {
            Search = LineSearch.Missing;
        }

        return Search != LineSearch.Looking;
    }
}
