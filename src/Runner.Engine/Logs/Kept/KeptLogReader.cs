using System.Runtime.CompilerServices;

namespace Runner.Engine.Logs.Kept;

/// <summary>Reads a kept log as the live one would be read. A file that is damaged ends where it is.</summary>
internal static class KeptLogReader
{
    /// <summary>The lines that are asked for, at most what is kept of one container; following makes no difference, as nothing comes any more.</summary>
    public static async Task<IReadOnlyCollection<LogLine>> LinesAsync(Stream stream, LogText text, PodLogOptions options, CancellationToken cancellationToken)
    {
        await using (stream.ConfigureAwait(false))
        {
            var lines = new Queue<LogLine>();
            using var reader = new LogBlockReader(stream);
            var cursor = new LogCursor();
            while (await ReadAsync(reader, cancellationToken).ConfigureAwait(false) is { } block)
            {
                foreach (var line in (text.Lines(block, cursor) ?? []).Where(line => line.Time >= (options.Since ?? DateTimeOffset.MinValue)))
                {
                    lines.Enqueue(line);
                    if (lines.Count > (options.TailLines ?? int.MaxValue))
                    {
                        lines.Dequeue();
                    }
                }
            }

            return lines;
        }
    }

    /// <summary>The log without times, in pieces that are valid until the next one is asked for.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> BytesAsync(Stream stream, LogText text, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using (stream.ConfigureAwait(false))
        {
            using var reader = new LogBlockReader(stream);
            var cursor = new LogCursor();
            while (await ReadAsync(reader, cancellationToken).ConfigureAwait(false) is { } block)
            {
                if (text.Bytes(block, cursor) is { } bytes)
                {
                    yield return bytes;
                }
            }
        }
    }

    private static async ValueTask<LogBlock?> ReadAsync(LogBlockReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
