using Runner.Tests.bUnit.Support;
using Runner.Web.Components.Models;
using Runner.Web.Components.Models.Logs;

namespace Runner.Tests.bUnit;

/// <summary>Choices on the log view that come while the streams of the one before still end.</summary>
public sealed class LogTailTests
{
    [Fact]
    public async Task Of_quick_choices_the_last_one_is_read_and_once()
    {
        await using var context = new ConsoleContext();
        var tail = await BeginAsync(context);
        var mayEnd = new TaskCompletionSource();
        context.Engine.LogsMayEnd = mayEnd.Task;

        var (one, two) = (tail.ShowAsync(Query("since=5m")), tail.ShowAsync(Query("since=1h")));
        var again = tail.AgainAsync();
        Assert.False(one.IsCompleted || two.IsCompleted || again.IsCompleted);
        mayEnd.SetResult();
        await again;

        Assert.Equal((false, false), (await one, await two));
        Opened(context, requests: 2);
        Assert.Equal(Samples.Now.AddHours(-1), context.Engine.LogRequests[1].Since);
        await tail.DisposeAsync();
        Assert.Equal(0, context.Engine.OpenLogs);
    }

    [Fact]
    public async Task A_choice_made_just_before_the_view_is_closed_opens_nothing()
    {
        await using var context = new ConsoleContext();
        var tail = await BeginAsync(context);
        var mayEnd = new TaskCompletionSource();
        context.Engine.LogsMayEnd = mayEnd.Task;

        var choice = tail.ShowAsync(Query("since=5m"));
        var closing = tail.DisposeAsync().AsTask();
        Assert.False(choice.IsCompleted || closing.IsCompleted);
        mayEnd.SetResult();
        await closing;

        Assert.False(await choice);
        Assert.Equal((0, 1), (context.Engine.OpenLogs, context.Engine.LogRequests.Count));
        Assert.False(await tail.ShowAsync(Query("since=1h")));
        Assert.Equal((0, 1), (context.Engine.OpenLogs, context.Engine.LogRequests.Count));
    }

    private static async Task<LogTail> BeginAsync(ConsoleContext context)
    {
        context.Engine.Feed.Set(Samples.Workload("web", pods: 1));
        var tail = new LogTail(context.Engine, context.Clock);
        Assert.True(await tail.ShowAsync(Query("")));
        Opened(context, requests: 1);
        return tail;
    }

    private static void Opened(ConsoleContext context, int requests) =>
        Assert.True(SpinWait.SpinUntil(() => (context.Engine.OpenLogs, context.Engine.LogRequests.Count) == (1, requests), TimeSpan.FromSeconds(10)), $"{context.Engine.OpenLogs} logs are read");

    private static LogQuery Query(string query) => LogQuery.Parse(Samples.Key("web"), query);
}
