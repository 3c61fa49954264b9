using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Hub;
using Runner.Engine.Workloads;
using Runner.Tests.Engine.Support;
using static Runner.Tests.Engine.Hub.HubSide;

namespace Runner.Tests.Engine.Hub;

/// <summary>How events get to a hub that is not always well.</summary>
public sealed class OutboxTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private RecordingHub _hub = null!;

    public async ValueTask InitializeAsync() => _hub = await RecordingHub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_hub_that_is_down_for_the_first_minute_gets_everything_in_order_once_it_is_up()
    {
        await _hub.DownAsync();
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var side = Start(_folder, _hub, time);
        await side.SyncAsync(Service("web", DeployStatus.Deploying), Service("other", DeployStatus.Deploying));
        await side.TellAsync(null, Service("web", DeployStatus.Running));
        await Eventually.TrueAsync(() => side.Outbox.Status.LastError.English.Contains("cannot be reached", StringComparison.Ordinal), "the first failure");
        for (var second = 0; second < 60; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(3, side.Outbox.Status.Waiting);
        await _hub.UpAsync();

        // At most the pause that the hub has earned by then, with its jitter.
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(10));
                return side.Outbox.Status.Waiting == 0;
            },
            "everything taken");
        Assert.Equal([20, 23], _hub.Taken.Where(e => e.Service == "web").Select(e => e.Status));
        Assert.Equal([20], _hub.Taken.Where(e => e.Service == "other").Select(e => e.Status));
        Assert.Equal("", side.Outbox.Status.LastError);
    }

    [Fact]
    public async Task What_is_told_after_a_time_so_quiet_that_no_event_is_kept_any_more_reaches_the_hub()
    {
        await using (var first = Start(_folder, _hub))
        {
            await first.SyncAsync([.. Enumerable.Range(0, 5).Select(i => Service($"web-{i}", DeployStatus.Deploying))]);
            await first.AllTakenAsync();
        }

        await using var side = Start(_folder, _hub);
        await side.Store.PruneAsync(TimeProvider.System.GetUtcNow().AddDays(1), TestContext.Current.CancellationToken);
        await side.TellAsync(Service("web-0", DeployStatus.Deploying), Service("web-0", DeployStatus.Running));

        await Eventually.TrueAsync(() => _hub.Taken.Any(e => e is { Service: "web-0", Status: 23 }), "the change told");
        await Eventually.TrueAsync(() => side.Outbox.Status.Waiting == 0, "the hub's answer noted");
        Assert.Equal(6, side.Outbox.Recent(1)[0].Sequence);
    }

    [Fact]
    public async Task A_hub_whose_host_takes_no_connection_is_unreachable_like_one_that_does_not_answer()
    {
        // With its queue of connections full, a listener lets further ones wait for ever, as a firewall does.
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var address = (IPEndPoint)full.LocalEndPoint!;
        var waiting = Enumerable.Range(0, 4).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToList();
        foreach (var socket in waiting)
        {
            _ = socket.ConnectAsync(address, TestContext.Current.CancellationToken).AsTask().ContinueWith(task => task.Exception, TaskScheduler.Default);
        }

        using var client = new HubClient(new HubSettings { Endpoint = new Uri($"http://{address}"), Timeout = TimeSpan.FromSeconds(1) }, TimeProvider.System);
        var answer = await client.SendAsync("{}", TestContext.Current.CancellationToken);

        Assert.Equal(HubVerdict.Unreachable, answer.Verdict);
        Assert.Contains("did not answer", answer.Problem, StringComparison.Ordinal);
        waiting.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task A_hub_that_is_down_is_probed_with_growing_pauses_and_not_hammered()
    {
        _hub.Mood = _ => HubMood.Error;
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var side = Start(_folder, _hub, time);
        await side.SyncAsync([.. Enumerable.Range(0, 50).Select(i => Service($"web-{i}", DeployStatus.Deploying))]);
        await Eventually.TrueAsync(() => _hub.Calls >= 1 && side.Outbox.Status.LastError.Length > 0, "the first failure");

        // Two hours. The first events go out together; after that one at a time asks whether the hub is back.
        for (var probe = 0; probe < 20; probe++)
        {
            // The pause begins when the answer is there.
            await Eventually.TrueAsync(() => side.Outbox.Recent(100).Sum(e => e.Attempts) == _hub.Calls, "every refusal is known");
            var calls = _hub.Calls;
            time.Advance(TimeSpan.FromMinutes(6));
            await Eventually.TrueAsync(() => _hub.Calls > calls, "another probe");
        }

        Assert.InRange(_hub.Calls, 21, 40);
    }

    [Fact]
    public async Task An_event_that_the_hub_always_refuses_stops_no_other_and_is_tried_again()
    {
        _hub.Mood = body => body.Contains("\"poison\"", StringComparison.Ordinal) ? HubMood.Refuse : HubMood.Well;
        await using var side = Start(_folder, _hub);
        await side.SyncAsync([Service("poison", DeployStatus.Deploying), .. Enumerable.Range(0, 20).Select(i => Service($"web-{i}", DeployStatus.Deploying))]);
        await side.TellAsync(null, Service("poison", DeployStatus.Running));
        await Eventually.TrueAsync(() => _hub.Taken.Count == 20, "the others taken");
        var calls = _hub.Calls;

        await Eventually.TrueAsync(() => _hub.Calls > calls, "another try of the refused one");
        var refused = Assert.Single(side.Outbox.Recent(100), e => e.SentAt is null && e.Attempts > 0);
        Assert.Contains("answered 400", refused.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, refused.Problem, StringComparison.Ordinal);

        _hub.Mood = _ => HubMood.Well;
        side.Outbox.RetryNow();
        await side.AllTakenAsync();
        Assert.Equal([20, 23], _hub.Taken.Where(e => e.Service == "poison").Select(e => e.Status));
    }

    [Theory]
    [InlineData(nameof(HubMood.Error), "answered 500")]
    [InlineData(nameof(HubMood.Garbage), "is not a hub")]
    [InlineData(nameof(HubMood.Slow), "did not answer within 2 s")]
    public async Task Whatever_the_hub_answers_is_told_in_a_sentence_and_tried_again(string mood, string told)
    {
        _hub.Mood = _ => Enum.Parse<HubMood>(mood);
        await using var side = Start(_folder, _hub);
        await side.SyncAsync(Service("web", DeployStatus.Deploying));
        await Eventually.TrueAsync(() => side.Outbox.Status.LastError.English.Contains(told, StringComparison.Ordinal), told);
        Assert.DoesNotContain(Token, side.Outbox.Status.LastError, StringComparison.Ordinal);

        _hub.Mood = _ => HubMood.Well;
        await side.AllTakenAsync();
        Assert.Single(_hub.Taken);
    }

    [Fact]
    public async Task Without_a_hub_events_wait_on_disk_until_there_is_one()
    {
        await using (var side = Start(_folder, hub: null))
        {
            await side.SyncAsync(Service("web", DeployStatus.Deploying));
            await side.TellAsync(null, Service("web", DeployStatus.Running));
            Assert.Equal(2, side.Outbox.Status.Waiting);
            Assert.Contains("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", side.Outbox.Status.LastError, StringComparison.Ordinal);
            Assert.Equal(2, side.Outbox.PerMinute(5).Sum());
        }

        await using (var side = Start(_folder, _hub))
        {
            await side.AllTakenAsync();
            Assert.Equal([20, 23], _hub.Taken.Select(e => e.Status));
            Assert.Equal(2, side.Outbox.PerMinute(5).Sum());
            Assert.All(side.Outbox.Recent(10), e => Assert.NotNull(e.SentAt));
        }
    }

    [Fact]
    public async Task What_was_sent_is_kept_for_the_console_but_not_for_ever()
    {
        await using var side = Start(_folder, _hub);
        for (var batch = 0; batch < 12; batch++)
        {
            await side.SyncAsync([.. Enumerable.Range(0, 200).Select(i => Service($"web-{i}", batch % 2 == 0 ? DeployStatus.Deploying : DeployStatus.Running))]);
        }

        await side.AllTakenAsync(seconds: 60);
        Assert.Equal(2400, _hub.Taken.Count);
        Assert.InRange(side.Outbox.Recent(5000).Count, 2000, 2099);
    }

    [Fact]
    public async Task An_onlooker_that_throws_neither_stops_events_nor_sends_them_twice()
    {
        await using (var side = Start(_folder, _hub))
        {
            side.Outbox.StatusChanged += () => throw new InvalidOperationException("A page that is gone.");
            var told = 0;
            side.Outbox.StatusChanged += () => Interlocked.Increment(ref told);
            await side.SyncAsync([.. Enumerable.Range(0, 30).Select(i => Service($"web-{i}", DeployStatus.Deploying))]);
            await side.SyncAsync([.. Enumerable.Range(0, 30).Select(i => Service($"web-{i}", DeployStatus.Running))]);
            await side.AllTakenAsync();
            Assert.Equal(60, side.Outbox.Status.Sent);
            Assert.True(told > 60);
        }

        Assert.Equal(60, _hub.Taken.Count);
        Assert.All(_hub.Taken.GroupBy(e => e.Service), service => Assert.Equal([20, 23], service.Select(e => e.Status)));
    }

    [Fact]
    public async Task A_clock_that_is_set_back_delays_no_retry()
    {
        _hub.Mood = _ => HubMood.Error;
        var time = new SettableClock();
        await using var side = Start(_folder, _hub, time);
        await side.SyncAsync(Service("web", DeployStatus.Deploying));
        await Eventually.TrueAsync(() => side.Outbox.Status.LastError.Length > 0, "the first failure");
        time.SetBack(TimeSpan.FromDays(1));
        _hub.Mood = _ => HubMood.Well;

        await Eventually.TrueAsync(
            () =>
            {
                time.Steady.Advance(TimeSpan.FromMilliseconds(100));
                return _hub.Taken.Count == 1;
            },
            "the event taken");
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("hub.example.test", true)]
    [InlineData("other.test;example.test", true)]
    [InlineData("*.example.test", true)]
    [InlineData("ample.test;other.test", false)]
    public async Task Events_go_through_the_proxy_where_it_is_meant_for_the_hubs_host(string hosts, bool through)
    {
        var address = new Uri(_hub.Address.ToString().Replace("http://", "http://someone:pass%20word@", StringComparison.Ordinal));
        using var client = new HubClient(
            new HubSettings
            {
                Endpoint = new Uri("http://hub.example.test/"), Proxy = address, ProxiedHosts = hosts.Split(';', StringSplitOptions.RemoveEmptyEntries), Timeout = TimeSpan.FromSeconds(5),
            },
            TimeProvider.System);
        var answer = await client.SendAsync("""{"event_type":"runner.service.stop","data":{}}""", TestContext.Current.CancellationToken);

        Assert.Equal(through ? HubVerdict.Taken : HubVerdict.Unreachable, answer.Verdict);
        Assert.Equal(through ? 1 : 0, _hub.Taken.Count);
        Assert.DoesNotContain("word", answer.Problem, StringComparison.Ordinal);
    }

    /// <summary>A clock that somebody sets, while timers and timestamps go on as they do in life.</summary>
    private sealed class SettableClock : TimeProvider
    {
        private TimeSpan _behind;

        public FakeTimeProvider Steady { get; } = new(System.GetUtcNow());

        public override long TimestampFrequency => Steady.TimestampFrequency;

        public void SetBack(TimeSpan time) => _behind = time;

        public override DateTimeOffset GetUtcNow() => Steady.GetUtcNow() - _behind;

        public override long GetTimestamp() => Steady.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => Steady.CreateTimer(callback, state, dueTime, period);
    }
}
