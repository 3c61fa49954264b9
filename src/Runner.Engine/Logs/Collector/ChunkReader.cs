namespace Runner.Engine.Logs.Collector;

/// <summary>Turns blocks of a container's log into chunks for Loki. Each line keeps the kubelet's time at its beginning: the hub's pages show it.</summary>
internal sealed class ChunkReader(CollectedContainer container, CollectorSettings settings, CollectorCounters counters, TimeProvider time)
{
    /// <summary>Loki's default <c>max_line_size</c>.</summary>
    public const int MaxLineBytes = 256 * 1024;

    private static readonly byte[] CutMark = " … [the rest of this line is longer than 256 KiB and is left out]"u8.ToArray();

    private readonly List<LogEntry> _entries = [];

    /// <summary>The new lines of a block; null where there are none.</summary>
    public LogChunk? Read(LogBlock block, LogCursor cursor, int run)
    {
        _entries.Clear();
        var rest = block.Bytes.Span;
        var bytes = new byte[rest.Length + CutMark.Length];
        var written = 0;
        if (block.Continues)
        {
            // The line was cut at the end of the block before.
            Next(ref rest, out _);
        }

        var oldest = LogTimestamp.FromTime(time.GetUtcNow() - settings.MaxAge);
        while (!rest.IsEmpty)
        {
            var line = Next(ref rest, out var whole);
            if (!cursor.Take(line, out var at, out var textStart))
            {
                continue;
            }

            var start = written;
            line = line.TrimEnd((byte)'\r');
            if (line.Length > MaxLineBytes || (block.Overlong && !whole))
            {
                var kept = line[..Boundary(line, Math.Min(line.Length, MaxLineBytes - CutMark.Length))];
                kept.CopyTo(bytes.AsSpan(written));
                CutMark.CopyTo(bytes.AsSpan(written + kept.Length));
                written += kept.Length + CutMark.Length;
                counters.Cut();
            }
            else
            {
                line.CopyTo(bytes.AsSpan(written));
                written += line.Length;
            }

            _entries.Add(new(start, written - start, container.NextTime(at > 0 ? at : LogTimestamp.FromTime(time.GetUtcNow())), textStart > 0 ? at : 0));
        }

        return _entries.Count == 0 ? null : Chunk(bytes, run, oldest);
    }

    private LogChunk? Chunk(byte[] bytes, int run, long oldest)
    {
        var old = _entries.FindIndex(entry => entry.Time >= oldest);
        var chunk = new LogChunk(container, bytes, [.. _entries], run);
        if (old == 0)
        {
            return chunk;
        }

        // Lines are in the order of their times: the old ones are at the beginning.
        var count = old < 0 ? _entries.Count : old;
        counters.Dropped(DropReason.TooOld, count);
        container.Done(new(chunk, 0, count));
        return old < 0 ? null : chunk with { Entries = [.. _entries.Skip(count)] };
    }

    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> rest, out bool whole)
    {
        var length = rest.IndexOf((byte)'\n');
        whole = length >= 0;
        var line = whole ? rest[..length] : rest;
        rest = whole ? rest[(length + 1)..] : [];
        return line;
    }

    /// <summary>Not in the middle of a character.</summary>
    private static int Boundary(ReadOnlySpan<byte> text, int end)
    {
        while (end > 0 && end < text.Length && (text[end] & 0xC0) == 0x80)
        {
            end--;
        }

        return end;
    }
}
