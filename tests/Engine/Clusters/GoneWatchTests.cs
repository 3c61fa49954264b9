using Microsoft.Extensions.Time.Testing;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Clusters;

public sealed class GoneWatchTests
{
    private static readonly ObjectKey Route = new("serving.knative.dev", "routes", "spaces", "web");

    [Fact]
    public async Task Waiting_ends_when_the_object_goes_and_not_when_the_watch_is_cut()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine([cluster.Endpoint]);
        var owner = Owner(cluster, "web");
        Put(cluster, owner);

        var wait = WaitAsync(engine, owner);
        await WatchesAsync(cluster, 1);
        cluster.Host.Faults.CutWatches();
        await WatchesAsync(cluster, 2);
        Put(cluster, owner, "changed");
        Assert.False(wait.IsCompleted);
        cluster.Delete(Route);

        await wait.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Waiting_ends_though_the_watch_stays_open_and_says_nothing()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine([cluster.Endpoint]);
        var owner = Owner(cluster, "web");
        Put(cluster, owner);
        cluster.Host.Faults.SilentWatches = true;
        var time = new FakeTimeProvider();
        var wait = WaitAsync(engine, owner, time);
        await WatchesAsync(cluster, 1);
        cluster.Delete(Route);

        await Eventually.TrueAsync(() => wait.IsCompleted || Later(), "it was looked at again");
        await wait;

        bool Later()
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            return false;
        }
    }

    [Fact]
    public async Task Nothing_is_waited_for_that_is_not_there_or_is_anothers()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine([cluster.Endpoint]);

        await WaitAsync(engine, "gone");
        Put(cluster, Owner(cluster, "web"));
        await WaitAsync(engine, "gone");

        Assert.Contains("list routes.serving.knative.dev", cluster.Host.RequestCounts().Keys);
        Assert.DoesNotContain("watch routes.serving.knative.dev", cluster.Host.RequestCounts().Keys);
    }

    [Fact]
    public async Task Waiting_ends_when_another_owner_takes_the_name()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine([cluster.Endpoint]);
        var (owner, heir) = (Owner(cluster, "web"), Owner(cluster, "heir"));
        Put(cluster, owner);
        var wait = WaitAsync(engine, owner);
        await WatchesAsync(cluster, 1);

        var taken = cluster.Store.Get(Route)!.Edit();
        taken["metadata"]!["ownerReferences"]![0]!["uid"] = heir;
        cluster.Store.Update(Route, taken);

        await wait.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    private static Task WaitAsync(RunningEngine engine, string owner, TimeProvider? time = null) => new GoneWatch(engine.Cluster, time ?? TimeProvider.System)
        .WaitAsync("apis/serving.knative.dev/v1/namespaces/spaces/routes", "web", owner, TestContext.Current.CancellationToken);

    private static Task WatchesAsync(TestCluster cluster, int count) => Eventually.TrueAsync(
        () => cluster.Host.RequestCounts().GetValueOrDefault("watch routes.serving.knative.dev") >= count, $"{count} watches of routes were opened");

    private static string Owner(TestCluster cluster, string name)
    {
        cluster.PutService(name, 1);
        return cluster.Store.Get(Route with { Plural = "services", Name = name })!.Json["metadata"]!["uid"]!.GetValue<string>();
    }

    private static void Put(TestCluster cluster, string owner, string note = "") => cluster.Put(
        Route,
        $$$"""
        {"apiVersion":"serving.knative.dev/v1","kind":"Route","metadata":{"annotations":{"note":"{{{note}}}"},
         "ownerReferences":[{"apiVersion":"serving.knative.dev/v1","kind":"Service","name":"web","uid":"{{{owner}}}"}]},"spec":{}}
        """);
}
