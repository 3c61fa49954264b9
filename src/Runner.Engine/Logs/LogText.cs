using System.Buffers;
using System.Text;

namespace Runner.Engine.Logs;

/// <summary>Turns blocks of a log into lines of text, or into bytes without times. Keeps a line's state from one block to the next.</summary>
internal sealed class LogText(string pod, string container)
{
    private const string CutMark = " … [the rest of this line is longer than 256 KiB and is left out]";

    private readonly ArrayBufferWriter<byte> _bytes = new(64 * 1024);

    /// <summary>The new lines of a block. A line that is too long is cut, and says so.</summary>
    public IReadOnlyList<LogLine>? Lines(LogBlock block, LogCursor cursor)
    {
        var lines = new List<LogLine>();
        var rest = block.Bytes.Span;
        if (block.Continues)
        {
            // The line was cut at the end of the block before.
            Next(ref rest, out _);
        }

        while (!rest.IsEmpty)
        {
            var line = Next(ref rest, out var whole);
            if (cursor.Take(line, out var time, out var textStart))
            {
                lines.Add(new LogLine(pod, container, LogTimestamp.ToTime(time), Decode(line[textStart..], block.Overlong && !whole)));
            }
        }

        return lines.Count > 0 ? lines : null;
    }

    /// <summary>The new bytes of a block, without times; valid until the next call.</summary>
    public ReadOnlyMemory<byte>? Bytes(LogBlock block, LogCursor cursor)
    {
        _bytes.ResetWrittenCount();
        var target = _bytes.GetSpan(block.Bytes.Length + 1);
        var written = 0;
        var rest = block.Bytes.Span;
        var first = block.Continues;
        while (!rest.IsEmpty)
        {
            var before = rest;
            Next(ref rest, out _);
            var line = before[..^rest.Length];
            var textStart = 0;
            if (first ? cursor.TakeRest() : cursor.Take(line, out _, out textStart))
            {
                line[textStart..].CopyTo(target[written..]);
                written += line.Length - textStart;
            }

            first = false;
        }

        _bytes.Advance(written);
        return written > 0 ? _bytes.WrittenMemory : null;
    }

    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> rest, out bool whole)
    {
        var length = rest.IndexOf((byte)'\n');
        whole = length >= 0;
        var line = whole ? rest[..length] : rest;
        rest = whole ? rest[(length + 1)..] : [];
        return line;
    }

    private static string Decode(ReadOnlySpan<byte> text, bool overlong)
    {
        if (!overlong && text.Length <= LogBlockReader.MaxLineBytes)
        {
            return Encoding.UTF8.GetString(text.TrimEnd((byte)'\r'));
        }

        // Not in the middle of a character.
        var end = Math.Min(text.Length, LogBlockReader.MaxLineBytes);
        while (end > 0 && end < text.Length && (text[end] & 0xC0) == 0x80)
        {
            end--;
        }

        return Encoding.UTF8.GetString(text[..end]) + CutMark;
    }
}
