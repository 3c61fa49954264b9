using Microsoft.Extensions.DependencyInjection;
using Runner.Engine;
using Runner.Engine.Hub;
using Runner.Engine.Workloads;
using Runner.Tests.bUnit.Support;
using Runner.Web.Live;

namespace Runner.Tests.bUnit;

public sealed class LiveFeedTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task The_first_change_comes_at_once_and_the_rest_of_a_burst_in_one_batch_after_the_interval()
    {
        await using var context = new ConsoleContext();
        var feed = context.Services.GetRequiredService<LiveFeed>();
        var batches = System.Threading.Channels.Channel.CreateUnbounded<LiveBatch>();
        using var listening = feed.Listen(batch => batches.Writer.WriteAsync(batch).AsTask());
        context.Engine.Feed.Set(Samples.Workload("first"));
        var first = await NextAsync(batches.Reader);
        Assert.Equal([Samples.Key("first")], first.Workloads);

        for (var change = 0; change < 100; change++)
        {
            context.Engine.Feed.Set(Samples.Workload("second", message: $"{change}"));
        }

        context.Engine.Set(new OutboxStatus(1, 0, LocalText.None, null));
        Assert.False(batches.Reader.TryPeek(out _));
        var merged = new HashSet<WorkloadKey>();
        var hub = false;
        while (!hub || merged.Count == 0)
        {
            context.Clock.Advance(LivePace.Most);
            if (batches.Reader.TryRead(out var batch))
            {
                merged.UnionWith(batch.Workloads);
                hub |= batch.Hub;
            }

            await Task.Yield();
        }

        Assert.Equal([Samples.Key("second")], merged);
    }

    [Fact]
    public async Task A_listener_that_fails_does_not_end_the_updates()
    {
        await using var context = new ConsoleContext();
        var feed = context.Services.GetRequiredService<LiveFeed>();
        var seen = new TaskCompletionSource();
        using var failing = feed.Listen(_ => throw new InvalidOperationException("page is broken"));
        using var listening = feed.Listen(_ =>
        {
            seen.TrySetResult();
            return Task.CompletedTask;
        });
        context.Engine.Feed.Set(Samples.Workload("a"));
        await seen.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Nothing_stays_attached_to_the_engine_after_the_last_listener()
    {
        await using var context = new ConsoleContext();
        var feed = context.Services.GetRequiredService<LiveFeed>();
        var one = feed.Listen(_ => Task.CompletedTask);
        var two = feed.Listen(_ => Task.CompletedTask);
        Assert.Equal(2, context.Engine.Attached);
        one.Dispose();
        one.Dispose();
        Assert.Equal(2, context.Engine.Attached);
        two.Dispose();
        Assert.Equal(0, context.Engine.Attached);
    }

    private static async Task<LiveBatch> NextAsync(System.Threading.Channels.ChannelReader<LiveBatch> batches) =>
        await batches.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
}
