using Runner.Engine.Logs;

namespace Runner.Web.Components.Models;

/// <summary>
/// The lines of a log view. Everything that arrives is kept up to <see cref="Capacity"/>; what is shown is what the filter leaves, and stands still while paused.
/// Lines are added from many streams, the rest is called by the page.
/// </summary>
public sealed class LogBuffer
{
    /// <summary>Most lines kept unless told otherwise.</summary>
    public const int StandardCapacity = 100_000;

    private readonly Lock _lock = new();
    private LogRing _all;
    private LogRing _shown;
    private long _next;
    private long _considered;

    public LogBuffer(int capacity = StandardCapacity)
    {
        Capacity = capacity;
        _all = new LogRing(capacity);
        _shown = new LogRing(capacity);
    }

    public int Capacity { get; }

    /// <summary>Text that lines must hold to be shown, regardless of case; empty for all.</summary>
    public string Filter { get; private set; } = "";

    public bool Paused { get; private set; }

    /// <summary>Lines shown.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _shown.Count;
            }
        }
    }

    /// <summary>Lines kept.</summary>
    public int Kept
    {
        get
        {
            lock (_lock)
            {
                return _all.Count;
            }
        }
    }

    /// <summary>Lines that arrived but are kept no more.</summary>
    public long Dropped
    {
        get
        {
            lock (_lock)
            {
                return _all.Dropped;
            }
        }
    }

    /// <summary>Lines that arrived since the view was paused.</summary>
    public long Unseen
    {
        get
        {
            lock (_lock)
            {
                return Paused ? _next - _considered : 0;
            }
        }
    }

    public void Add(LogLine line)
    {
        lock (_lock)
        {
            _all.Add(new LogEntry(_next++, line));
        }
    }

    /// <summary>Brings what is shown up to date; does nothing while paused.</summary>
    /// <returns>True when something new is shown.</returns>
    public bool Refresh()
    {
        lock (_lock)
        {
            if (Paused || _considered == _next)
            {
                return false;
            }

            Consider();
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
            Consider();
        }
    }

    public void Show(string filter)
    {
        lock (_lock)
        {
            Filter = filter;
            var until = Paused ? _considered : _next;
            _shown = new LogRing(Capacity);
            _considered = 0;
            Consider(until);
        }
    }

    /// <summary>Forgets everything, for another choice of streams.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _all = new LogRing(Capacity);
            _shown = new LogRing(Capacity);
            _next = _considered = 0;
        }
    }

    /// <summary>Some of the lines shown.</summary>
    public IReadOnlyList<LogEntry> Read(int start, int count)
    {
        lock (_lock)
        {
            var end = Math.Min(_shown.Count, start + count);
            var lines = new List<LogEntry>(Math.Max(0, end - start));
            for (var index = start; index < end; index++)
            {
                lines.Add(_shown[index]);
            }

            return lines;
        }
    }

    private void Consider() => Consider(_next);

    private void Consider(long until)
    {
        var first = _next - _all.Count;
        for (var number = Math.Max(_considered, first); number < until; number++)
        {
            var entry = _all[(int)(number - first)];
            if (Filter.Length == 0 || entry.Line.Text.Contains(Filter, StringComparison.OrdinalIgnoreCase))
            {
                _shown.Add(entry);
            }
        }

        _considered = until;
        _shown.DropBefore(first);
    }
}
