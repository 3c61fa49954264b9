using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Runner.Engine.Logs;

namespace Runner.Tests.Engine.Logs;

public sealed class SeenLinesTests
{
    private const long Second = 1_000_000_000;

    [Fact]
    public void Wherever_and_however_often_a_log_breaks_every_line_comes_once()
    {
        // Gaps of nothing (equal times), some milliseconds and some seconds; a line may be up to 0.9 s older than the one before it.
        var times = Gen.Elements(0L, 1, 1_000_000, 400_000_000, 3 * Second).SelectMany(gap => Gen.Elements(0L, 0, 0, 900_000_000).Select(back => (gap, back))).ListOf(60);
        var cuts = Gen.Choose(1, 25).ListOf(12);

        Prop.ForAll(times.ToArbitrary(), cuts.ToArbitrary(), (gaps, steps) => Deliver(Lines(gaps), steps).SequenceEqual(Lines(gaps)))
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Twenty_thousand_lines_within_one_second_are_resumed_exactly()
    {
        var lines = Enumerable.Range(0, 20_000).Select(i => ((5 * Second) + (i * 10_000L), i)).ToList();

        Assert.Equal(lines, Deliver(lines, [7_000, 6_000, 9_999]));
    }

    [Fact]
    public void More_lines_than_are_remembered_are_never_repeated()
    {
        var lines = Enumerable.Range(0, 200_000).Select(i => ((5 * Second) + (i * 1_000L), i)).ToList();

        Assert.Equal(lines, Deliver(lines, [150_000, 100_000]));
    }

    [Theory]
    [InlineData("2026-11-23T19:01:17.123456789Z hello", 123_456_789, "hello")]
    [InlineData("2026-11-23T19:01:17Z hello", 0, "hello")]
    [InlineData("2026-11-23T19:01:17.5Z ", 500_000_000, "")]
    [InlineData("2026-11-23T19:01:17.5Z", 500_000_000, "")]
    [InlineData("2026-11-24T03:01:17.25+08:00 hello", 250_000_000, "hello")]
    public void The_kubelets_time_is_read(string line, long fraction, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(line);

        Assert.True(LogTimestamp.TryRead(bytes, out var nanoseconds, out var length));

        Assert.Equal(new DateTimeOffset(2026, 11, 23, 19, 1, 17, TimeSpan.Zero).ToUnixTimeSeconds() * Second + fraction, nanoseconds);
        Assert.Equal(text, Encoding.UTF8.GetString(bytes.AsSpan(length)));
    }

    [Fact]
    public void Whatever_bytes_come_reading_a_time_never_fails() =>
        Prop.ForAll<byte[]>(bytes =>
        {
            var line = Encoding.UTF8.GetBytes("2026-11-23T19:01:17.12Z ").ToArray();
            for (var i = 0; i < bytes.Length; i++)
            {
                line[(bytes[i] + i) % line.Length] = bytes[i];
            }

            return !LogTimestamp.TryRead(line, out _, out var length) || length <= line.Length;
        }).QuickCheckThrowOnFailure();

    private static List<(long Time, int Number)> Lines(IList<(long Gap, long Back)> gaps)
    {
        var clock = 100 * Second;
        return [.. gaps.Select((gap, number) => ((clock += gap.Gap) - gap.Back, number))];
    }

    /// <summary>Reads a log that breaks after so many lines each time, as an API server gives it: from a whole second on.</summary>
    private static List<(long Time, int Number)> Deliver(List<(long Time, int Number)> log, IEnumerable<int> breaks)
    {
        var seen = new SeenLines();
        var delivered = new List<(long, int)>();
        foreach (var length in breaks.Append(int.MaxValue))
        {
            var from = seen.ResumeFrom is { } time ? LogTimestamp.FromTime(time) : 0;
            seen.BeginReplay();

            // A stream always brings something new before it breaks, else the log would never end.
            var fresh = 0;
            foreach (var line in log.Where(line => line.Time >= from))
            {
                if (seen.IsNew(line.Time))
                {
                    delivered.Add(line);
                    if (++fresh >= length)
                    {
                        break;
                    }
                }
            }
        }

        return delivered;
    }
}
