using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Configuration;
using Runner.Engine.Logs;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components.Controls;
using Runner.Web.Components.Controls.Logs;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Logs;

namespace Runner.Tests.bUnit;

/// <summary>Times of log lines.</summary>
public sealed class LogTimesTests
{
    private static readonly TimeZoneInfo Kolkata = TimeZoneInfo.CreateCustomTimeZone("Asia/Kolkata", new TimeSpan(5, 30, 0), null, null);
    private static readonly DateTimeOffset At = new(2026, 11, 20, 20, 15, 30, 123, TimeSpan.Zero);

    [Fact]
    public void A_zone_is_named_with_its_offset()
    {
        Assert.Equal("Asia/Kolkata, UTC+05:30", LogTimes.Name(Kolkata, At));
        Assert.Equal("West, UTC-03:00", LogTimes.Name(TimeZoneInfo.CreateCustomTimeZone("West", TimeSpan.FromHours(-3), null, null), At));
        Assert.Equal("UTC", LogTimes.Name(TimeZoneInfo.Utc, At));
    }

    [Fact]
    public async Task Lines_stand_in_the_configured_zone_which_is_named_beside_them()
    {
        await using var context = new ConsoleContext(more: services => services.AddSingleton(new RunnerOptions { TimeZone = Kolkata }));
        var row = context.Render<LogRow>(parameters => parameters
            .Add(row => row.Entry, new LogEntry(1, new LogLine("web-a", "user-container", At, "hello"))).Add(row => row.Filter, LogFilter.None).Add(row => row.Times, true).Add(row => row.Zone, Kolkata));
        var time = row.Find("time");
        Assert.Equal(("2026-11-21 01:45:30.123", "2026-11-21T01:45:30.1230000+05:30"), (time.TextContent, time.GetAttribute("title")));

        await using var tail = new LogTail(context.Engine, context.Clock);
        foreach (var times in new[] { true, false })
        {
            var tools = context.Render<LogTools>(parameters => parameters.Add(tools => tools.Query, new LogQuery { Times = times }).Add(tools => tools.Tail, tail));
            Assert.Equal(times, tools.Markup.Contains("Asia/Kolkata, UTC+05:30", StringComparison.Ordinal));
        }
    }
}
