using Runner.Engine.Logs;

namespace Runner.Web.Components.Models.Logs;

/// <summary>
/// The lines of a log view. Everything that arrives is kept up to <see cref="Capacity"/> lines and <see cref="MaxCharacters"/>; what is shown is what the
/// filter leaves, and stands still while paused. Lines are added from many streams, the rest is called by the page.
/// </summary>
public sealed class LogBuffer
{
    /// <summary>Most lines kept unless told otherwise.</summary>
    public const int StandardCapacity = 100_000;

    /// <summary>Most characters kept, two bytes each.</summary>
    public const long MaxCharacters = 32 * 1024 * 1024;

    /// <summary>Lines that arrived and are not yet put in order; more are put in order at once.</summary>
    private const int MaxArrived = 8192;

    private readonly Lock _lock = new();
    private readonly List<(DateTimeOffset Order, LogLine Line)> _arrived = [];
    private readonly Dictionary<(string Pod, string Container), DateTimeOffset> _latest = [];
    private readonly HashSet<long> _opened = [];
    private LogFilter _filter = LogFilter.None;
    private bool _unfold;
    private LogRing _all;
    private LogRing _shown;
    private long _next;
    private long _considered;

    public LogBuffer(int capacity = StandardCapacity)
    {
        Capacity = capacity;
        _all = new LogRing(capacity, MaxCharacters);
        _shown = new LogRing(capacity, MaxCharacters);
    }

    public int Capacity { get; }

    public bool Paused { get; private set; }

    /// <summary>Rows shown, unfolded ones included.</summary>
    public int Rows => Locked(() => _shown.Count);

    /// <summary>Lines shown.</summary>
    public int Count => Locked(() => _shown.Lines);

    /// <summary>Lines kept.</summary>
    public int Kept => Locked(() => _all.Count + _arrived.Count);

    /// <summary>Lines that arrived but are kept no more.</summary>
    public long Dropped => Locked(() => _all.Dropped);

    /// <summary>Lines that arrived since the view was paused.</summary>
    public long Unseen => Locked(() => Paused ? _next + _arrived.Count - _considered : 0);

    public void Add(LogLine line)
    {
        lock (_lock)
        {
            // A container's two streams may be a little out of order; its lines stay in the order in which they came.
            var source = (line.Pod, line.Container);
            var order = _latest.TryGetValue(source, out var latest) && latest > line.Time ? latest : line.Time;
            _latest[source] = order;
            _arrived.Add((order, line));
            if (_arrived.Count >= MaxArrived)
            {
                Sort();
            }
        }
    }

    /// <summary>Brings what is shown up to date, lines that came together in the order of their times; while paused it shows nothing new.</summary>
    /// <returns>True when something new is shown.</returns>
    public bool Refresh()
    {
        lock (_lock)
        {
            Sort();
            if (Paused || _considered == _next)
            {
                return false;
            }

            Consider(_next);
            return true;
        }
    }

    /// <summary>Holds the view still; lines go on being kept.</summary>
    public void Pause()
    {
        lock (_lock)
        {
            Paused = true;
        }
    }

    /// <summary>Shows everything that arrived meanwhile and goes on.</summary>
    public void Resume()
    {
        lock (_lock)
        {
            Paused = false;
            Sort();
            Consider(_next);
        }
    }

    /// <summary>Shows what another filter leaves of the same lines.</summary>
    /// <param name="unfold">Whether every line that is a JSON object is unfolded.</param>
    public void Show(LogFilter filter, bool unfold = false)
    {
        lock (_lock)
        {
            (_filter, _unfold) = (filter, unfold);
            _opened.Clear();
            Again();
        }
    }

    /// <summary>Unfolds one line that is a JSON object, or folds it up.</summary>
    public void Toggle(long number)
    {
        lock (_lock)
        {
            if (!_opened.Remove(number))
            {
                _opened.Add(number);
            }

            Again();
        }
    }

    /// <summary>Whether a line is unfolded.</summary>
    public bool IsUnfolded(long number) => Locked(() => _unfold != _opened.Contains(number));

    /// <summary>Forgets everything, for another choice of streams.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _all = new LogRing(Capacity, MaxCharacters);
            _shown = new LogRing(Capacity, MaxCharacters);
            _arrived.Clear();
            _latest.Clear();
            _opened.Clear();
            _next = _considered = 0;
        }
    }

    /// <summary>Some of the rows shown.</summary>
    public IReadOnlyList<LogEntry> Read(int start, int count)
    {
        lock (_lock)
        {
            var end = Math.Min(_shown.Count, start + count);
            var rows = new List<LogEntry>(Math.Max(0, end - start));
            for (var index = start; index < end; index++)
            {
                rows.Add(_shown[index]);
            }

            return rows;
        }
    }

    /// <summary>The first row shown that is wanted; -1 when there is none.</summary>
    public int Find(Func<LogEntry, bool> wanted)
    {
        lock (_lock)
        {
            for (var index = 0; index < _shown.Count; index++)
            {
                if (wanted(_shown[index]))
                {
                    return index;
                }
            }

            return -1;
        }
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }

    private void Sort()
    {
        foreach (var (_, line) in _arrived.OrderBy(arrived => arrived.Order))
        {
            _all.Add(new LogEntry(_next++, line));
        }

        _arrived.Clear();
    }

    private void Again()
    {
        var until = Paused ? _considered : _next;
        _shown = new LogRing(Capacity, MaxCharacters);
        _considered = 0;
        Consider(until);
    }

    private void Consider(long until)
    {
        var first = _next - _all.Count;
        for (var number = Math.Max(_considered, first); number < until; number++)
        {
            var entry = _all[(int)(number - first)];
            if (_filter.Shows(entry.Line.Text))
            {
                _shown.Add(entry);
                Unfold(entry);
            }
        }

        _considered = until;
        _shown.DropBefore(first);
    }

    private void Unfold(LogEntry entry)
    {
        if (_unfold == _opened.Contains(entry.Number))
        {
            return;
        }

        var part = 0;
        foreach (var row in LogJson.Rows(entry.Line.Text))
        {
            _shown.Add(entry with { Part = ++part, PartText = row });
        }
    }
}
