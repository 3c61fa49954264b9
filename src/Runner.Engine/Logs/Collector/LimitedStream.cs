namespace Runner.Engine.Logs.Collector;

/// <summary>What waits of one stream in Loki that is over a limit of its own, in its order; never empty while <see cref="LimitedStreams"/> has it.</summary>
internal sealed class LimitedStream
{
    public List<ChunkPart> Parts { get; } = [];

    /// <summary>So many lines are tried together: fewer after a refusal, more when some have gone.</summary>
    public int Most { get; set; } = int.MaxValue;

    public int Failures { get; set; }

    public long Since { get; set; }

    public TimeSpan Pause { get; set; }

    public LogStream Stream => Parts[0].Chunk.Stream;

    public LogEntry First => Parts[0].Chunk.Entries[Parts[0].From];

    public List<ChunkPart> Take(int mostBytes)
    {
        var taken = new List<ChunkPart>();
        var (lines, bytes) = (Most, 0L);
        foreach (var part in Parts.TakeWhile(part => lines > 0 && (taken.Count == 0 || bytes + part.Size <= mostBytes)))
        {
            taken.Add(part with { To = part.From + Math.Min(lines, part.Count) });
            lines -= taken[^1].Count;
            bytes += part.Size;
        }

        return taken;
    }

    public void Remove(int lines)
    {
        var whole = 0;
        while (whole < Parts.Count && Parts[whole].Count <= lines)
        {
            lines -= Parts[whole++].Count;
        }

        Parts.RemoveRange(0, whole);
        if (lines > 0)
        {
            Parts[0] = Parts[0] with { From = Parts[0].From + lines };
        }
    }
}
