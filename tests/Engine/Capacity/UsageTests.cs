using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Runner.EmbeddedCluster.Http;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine;
using Runner.Engine.Capacity.Usage;
using Runner.Engine.Configuration;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Capacity;

/// <summary>What containers and nodes use: asked for while somebody watches, missing where the cluster cannot tell, and there again once it can.</summary>
public sealed class UsageTests
{
    private static readonly ObjectKey ApiService = new("apiregistration.k8s.io", "apiservices", "", "v1beta1.metrics.k8s.io");

    [Fact]
    public async Task The_metrics_API_is_asked_while_somebody_watches_and_not_before_or_after()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Store.Create(ApiService, MetricsGroup.Registration("2026-03-01T12:00:00Z"));
        PutRunningPod(cluster);
        await using var engine = new RunningEngine([cluster.Endpoint]);
        await using var usage = Side.Of(engine);
        await Eventually.TrueAsync(() => engine.Cluster.State.Synced, "the cluster is known");
        Assert.Equal((UsageState.Unknown, 0L), (usage.Feed.Of(UsageSubject.Containers, "test").State, Asked(cluster)));

        var told = new TaskCompletionSource();
        using (usage.Feed.Watch(UsageSubject.Containers, "test", () => told.TrySetResult()))
        {
            await told.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
            var used = usage.Feed.Of(UsageSubject.Containers, "test").Of(UsageList.KeyOf("busy", "main"));

            // It asks for two cores and 4 GiB, and uses a part of them.
            Assert.InRange(used!.Value.Cores, 0.05m, 2m);
            Assert.InRange(used.Value.Bytes, 1m, 4m * 1024 * 1024 * 1024);
            Assert.Null(usage.Feed.Of(UsageSubject.Containers, "test").Of(UsageList.KeyOf("busy", "other")));
        }

        var asked = Asked(cluster);
        usage.Time.Advance(TimeSpan.FromMinutes(10));
        using (usage.Feed.Watch(UsageSubject.Nodes, "test", () => { }))
        {
            await Eventually.TrueAsync(() => usage.Feed.Of(UsageSubject.Nodes, "test").State == UsageState.Known, "nodes are measured");
        }

