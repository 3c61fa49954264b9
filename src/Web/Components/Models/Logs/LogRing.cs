using Runner.Engine.Logs;

namespace Runner.Web.Components.Models.Logs;

/// <summary>One row in the log view.</summary>
/// <param name="Number">Running number of the line over everything that ever arrived, from 0.</param>
/// <param name="Part">0 for the line itself; from 1 on the rows to which its JSON is unfolded.</param>
/// <param name="PartText">Text of such a row.</param>
public readonly record struct LogEntry(long Number, LogLine Line, int Part = 0, string? PartText = null);

/// <summary>The newest rows up to a number and a size; the oldest make room and are counted.</summary>
/// <param name="capacity">Most rows.</param>
/// <param name="maxCharacters">Most characters of all rows together; the newest row is kept whatever its size.</param>
public sealed class LogRing(int capacity, long maxCharacters)
{
    private LogEntry[] _entries = new LogEntry[Math.Min(capacity, 256)];
    private int _start;

    public int Count { get; private set; }

    /// <summary>Lines, unfolded rows not counted.</summary>
    public int Lines { get; private set; }

    /// <summary>Characters of all rows.</summary>
    public long Characters { get; private set; }

    /// <summary>Rows that had to make room.</summary>
    public long Dropped { get; private set; }

    /// <param name="index">0 for the oldest row kept.</param>
    public LogEntry this[int index] => _entries[(_start + index) % _entries.Length];

    public void Add(LogEntry entry)
    {
        if (Count == _entries.Length && Count < capacity)
        {
            Grow();
        }

        while (Count == _entries.Length || (Count > 0 && Characters + Size(entry) > maxCharacters))
        {
            Take();
            Dropped++;
        }

        _entries[(_start + Count) % _entries.Length] = entry;
        Count++;
        Lines += entry.Part == 0 ? 1 : 0;
        Characters += Size(entry);
    }

    /// <summary>Lets go of the oldest rows of lines with a number below <paramref name="number"/>.</summary>
    public void DropBefore(long number)
    {
        while (Count > 0 && this[0].Number < number)
        {
            Take();
        }
    }

    private static int Size(LogEntry entry) => (entry.PartText ?? entry.Line.Text).Length;

    private void Take()
    {
        var entry = _entries[_start];
        _entries[_start] = default;
        _start = (_start + 1) % _entries.Length;
        Count--;
        Lines -= entry.Part == 0 ? 1 : 0;
        Characters -= Size(entry);
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
