namespace Runner.Engine.Logs.Collector;

/// <summary>Parts of chunks that go to Loki together. Pure.</summary>
internal static class ChunkParts
{
    public static int Lines(this IReadOnlyList<ChunkPart> parts) => parts.Sum(part => part.Count);

    /// <summary>Halves by lines; order stays.</summary>
    public static (IReadOnlyList<ChunkPart> First, IReadOnlyList<ChunkPart> Second) Halves(this IReadOnlyList<ChunkPart> parts)
    {
        var left = parts.Lines() / 2;
        List<ChunkPart> first = [], second = [];
        foreach (var part in parts)
        {
            var taken = Math.Min(left, part.Count);
            left -= taken;
            if (taken > 0)
            {
                first.Add(part with { To = part.From + taken });
            }

            if (taken < part.Count)
            {
                second.Add(part with { From = part.From + taken });
            }
        }

        return (first, second);
    }
}
