using Runner.Engine.Logs;

namespace Runner.Web.Components.Models;

/// <summary>One line in the log view.</summary>
/// <param name="Number">Running number over everything that ever arrived, from 0.</param>
public readonly record struct LogEntry(long Number, LogLine Line);

/// <summary>The newest lines up to a capacity; the oldest make room and are counted.</summary>
public sealed class LogRing(int capacity)
{
    private LogEntry[] _entries = new LogEntry[Math.Min(capacity, 256)];
    private int _start;

    public int Count { get; private set; }

    /// <summary>Lines that had to make room.</summary>
    public long Dropped { get; private set; }

    /// <param name="index">0 for the oldest line kept.</param>
    public LogEntry this[int index] => _entries[(_start + index) % _entries.Length];

    public void Add(LogEntry entry)
    {
        if (Count == _entries.Length && Count < capacity)
        {
            Grow();
        }

        _entries[(_start + Count) % _entries.Length] = entry;
        if (Count < _entries.Length)
        {
            Count++;
            return;
        }

        _start = (_start + 1) % _entries.Length;
        Dropped++;
    }

    /// <summary>Lets go of the oldest lines with a number below <paramref name="number"/>.</summary>
    public void DropBefore(long number)
    {
        while (Count > 0 && this[0].Number < number)
        {
            _entries[_start] = default;
            _start = (_start + 1) % _entries.Length;
            Count--;
        }
    }

    private void Grow()
    {
        var larger = new LogEntry[Math.Min(capacity, _entries.Length * 4)];
        for (var index = 0; index < Count; index++)
        {
            larger[index] = this[index];
        }

        _entries = larger;
        _start = 0;
    }
}
