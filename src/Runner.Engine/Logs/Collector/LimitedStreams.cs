namespace Runner.Engine.Logs.Collector;

/// <summary>
/// Lines that a limit of their own stream, or of the number of streams, keeps out of Loki. They wait here, each stream in its order, and are tried on their own, so that
/// no other stream waits for them. When a stream's time has run out its lines are given up at each refusal, until some are taken.
/// </summary>
internal sealed class LimitedStreams(CollectorSettings settings, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LimitedStream> _lanes = new(StringComparer.Ordinal);
    private long _bytes;

    /// <summary>Streams that wait, lines of them, and when the first of these was written.</summary>
    public (int Streams, int Lines, DateTimeOffset? Oldest) Waiting
    {
        get
        {
            lock (_lock)
            {
                return _lanes.Count == 0
                    ? (0, 0, null)
                    : (_lanes.Count, _lanes.Values.Sum(lane => lane.Parts.Lines()), LogTimestamp.ToTime(_lanes.Values.Min(lane => lane.First.Time)));
            }
        }
    }

    /// <summary>How long until something may be tried; null where nothing waits.</summary>
    public TimeSpan? UntilNext
    {
        get
        {
            lock (_lock)
            {
                return _lanes.Count == 0 ? null : Crowded ? TimeSpan.Zero : _lanes.Values.Min(Left);
            }
        }
    }

    // Others need room too.
    private bool Crowded => _bytes > settings.BufferBytes / 2;

    /// <summary>Whether lines of this stream belong here: Loki limits it, or lines before them wait here.</summary>
    public bool Concerns(LogStream stream)
    {
        lock (_lock)
        {
            return stream.LimitedSince is not null || _lanes.ContainsKey(stream.Labels);
        }
    }

    /// <summary>Takes lines behind those of their stream that wait already.</summary>
    /// <param name="refused">For how long Loki does not want them, where it has just refused them; null where it was not asked.</param>
    public void Hold(IEnumerable<ChunkPart> parts, TimeSpan? refused = null)
    {
        lock (_lock)
        {
            foreach (var part in parts)
            {
                var stream = part.Chunk.Stream;
                if (!_lanes.TryGetValue(stream.Labels, out var lane))
                {
                    // Lines of a stream that is given up come in small batches: some of them together.
                    _lanes[stream.Labels] = lane = new() { Since = time.GetTimestamp(), Pause = refused ?? settings.BatchDelay };
                }

                lane.Parts.Add(part);
                _bytes += part.Size;
                if (refused is not null)
                {
                    stream.LimitedSince ??= time.GetTimestamp();
                }
            }
        }
    }

    /// <summary>The first lines of a stream whose turn it is; null where none may be tried now. They stay until it is told what became of them.</summary>
    public IReadOnlyList<ChunkPart>? Next()
    {
        lock (_lock)
        {
            if (_lanes.Count == 0)
            {
                return null;
            }

            var lane = Crowded ? _lanes.Values.MinBy(lane => lane.Stream.LimitedSince ?? long.MinValue)! : _lanes.Values.MinBy(Left)!;
            return Crowded || Left(lane) <= TimeSpan.Zero ? lane.Take(settings.MaxBatchBytes) : null;
        }
    }

    /// <summary>Loki has taken what was tried.</summary>
    public void Taken(IReadOnlyList<ChunkPart> tried)
    {
        lock (_lock)
        {
            Free(tried);
            Remove(tried).Failures = 0;
        }
    }

    /// <summary>The limit still holds.</summary>
    /// <param name="retryAfter">How long Loki asks to wait; null where it does not say.</param>
    /// <returns>Whether the lines are given up: the stream's time has run out, or too much waits.</returns>
    public bool Limited(IReadOnlyList<ChunkPart> tried, TimeSpan? retryAfter)
    {
        lock (_lock)
        {
            foreach (var part in tried)
            {
                part.Chunk.Stream.LimitedSince ??= time.GetTimestamp();
            }

            if (Crowded || time.GetElapsedTime(tried[0].Chunk.Stream.LimitedSince!.Value) >= settings.DropAfter)
            {
                Remove(tried);
                return true;
            }

            var lane = _lanes[tried[0].Chunk.Stream.Labels];
            (lane.Since, lane.Pause) = (time.GetTimestamp(), retryAfter ?? settings.Retry.Delay(++lane.Failures));
            lane.Most = Math.Max(1, tried.Lines() / 2);
            return false;
        }
    }

    /// <summary>Something of what was tried is not acceptable.</summary>
    /// <returns>Whether it is one line, and given up; else fewer are tried next.</returns>
    public bool Refused(IReadOnlyList<ChunkPart> tried)
    {
        lock (_lock)
        {
            var count = tried.Lines();
            if (count == 1)
            {
                Free(tried);
                Remove(tried);
                return true;
            }

            var lane = _lanes[tried[0].Chunk.Stream.Labels];
            (lane.Most, lane.Pause) = (count / 2, TimeSpan.Zero);
            return false;
        }
    }

    private static void Free(IReadOnlyList<ChunkPart> tried)
    {
        foreach (var part in tried)
        {
            part.Chunk.Stream.LimitedSince = null;
        }
    }

    /// <summary>Those behind them may be tried at once, and more of them together.</summary>
    private LimitedStream Remove(IReadOnlyList<ChunkPart> tried)
    {
        var labels = tried[0].Chunk.Stream.Labels;
        var lane = _lanes[labels];
        var count = tried.Lines();
        (lane.Most, lane.Pause) = ((int)Math.Min(2L * count, int.MaxValue), TimeSpan.Zero);
        lane.Remove(count);
        _bytes -= tried.Sum(part => part.Size);
        if (lane.Parts.Count == 0)
        {
            _lanes.Remove(labels);
        }

        return lane;
    }

    private TimeSpan Left(LimitedStream lane) => lane.Pause - time.GetElapsedTime(lane.Since);
}
