using Microsoft.Extensions.Time.Testing;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Services;

/// <summary>Services between their creation and the first word of the watch.</summary>
public sealed class JustMadeTests
{
    private static readonly ObjectKey Object = new("serving.knative.dev", "services", "spaces", "web");

    [Fact]
    public async Task A_service_that_the_watch_tells_of_late_and_that_then_goes_is_not_known_any_longer()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine([cluster.Endpoint]);
        var made = new JustMade(engine.Clusters, new FakeTimeProvider());
        await Eventually.TrueAsync(() => engine.Cluster.State.Synced && cluster.Host.RequestCounts().ContainsKey("watch services.serving.knative.dev"), "services are watched");
        cluster.Host.Faults.SilentWatches = true;
        cluster.PutService("web", 1);
        var service = Made(engine.Cluster, cluster.Store.Get(Object)!.Json["metadata"]!["uid"]!.GetValue<string>());

        made.Add(service, engine.Cluster);
        Assert.NotNull(made.Find(service.Key, engine.Cluster));

        cluster.Host.Faults.SilentWatches = false;
        cluster.Host.Faults.CutWatches();
        await Eventually.TrueAsync(() => engine.Feed.Current.ContainsKey(service.Key), "the watch tells of the service");
        Assert.NotNull(made.Find(service.Key, engine.Cluster));
        cluster.Delete(Object);
        await Eventually.TrueAsync(() => !engine.Feed.Current.ContainsKey(service.Key), "the watch tells that it is gone");

        Assert.Null(made.Find(service.Key, engine.Cluster));
    }

    [Fact]
    public async Task A_service_that_the_watch_never_tells_of_is_known_for_two_minutes()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine([cluster.Endpoint]);
        var time = new FakeTimeProvider();
        var made = new JustMade(engine.Clusters, time);
        var service = Made(engine.Cluster, "a-uid");

        made.Add(service, engine.Cluster);

        time.Advance(TimeSpan.FromSeconds(119));
        Assert.Same(service, made.Find(service.Key, engine.Cluster));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(made.Find(service.Key, engine.Cluster));
    }

    private static Workload Made(ClusterConnection cluster, string uid) => ServiceProjection.Project(
        cluster.Name, "", new() { Metadata = new() { Name = "web", NamespaceProperty = "spaces", Uid = uid } }, [], []);
}
