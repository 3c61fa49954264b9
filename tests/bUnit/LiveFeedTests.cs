using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads;
using Runner.Tests.bUnit.Support;
using Runner.Tests.Support;
using Runner.Web.Live;

namespace Runner.Tests.bUnit;

public sealed class LiveFeedTests
{
    private const LiveParts All = LiveParts.Workloads | LiveParts.Clusters | LiveParts.Hub | LiveParts.Capacity;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task What_is_on_the_screen_comes_at_once_time_after_time_until_a_flood_owes_too_much_rest()
    {
        await using var context = new ConsoleContext();
        var batches = Channel.CreateUnbounded<LiveBatch>();
        using var listening = Listen(context, batches.Writer, _ => true);
        for (var change = TimeSpan.Zero; change <= LivePace.Most; change += LivePace.Least)
        {
            // The clock stands still: nobody has rested.
            context.Engine.Feed.Set(Samples.Workload("one", message: $"{change}"));
            Assert.Equal([Samples.Key("one")], (await NextAsync(batches.Reader)).Workloads);
        }

        context.Engine.Feed.Set(Samples.Workload("one"));
        context.Engine.Feed.Set(Samples.Workload("two"));
        Assert.Equal([Samples.Key("one"), Samples.Key("two")], (await RestedAsync(context, LivePace.Least, batches.Reader)).Workloads.Order(ByName));
    }

    [Fact]
    public async Task What_is_out_of_sight_is_gathered_and_comes_with_what_is_on_the_screen_or_after_a_while()
    {
        await using var context = new ConsoleContext();
        var batches = Channel.CreateUnbounded<LiveBatch>();
        using var listening = Listen(context, batches.Writer, key => key.Name == "shown");
        context.Engine.Feed.Set(Samples.Workload("a"));
        Assert.Equal([Samples.Key("a")], (await NextAsync(batches.Reader)).Workloads);

        context.Engine.Feed.Set(Samples.Workload("b"));
        context.Engine.Feed.Set(Samples.Workload("c"));
        context.Engine.Set(new OutboxStatus(1, 0, LocalText.None, null));
        context.Engine.Feed.Set(Samples.Workload("shown"));
        var batch = await NextAsync(batches.Reader);
        Assert.Equal([Samples.Key("b"), Samples.Key("c"), Samples.Key("shown")], batch.Workloads.Order(ByName));
        Assert.True(batch.Hub);

        context.Engine.Feed.Set(Samples.Workload("d"));
        context.Engine.Feed.Set(Samples.Workload("e"));
        Assert.Equal([Samples.Key("d"), Samples.Key("e")], (await RestedAsync(context, LivePace.Most, batches.Reader)).Workloads.Order(ByName));
    }

    [Fact]
    public async Task Each_is_told_only_of_what_it_wants_and_what_nobody_wants_wakes_nobody()
    {
        await using var context = new ConsoleContext();
        var feed = context.Services.GetRequiredService<LiveFeed>();
        var (clusters, hub) = (Channel.CreateUnbounded<LiveBatch>(), Channel.CreateUnbounded<LiveBatch>());
        using var one = feed.Listen(LiveParts.Clusters, batch => clusters.Writer.WriteAsync(batch).AsTask());
        using var two = feed.Listen(LiveParts.Hub, batch => hub.Writer.WriteAsync(batch).AsTask());
        context.Engine.Feed.Set(Samples.Workload("a"));
        context.Engine.Set(context.Engine.Clusters[0]);
        Assert.Equal(LiveParts.Clusters, (await NextAsync(clusters.Reader)).Parts);
        context.Engine.Set(new OutboxStatus(1, 0, LocalText.None, null));
        Assert.Equal(LiveParts.Hub, (await RestedAsync(context, LivePace.Most, hub.Reader)).Parts);
        Assert.False(clusters.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task Who_listens_again_after_the_last_one_left_is_told_again()
    {
        await using var context = new ConsoleContext();
        for (var visit = 0; visit < 3; visit++)
        {
            var batches = Channel.CreateUnbounded<LiveBatch>();
            using var listening = Listen(context, batches.Writer, _ => true);
            context.Engine.Feed.Set(Samples.Workload("a", message: $"{visit}"));
            Assert.Equal([Samples.Key("a")], (await NextAsync(batches.Reader)).Workloads);
        }
    }

    [Fact]
    public async Task A_listener_that_fails_does_not_end_the_updates()
    {
        await using var context = new ConsoleContext();
        var feed = context.Services.GetRequiredService<LiveFeed>();
        var seen = new TaskCompletionSource();
        using var failing = feed.Listen(All, _ => throw new InvalidOperationException("page is broken"));
        using var listening = feed.Listen(All, _ =>
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
        var one = feed.Listen(All, _ => Task.CompletedTask);
        var two = feed.Listen(All, _ => Task.CompletedTask);
        Assert.Equal(2, context.Engine.Attached);
        one.Dispose();
        one.Dispose();
        Assert.Equal(2, context.Engine.Attached);
        two.Dispose();
        Assert.Equal(0, context.Engine.Attached);
    }

    private static Comparer<WorkloadKey> ByName { get; } = Comparer<WorkloadKey>.Create((a, b) => string.CompareOrdinal(a.Name, b.Name));

    private static IDisposable Listen(ConsoleContext context, ChannelWriter<LiveBatch> batches, Func<WorkloadKey, bool> shows) =>
        context.Services.GetRequiredService<LiveFeed>().Listen(All, batch => batches.WriteAsync(batch).AsTask(), shows);

    private static async Task<LiveBatch> NextAsync(ChannelReader<LiveBatch> batches) =>
        await batches.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);

    /// <summary>The next batch after a rest. It is owed from the moment on that the one before was done with, which may be later than the test had that one.</summary>
    private static async Task<LiveBatch> RestedAsync(ConsoleContext context, TimeSpan rest, ChannelReader<LiveBatch> batches)
    {
        LiveBatch? batch = null;
        await Eventually.TrueAsync(
            () =>
            {
                context.Clock.Advance(rest);
                return batches.TryRead(out batch);
            },
            "it is told after its rest",
            Patience.TotalSeconds);
        return batch!;
    }
}
