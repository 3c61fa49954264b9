using Runner.Engine.Logs;
using Runner.Tests.bUnit.Support;
using Runner.Web.Live.Logs;

namespace Runner.Tests.bUnit;

/// <summary>Many logs followed at once, whose pods come and go.</summary>
public sealed class LogStreamsTests
{
    [Fact]
    public async Task Whoever_hears_of_the_end_of_a_log_finds_its_place_free()
    {
        await using var context = new ConsoleContext();
        var ended = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        LogStreams? streams = null;
        streams = Follow(context, () => ended.TrySetResult(streams!.Open));
        streams.Want([Target("web-1")]);
        context.Engine.Log("web-1").Complete();

        Assert.Equal(0, await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        await streams.DisposeAsync();
    }

    [Fact]
    public async Task Why_a_log_could_not_be_read_is_told_until_its_pod_has_been_gone_for_a_while()
    {
        await using var context = new ConsoleContext();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var streams = Follow(context, () => ended.TrySetResult());
        streams.Want([Target("web-1")]);
        context.Engine.Log("web-1").Complete(new InvalidOperationException("no such container"));
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Single(streams.Problems);

        // It is there all the time, however long that is.
        context.Clock.Advance(TimeSpan.FromHours(1));
        streams.Want([Target("web-1")]);
        Assert.Single(streams.Problems);

        // Its pod goes, and comes back as a log that is kept: nothing is read twice.
        streams.Want([]);
        context.Clock.Advance(TimeSpan.FromSeconds(30));
        streams.Want([Target("web-1")]);
        Assert.Single(context.Engine.LogRequests);

        streams.Want([]);
        context.Clock.Advance(TimeSpan.FromMinutes(2));
        streams.Want([]);
        Assert.Empty(streams.Problems);

        streams.Want([Target("web-1")]);
        Assert.Equal((0, 0), (streams.Open, streams.Waiting));
    }

    private static LogTarget Target(string pod) => new(Samples.Key("web"), pod, "user-container");

    private static LogStreams Follow(ConsoleContext context, Action changed)
    {
        Assert.True(LogSince.TryRead("", out var since));
        return new(context.Engine, context.Clock, since, previous: true, _ => { }, changed);
    }
}
