using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Snappier;

namespace Runner.Engine.Logs.Collector;

/// <summary>
/// Writes lines as Loki takes them at <c>/loki/api/v1/push</c> (<c>pkg/push/push.proto</c> of grafana/loki), compressed with Snappy in its block format:
/// <code>
/// PushRequest  { repeated Stream streams = 1; }
/// Stream       { string labels = 1; repeated Entry entries = 2; }
/// Entry        { Timestamp timestamp = 1; string line = 2; }
/// Timestamp    { int64 seconds = 1; int32 nanos = 2; }
/// </code>
/// </summary>
internal static class PushBody
{
    public const string ContentType = "application/x-protobuf";

    /// <summary>One stream a set of labels, lines of each in their order.</summary>
    public static byte[] Write(IReadOnlyList<ChunkPart> parts)
    {
        var body = new ArrayBufferWriter<byte>(64 * 1024);
        var entries = new ArrayBufferWriter<byte>(16 * 1024);
        foreach (var stream in parts.GroupBy(part => part.Chunk.Stream))
        {
            entries.ResetWrittenCount();
            Field(entries, 1, Encoding.UTF8.GetBytes(stream.Key.Labels));
            foreach (var part in stream)
            {
                for (var i = part.From; i < part.To; i++)
                {
                    Entry(entries, part.Chunk.Entries[i].Time, Text(part.Chunk.TextOf(i)));
                }
            }

            Field(body, 1, entries.WrittenSpan);
        }

        return Snappy.CompressToArray(body.WrittenSpan);
    }

    // Programs write what they like; what is no text must not make Loki refuse the rest.
    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> line) => Utf8.IsValid(line) ? line : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(line));

    private static void Entry(ArrayBufferWriter<byte> target, long time, ReadOnlySpan<byte> line)
    {
        var seconds = (ulong)(time / LogTimestamp.NanosecondsPerSecond);
        var nanos = (ulong)(time % LogTimestamp.NanosecondsPerSecond);
        var stamp = 1 + Length(seconds) + (nanos == 0 ? 0 : 1 + Length(nanos));
        Tag(target, 2);
        Number(target, (ulong)(1 + Length((ulong)stamp) + stamp + 1 + Length((ulong)line.Length) + line.Length));
        Tag(target, 1);
        Number(target, (ulong)stamp);
        Number(target, 1 << 3);
        Number(target, seconds);
        if (nanos != 0)
        {
            Number(target, 2 << 3);
            Number(target, nanos);
        }

        Field(target, 2, line);
    }

    private static void Field(ArrayBufferWriter<byte> target, int number, ReadOnlySpan<byte> bytes)
    {
        Tag(target, number);
        Number(target, (ulong)bytes.Length);
        target.Write(bytes);
    }

    /// <summary>Of a field with a length.</summary>
    private static void Tag(ArrayBufferWriter<byte> target, int number) => Number(target, ((ulong)number << 3) | 2);

    private static int Length(ulong value)
    {
        var length = 1;
        for (; value >= 0x80; value >>= 7)
        {
            length++;
        }

        return length;
    }

    private static void Number(ArrayBufferWriter<byte> target, ulong value)
    {
        var span = target.GetSpan(10);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[length++] = (byte)(value | 0x80);
        }

        span[length++] = (byte)value;
        target.Advance(length);
    }
}
