using System.Text;
using Runner.Engine.Logs;

namespace Runner.Tests.Engine.Logs;

public sealed class LogTextTests
{
    private const string Stamp = "2026-11-23T19:01:17.000000001Z ";

    [Fact]
    public async Task However_the_network_cuts_the_bytes_the_lines_are_whole()
    {
        var log = $"{Stamp}größe 漢字 🚀\r\n{Stamp}\n{Stamp}{new string('x', 5_000)}\n{Stamp}last without end";
        for (var size = 1; size < 60; size += 7)
        {
            var lines = await LinesAsync(log, size);

            Assert.Equal(["größe 漢字 🚀", "", new string('x', 5_000), "last without end"], lines);
            Assert.Equal(log.Replace(Stamp, ""), await BytesAsync(log, size));
        }
    }

    [Fact]
    public async Task A_line_of_a_megabyte_is_cut_as_text_and_whole_as_bytes()
    {
        var log = $"{Stamp}before\n{Stamp}{string.Concat(Enumerable.Repeat("漢字", 170_000))}\n{Stamp}after\n";

        var lines = await LinesAsync(log, 10_007);

        Assert.Equal(3, lines.Count);
        Assert.Equal(("before", "after"), (lines[0], lines[2]));
        Assert.StartsWith("漢字漢字", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("left out]", lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', lines[1]);
        Assert.InRange(Encoding.UTF8.GetByteCount(lines[1]), 200 * 1024, 257 * 1024);
        Assert.Equal(log.Replace(Stamp, ""), await BytesAsync(log, 10_007));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_and_lines_without_a_time_are_carried_on()
    {
        var log = Encoding.UTF8.GetBytes(Stamp).Concat(new byte[] { 0xFF, 0x00, 0xC3, (byte)'\n' }).Concat("unable to retrieve container logs\n"u8.ToArray()).ToArray();

        var lines = await LinesAsync(log, 3);

        Assert.Equal(["\uFFFD\0\uFFFD", "unable to retrieve container logs"], lines);
    }

    private static Task<List<string>> LinesAsync(string log, int size) => LinesAsync(Encoding.UTF8.GetBytes(log), size);

    private static async Task<List<string>> LinesAsync(byte[] log, int size)
    {
        var text = new LogText("pod", "container");
        var lines = new List<string>();
        await foreach (var block in BlocksAsync(log, size))
        {
            lines.AddRange((text.Lines(block.Block, block.Cursor) ?? []).Select(line => line.Text));
        }

        return lines;
    }

    private static async Task<string> BytesAsync(string log, int size)
    {
        var text = new LogText("pod", "container");
        var bytes = new MemoryStream();
        await foreach (var block in BlocksAsync(Encoding.UTF8.GetBytes(log), size))
        {
            bytes.Write((text.Bytes(block.Block, block.Cursor) ?? default).Span);
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static async IAsyncEnumerable<(LogBlock Block, LogCursor Cursor)> BlocksAsync(byte[] log, int size)
    {
        using var reader = new LogBlockReader(new Trickle(log, size));
        var cursor = new LogCursor();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken) is { } block)
        {
            yield return (block, cursor);
        }

        yield return (reader.Remainder, cursor);
    }

    /// <summary>Gives only so many bytes at a time.</summary>
    private sealed class Trickle(byte[] content, int size) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, size)], cancellationToken);
    }
}
