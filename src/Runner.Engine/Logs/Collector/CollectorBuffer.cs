namespace Runner.Engine.Logs.Collector;

/// <summary>
/// What was read and is not delivered yet, bounded by bytes. Readers that find it full wait in the order in which they came, and none has more than a quarter of it, so
/// that a flood of one container does not keep the others out; one whose stream Loki limits waits until it is told otherwise. What was taken counts until it is released.
/// </summary>
internal sealed class CollectorBuffer(long maxBytes, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Queue<(LogChunk Chunk, long Arrived)> _chunks = [];
    private readonly LinkedList<Waiter> _waiters = [];
    private readonly HashSet<LogStream> _held = [];
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
        var waiter = new Waiter(chunk);
        lock (_lock)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _waiters.AddLast(waiter);
            Admit();
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
    public void Release(LogChunk chunk)
    {
        lock (_lock)
        {
            _bytes -= chunk.Bytes.Length;
            chunk.Stream.Buffered -= chunk.Bytes.Length;
            Admit();
        }
    }

    /// <summary>Nothing more of a stream comes in, or it may again.</summary>
    public void Hold(LogStream stream, bool hold)
    {
        lock (_lock)
        {
            if (hold ? _held.Add(stream) : _held.Remove(stream))
            {
                Admit();
            }
        }
    }

    private void Admit()
    {
        for (var next = _waiters.First; next is not null;)
        {
            var (current, waiter) = (next, next.Value);
            next = next.Next;
            if (waiter.Added.Task.IsCompleted)
            {
                _waiters.Remove(current);
            }
            else if (!Fits(waiter.Chunk))
            {
                return;
            }
            else if (MayCome(waiter.Chunk))
            {
                _waiters.Remove(current);
                if (waiter.Added.TrySetResult())
                {
                    Put(waiter.Chunk);
                }
            }
        }
    }

    private bool Fits(LogChunk chunk) => _bytes == 0 || _bytes + chunk.Bytes.Length <= maxBytes;

    private bool MayCome(LogChunk chunk) =>
        !_held.Contains(chunk.Stream) && (chunk.Stream.Buffered == 0 || chunk.Stream.Buffered + chunk.Bytes.Length <= maxBytes / 4);

    private void Put(LogChunk chunk)
    {
        _chunks.Enqueue((chunk, time.GetTimestamp()));
        _bytes += chunk.Bytes.Length;
        chunk.Stream.Buffered += chunk.Bytes.Length;
        _lines += chunk.Entries.Length;
        Arrived.Set();
    }

    private sealed record Waiter(LogChunk Chunk)
    {
        public TaskCompletionSource Added { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
