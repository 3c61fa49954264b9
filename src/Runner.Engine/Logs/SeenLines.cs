namespace Runner.Engine.Logs;

/// <summary>
/// Remembers when the last lines of a log were written, so that a log that is read again from a moment before the break goes on exactly
/// where it broke. The API takes that moment in whole seconds, and lines of a container's two streams may be a little out of order, so
/// neither "after the last one" nor "the same time as the last one" tells what was seen: lines of the last seconds are counted by their time.
/// </summary>
internal sealed class SeenLines
{
    /// <summary>Remembers what another one remembered.</summary>
    public static SeenLines From(SeenTimes times)
    {
        var seen = new SeenLines { _forgotten = times.Forgotten };
        foreach (var time in times.Recent)
        {
            seen.Remember(time);
        }

        return seen;
    }


    /// <summary>Enough for some ten thousand lines a second; beyond it what is older than the oldest remembered line counts as seen.</summary>
    private const int Capacity = 64 * 1024;

    /// <summary>How far apart two lines may be out of order.</summary>
    private const long Disorder = LogTimestamp.NanosecondsPerSecond;

    private long[] _times = new long[64];
    private int _next;
    private bool _wrapped;
    private long _latest = long.MinValue;
    private long _forgotten = long.MinValue;
    private Dictionary<long, int>? _replay;
    private long _replaySince;
    private long _replayLatest;

    /// <summary>Whole second from which a log must be read again to miss nothing; null when no line was seen.</summary>
    public DateTimeOffset? ResumeFrom => _latest == long.MinValue
        ? null
        : LogTimestamp.ToTime((_latest - Disorder) / LogTimestamp.NanosecondsPerSecond * LogTimestamp.NanosecondsPerSecond);

    /// <summary>What must be remembered to go on from here.</summary>
    public SeenTimes Times()
    {
        var since = _latest - (2 * Disorder);
        var all = _wrapped ? [.. _times.AsSpan(_next), .. _times.AsSpan(0, _next)] : _times.AsSpan(0, _next).ToArray();
        return new([.. all.Where(time => time >= since)], _forgotten);
    }

    /// <summary>Remembers a line that was written at this time.</summary>
    public void Add(long time) => Remember(time);

    /// <summary>From here on lines come again from <see cref="ResumeFrom"/>.</summary>
    public void BeginReplay()
    {
        if (ResumeFrom is not { } from)
        {
            return;
        }

        (_replay, _replaySince, _replayLatest) = ([], LogTimestamp.FromTime(from), _latest);
        foreach (var time in _times.AsSpan(0, _wrapped ? _times.Length : _next))
        {
            if (time >= _replaySince)
            {
                _replay[time] = _replay.GetValueOrDefault(time) + 1;
            }
        }
    }

    /// <summary>Whether the next line, written at this time, is new. A new one is remembered.</summary>
    public bool IsNew(long time)
    {
        if (_replay is not null && IsRepeat(time))
        {
            return false;
        }

        Remember(time);
        return true;
    }

    private bool IsRepeat(long time)
    {
        if (time > _replayLatest + (2 * Disorder))
        {
            _replay = null;
            return false;
        }

        if (time < _replaySince || time <= _forgotten)
        {
            return true;
        }

        var left = _replay!.GetValueOrDefault(time);
        if (left > 0)
        {
            _replay![time] = left - 1;
        }

        return left > 0;
    }

    private void Remember(long time)
    {
        _latest = Math.Max(_latest, time);
        if (_next == _times.Length)
        {
            Wrap();
        }

        if (_wrapped && _times[_next] is var lost && lost > _forgotten && lost >= _latest - (2 * Disorder))
        {
            _forgotten = lost;
        }

        _times[_next++] = time;
    }

    /// <summary>Makes the memory larger while what would be overwritten is still needed, up to a bound; else begins to overwrite the oldest.</summary>
    private void Wrap()
    {
        if (_times.Length < Capacity && _times[0] >= _latest - (2 * Disorder))
        {
            // In order from the oldest on, because the position is at the end.
            Array.Resize(ref _times, _times.Length * 2);
            _wrapped = false;
            return;
        }

        (_next, _wrapped) = (0, true);
    }
}

/// <summary>What a <see cref="SeenLines"/> remembers, in nanoseconds since 1970.</summary>
/// <param name="Recent">Times of the last lines in the order in which they came.</param>
/// <param name="Forgotten">What was written until then counts as seen.</param>
internal readonly record struct SeenTimes(IReadOnlyList<long> Recent, long Forgotten);
