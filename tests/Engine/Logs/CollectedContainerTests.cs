using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Logs;
using Runner.Engine.Logs.Collector;

namespace Runner.Tests.Engine.Logs;

/// <summary>Which times Loki is told.</summary>
public sealed class CollectedContainerTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Now);

    [Fact]
    public void Lines_are_told_in_order_each_with_a_time_of_its_own()
    {
        var container = Container();
        long[] written = [At(-10), At(-10), At(-12), At(-5)];

        Assert.Equal([At(-10), At(-10) + 1, At(-10) + 2, At(-5)], written.Select(container.NextTime));
        Assert.Equal([At(-10), At(-10) + 1, At(-10) + 2, At(-5)], written.Select(Container().NextTime));
    }

    [Fact]
    public void A_line_from_a_clock_that_was_days_ahead_keeps_no_later_line_out_of_Loki()
    {
        var container = Container();
        var most = LogTimestamp.FromTime(Now + CollectedContainer.MostAhead);

        Assert.Equal(At(-1), container.NextTime(At(-1)));
        Assert.Equal(most, container.NextTime(At(3 * 24 * 3600)));
        Assert.Equal(most + 1, container.NextTime(At(0)));
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(At(359), container.NextTime(At(359)));
    }

    [Fact]
    public void Where_the_last_process_left_off_days_ahead_lines_go_on_with_times_that_Loki_takes()
    {
        var container = Container(new(default, 0, At(3 * 24 * 3600), new([At(-1)], 0), At(-1)));
        var most = LogTimestamp.FromTime(Now + CollectedContainer.MostAhead);
        Assert.Equal([most + 1, most + 2], new[] { At(0), At(0) }.Select(container.NextTime));
    }

    private static long At(int seconds) => LogTimestamp.FromTime(Now + TimeSpan.FromSeconds(seconds));

    private CollectedContainer Container(ContainerPosition? position = null) => new(new("c", "uid", "main"), "spaces", "pod", "{}", position, 0, _time);
}
