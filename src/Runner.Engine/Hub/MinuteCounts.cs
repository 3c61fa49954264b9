namespace Runner.Engine.Hub;

/// <summary>Counts things per minute over the last day. Not thread-safe.</summary>
internal sealed class MinuteCounts
{
    private const int Minutes = 24 * 60;
    private readonly int[] _counts = new int[Minutes];
    private long _newest;

    public void Add(DateTimeOffset at, int count)
    {
        var minute = MinuteOf(at);
        MoveTo(minute);
        if (minute > _newest - Minutes)
        {
            _counts[minute % Minutes] += count;
        }
    }

    /// <summary>Counts of the last minutes, oldest first; the last one is the minute that runs.</summary>
    public IReadOnlyList<int> Last(int minutes, DateTimeOffset now)
    {
        MoveTo(MinuteOf(now));
        var wanted = Math.Clamp(minutes, 0, Minutes);
        var counts = new int[wanted];
        for (var i = 0; i < wanted; i++)
        {
            counts[i] = _counts[(_newest - wanted + 1 + i) % Minutes];
        }

        return counts;
    }

    private static long MinuteOf(DateTimeOffset at) => Math.Max(at.ToUnixTimeSeconds() / 60, Minutes);

    private void MoveTo(long minute)
    {
        for (var passed = Math.Max(_newest, minute - Minutes) + 1; passed <= minute; passed++)
        {
            _counts[passed % Minutes] = 0;
        }

        _newest = Math.Max(_newest, minute);
    }
}
