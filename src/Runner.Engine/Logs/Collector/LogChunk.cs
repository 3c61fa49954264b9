namespace Runner.Engine.Logs.Collector;

/// <summary>One line in a chunk's bytes.</summary>
/// <param name="Time">For Loki: nanoseconds since 1970, later than that of the line before it in the stream.</param>
/// <param name="Written">By the kubelet's clock; 0 where the kubelet gave no time.</param>
internal readonly record struct LogEntry(int Start, int Length, long Time, long Written);

/// <summary>Lines of one stream in order.</summary>
internal readonly record struct LogChunk(LogStream Stream, byte[] Bytes, LogEntry[] Entries, int Run)
{
    public ReadOnlySpan<byte> TextOf(int index) => Bytes.AsSpan(Entries[index].Start, Entries[index].Length);

    public ChunkPart Whole => new(this, 0, Entries.Length);
}

/// <summary>Some of a chunk's lines.</summary>
internal readonly record struct ChunkPart(LogChunk Chunk, int From, int To)
{
    public int Count => To - From;

    /// <summary>Bytes of the lines.</summary>
    public long Size
    {
        get
        {
            long size = 0;
            for (var i = From; i < To; i++)
            {
                size += Chunk.Entries[i].Length;
            }

            return size;
        }
    }

    /// <summary>Whether the chunk ends with it: a chunk's lines are done with in their order.</summary>
    public bool EndsChunk => To == Chunk.Entries.Length;
}

/// <summary>A stream in Loki: one set of labels.</summary>
/// <param name="labels">As <see cref="LokiLabels.Text"/> makes them.</param>
internal abstract class LogStream(string labels)
{
    public string Labels { get; } = labels;

    /// <summary>When Loki began to refuse its lines for a limit of the stream's own, as a timestamp; null when it does not. The sender's.</summary>
    public long? LimitedSince { get; set; }

    /// <summary>Bytes of it in the buffer. The buffer's.</summary>
    public long Buffered { get; set; }

    /// <summary>These lines need not be sent again: Loki has them, or will never take them.</summary>
    public abstract void Done(ChunkPart part);
}
