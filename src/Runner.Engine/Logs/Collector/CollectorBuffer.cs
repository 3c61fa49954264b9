namespace Runner.Engine.Logs.Collector;

/// <summary>
/// What was read and is not delivered yet, bounded by bytes. Readers that find it full wait in the order in which they came, so that a flood of one container does
/// not keep the others out. What was taken counts until it is released.
/// </summary>
internal sealed class CollectorBuffer(long maxBytes, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Queue<(LogChunk Chunk, long Arrived)> _chunks = [];
    private readonly Queue<Waiter> _waiters = [];
    private long _bytes;
    private int _lines;

    /// <summary>Set when something came.</summary>
    public Signal Arrived { get; } = new();

    public long MaxBytes => maxBytes;

    /// <summary>Bytes held, those on their way included.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Lines that wait to be taken.</summary>
    public int Lines
    {
        get
        {
            lock (_lock)
            {
                return _lines;
            }
        }
    }

    /// <summary>How long the first of what waits has been here; null when nothing waits.</summary>
    public TimeSpan? Age
    {
        get
        {
            lock (_lock)
            {
                return _chunks.TryPeek(out var first) ? time.GetElapsedTime(first.Arrived) : null;
            }
        }
    }

    /// <summary>When the first line of what waits was written; null when nothing waits.</summary>
    public DateTimeOffset? Oldest
    {
        get
        {
            lock (_lock)
            {
                return _chunks.TryPeek(out var first) ? LogTimestamp.ToTime(first.Chunk.Entries[0].Time) : null;
            }
        }
    }

    /// <summary>Adds a chunk as soon as there is room.</summary>
    public async ValueTask AddAsync(LogChunk chunk, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_lock)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_waiters.Count == 0 && Fits(chunk))
            {
                Put(chunk);
                return;
            }

            waiter = new(chunk);
            _waiters.Enqueue(waiter);
        }

        using var registration = cancellationToken.Register(() => waiter.Added.TrySetCanceled(cancellationToken));
        await waiter.Added.Task.ConfigureAwait(false);
    }

    /// <summary>Adds a chunk if there is room now.</summary>
    public bool TryAdd(LogChunk chunk)
    {
        lock (_lock)
        {
            if (!Fits(chunk))
            {
                return false;
            }

            Put(chunk);
            return true;
        }
    }

    /// <summary>Takes the first chunks, at least one where there is one, up to so many bytes.</summary>
    public List<ChunkPart> Take(int most)
    {
        var taken = new List<ChunkPart>();
        lock (_lock)
        {
            for (var bytes = 0; _chunks.TryPeek(out var next) && (taken.Count == 0 || bytes + next.Chunk.Bytes.Length <= most); bytes += next.Chunk.Bytes.Length)
            {
                _chunks.Dequeue();
                _lines -= next.Chunk.Entries.Length;
                taken.Add(next.Chunk.Whole);
            }
        }

        return taken;
    }

    /// <summary>What was taken is done with: there is room again.</summary>
    public void Release(IEnumerable<ChunkPart> taken)
    {
        lock (_lock)
        {
            _bytes -= taken.Sum(part => (long)part.Chunk.Bytes.Length);
            while (_waiters.TryPeek(out var waiter) && (waiter.Added.Task.IsCompleted || Fits(waiter.Chunk)))
            {
                _waiters.Dequeue();
                if (waiter.Added.TrySetResult())
                {
                    Put(waiter.Chunk);
                }
            }
        }
    }

    private bool Fits(LogChunk chunk) => _bytes == 0 || _bytes + chunk.Bytes.Length <= maxBytes;

    private void Put(LogChunk chunk)
    {
        _chunks.Enqueue((chunk, time.GetTimestamp()));
        _bytes += chunk.Bytes.Length;
        _lines += chunk.Entries.Length;
        Arrived.Set();
    }

    private sealed record Waiter(LogChunk Chunk)
    {
        public TaskCompletionSource Added { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