        Assert.Equal(asked + 1, Asked(cluster));
    }

    [Fact]
    public async Task A_cluster_without_metrics_says_so_and_is_measured_once_it_has_them()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine([cluster.Endpoint]);
        await using var usage = Side.Of(engine);
        using var watching = usage.Feed.Watch(UsageSubject.Nodes, "test", () => { });
        await Eventually.TrueAsync(() => usage.Feed.Of(UsageSubject.Nodes, "test").State == UsageState.Missing, "it is missing");
        Assert.Contains("Install the metrics server", usage.Feed.Of(UsageSubject.Nodes, "test").Problem, StringComparison.Ordinal);

        cluster.Store.Create(ApiService, MetricsGroup.Registration("2026-03-01T12:00:00Z"));
        await Eventually.TrueAsync(
            () =>
            {
                usage.Time.Advance(UsagePoll.Absent);
                return usage.Feed.Of(UsageSubject.Nodes, "test").State == UsageState.Known;
            },
            "it is there");
        Assert.Equal("", usage.Feed.Of(UsageSubject.Nodes, "test").Problem.ToString());
    }

    [Theory]
    [InlineData(403, "list on pods of metrics.k8s.io in namespace 'spaces'")]
    [InlineData(503, "The metrics server of cluster 'scripted' does not answer")]
    public async Task What_refuses_is_told_with_what_to_do(int code, string advice)
    {
        await using var api = await ScriptedApi.StartAsync();
        api.Answer = context => ScriptedApi.StatusAsync(context, code, "Refused", "no");
        await using var engine = new RunningEngine([api.Endpoint]);
        await using var usage = Side.Of(engine);
        using var watching = usage.Feed.Watch(UsageSubject.Containers, "scripted", () => { });
        await Eventually.TrueAsync(() => usage.Feed.Of(UsageSubject.Containers, "scripted").State == UsageState.Failed, "it is refused");
        Assert.Contains(advice, usage.Feed.Of(UsageSubject.Containers, "scripted").Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"items":7}""")]
    [InlineData("<html>")]
    public async Task Rubbish_is_a_problem_and_no_end(string body)
    {
        await using var api = await ScriptedApi.StartAsync();
        api.Answer = context => ScriptedApi.JsonAsync(context, body);
        await using var engine = new RunningEngine([api.Endpoint]);
        await using var usage = Side.Of(engine);
        using var watching = usage.Feed.Watch(UsageSubject.Containers, "scripted", () => { });
        await Eventually.TrueAsync(() => usage.Feed.Of(UsageSubject.Containers, "scripted").State == UsageState.Failed, "it cannot be read");

        api.Answer = context => ScriptedApi.JsonAsync(context, """{"items":[{"metadata":{"name":"p"},"containers":[{"name":"c","usage":{"cpu":"1500m","memory":"2Gi"}}]}]}""");
        await Eventually.TrueAsync(
            () =>
            {
                usage.Time.Advance(UsagePoll.Interval);
                return usage.Feed.Of(UsageSubject.Containers, "scripted").Of(UsageList.KeyOf("p", "c")) == new Used(1.5m, 2147483648m);
            },
            "it is read");
    }

    [Fact]
    public async Task However_many_watch_the_list_is_asked_for_once_an_interval()
    {
        var time = new FakeTimeProvider();
        var asked = 0;
        var poll = new UsagePoll(_ => Task.FromResult(new UsageList(UsageState.Known, LocalText.None, new Dictionary<string, Used> { ["n"] = new(++asked, 0) })), time);
        using var stop = new CancellationTokenSource();
        var running = poll.RunAsync(stop.Token);
        var watching = Enumerable.Range(0, 20).Select(_ => poll.Watch(() => { })).ToList();
        await Eventually.TrueAsync(() => asked == 1, "it is asked for");
        for (var round = 2; round < 6; round++)
        {
            time.Advance(UsagePoll.Interval - TimeSpan.FromMilliseconds(1));
            Assert.Equal(round - 1, asked);
            await Eventually.TrueAsync(
                () =>
                {
                    if (asked < round)
                    {
                        time.Advance(TimeSpan.FromMilliseconds(500));
                    }

                    return asked == round;
                },
                "it is asked for again");
        }

        watching.ForEach(one => one.Dispose());
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(5, asked);

        // What is an hour old is not shown as if it were true.
        using var late = poll.Watch(() => { });
        await Eventually.TrueAsync(() => poll.Current.Of("n") == new Used(6, 0), "it is asked for anew");
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public void A_list_is_read_and_what_is_no_quantity_is_left_out()
    {
        var list = JsonSerializer.Deserialize(
            """
            {"kind":"PodMetricsList","items":[
              {"metadata":{"name":"a"},"containers":[{"name":"x","usage":{"cpu":"250123456n","memory":"12345Ki"}},{"name":"y","usage":{"cpu":"much","memory":"1Ki"}},{"name":"z"}]},
              {"metadata":{"name":"b"},"containers":null},
              {}]}
            """,
            MetricsJson.Default.MetricsList)!;
        Assert.Equal([KeyValuePair.Create("a/x", new Used(0.250123456m, 12345 * 1024))], MetricsReader.Read(UsageSubject.Containers, list));
    }

    private static long Asked(TestCluster cluster) => cluster.Host.RequestCounts().Where(request => request.Key.EndsWith(".metrics.k8s.io", StringComparison.Ordinal)).Sum(request => request.Value);

    private static void PutRunningPod(TestCluster cluster) => cluster.Put(
        new ObjectKey("", "pods", "spaces", "busy"),
        """
        {"metadata":{},"spec":{"nodeName":"node-1","containers":[{"name":"main","resources":{"requests":{"cpu":"2","memory":"4Gi"}}},{"name":"other"}]},
         "status":{"phase":"Running","containerStatuses":[{"name":"main","ready":true,"state":{"running":{}}},{"name":"other","state":{"waiting":{}}}]}}
        """);

    private sealed class Side : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        private Side(RunningEngine engine)
        {
            Feed = new UsageFeed(engine.Clusters, new RunnerOptions(), Time, TimeProvider.System, NullLogger<UsageFeed>.Instance);
            _running = Feed.RunAsync(_stop.Token);
        }

        public FakeTimeProvider Time { get; } = new();

        public UsageFeed Feed { get; }

        public static Side Of(RunningEngine engine) => new(engine);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
        }
    }
}
