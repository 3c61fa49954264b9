namespace Runner.Engine.Logs.Kept;

/// <summary>The last lines of a log as the kubelet gives them, each with its time: at most so many, and at most so many bytes.</summary>
internal sealed class LastLines(int maxLines, int maxBytes)
{
    private readonly Queue<byte[]> _lines = [];
    private long _bytes;

    public int Count => _lines.Count;

    /// <summary>Takes the new lines of a block. A line longer than a block, or than everything that is kept, is cut at its end.</summary>
    /// <returns>How many lines were new; null for none.</returns>
    public int? Add(LogBlock block, LogCursor cursor)
    {
        var taken = 0;
        var rest = block.Bytes.Span;
        if (block.Continues)
        {
            Next(ref rest);
        }

        while (!rest.IsEmpty)
        {
            var line = Next(ref rest);
            if (cursor.Take(line, out _, out _))
            {
                Keep(line);
                taken++;
            }
        }

        return taken > 0 ? taken : null;
    }

    /// <summary>Writes the lines, each with its end.</summary>
    public void WriteTo(Stream target)
    {
        foreach (var line in _lines)
        {
            target.Write(line);
        }
    }

    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> rest)
    {
        var length = rest.IndexOf((byte)'\n');
        var line = length >= 0 ? rest[..length] : rest;
        rest = length >= 0 ? rest[(length + 1)..] : [];
        return line;
    }

    private void Keep(ReadOnlySpan<byte> line)
    {
        var kept = new byte[Math.Min(line.Length, maxBytes - 1) + 1];
        line[..(kept.Length - 1)].CopyTo(kept);
        kept[^1] = (byte)'\n';
        _lines.Enqueue(kept);
        _bytes += kept.Length;
        while (_lines.Count > maxLines || _bytes > maxBytes)
        {
            _bytes -= _lines.Dequeue().Length;
        }
    }
}
