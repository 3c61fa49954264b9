namespace Runner.Engine.Logs;

/// <summary>Where the reading of one container's log stands: which lines were delivered, and whether the line at hand is new.</summary>
internal sealed class LogCursor(SeenLines seen)
{
    private readonly SeenLines _seen = seen;
    private readonly byte[] _lastStamp = new byte[LogTimestamp.FullLength];
    private long _lastTime;
    private bool _taken;

    public LogCursor()
        : this(new SeenLines())
    {
    }

    /// <summary>Whole second from which to read after a break; null when no line was delivered.</summary>
    public DateTimeOffset? ResumeFrom => _seen.ResumeFrom;

    /// <summary>The log is read again from <see cref="ResumeFrom"/>: lines that were delivered are skipped.</summary>
    public void BeginReplay() => _seen.BeginReplay();

    /// <summary>Looks at the beginning of a line.</summary>
    /// <param name="time">When it was written, in nanoseconds since 1970; of a line without a time, that of the line before it.</param>
    /// <param name="textStart">Where the text begins, behind the time.</param>
    /// <returns>Whether the line is new.</returns>
    public bool Take(ReadOnlySpan<byte> line, out long time, out int textStart)
    {
        if (LogTimestamp.TryReadNext(line, _lastStamp, _lastTime, out time, out textStart))
        {
            _lastTime = time;
            if (textStart == LogTimestamp.FullLength + 1)
            {
                line[..LogTimestamp.FullLength].CopyTo(_lastStamp);
            }
            else
            {
                _lastStamp.AsSpan().Clear();
            }
            _taken = _seen.IsNew(time);
        }
        else
        {
            // The kubelet's own words, such as "failed to watch file": they have no time, and are not part of the log.
            time = _lastTime;
            _taken = true;
        }

        return _taken;
    }

    /// <summary>Whether the rest of a line whose beginning came in an earlier block is wanted.</summary>
    public bool TakeRest() => _taken;
}
