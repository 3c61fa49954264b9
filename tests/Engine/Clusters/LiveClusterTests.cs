using k8s;
using k8s.Models;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Clusters;

/// <summary>Connections, caches and feed over real HTTP against the embedded cluster.</summary>
public sealed class LiveClusterTests
{
    [Theory]
    [InlineData("watches are cut")]
    [InlineData("watches expire")]
    [InlineData("a third of the answers is 500")]
    [InlineData("there are no bookmarks")]
    [InlineData("watches are silent")]
    [InlineData("the API server restarts")]
    public async Task Whatever_befalls_the_watches_all_is_right_again_within_seconds(string trouble)
    {
        var token = TestContext.Current.CancellationToken;
        await using var cluster = await TestCluster.StartAsync();
        var random = new Random(7);
        Change(cluster, random, 200);
        var observer = new RecordingObserver();
        await using var engine = new RunningEngine([cluster.Endpoint], [observer], RunningEngine.Quick with { WatchSilence = TimeSpan.FromSeconds(1) });
        await Eventually.TrueAsync(() => engine.Cluster.State.Synced, "the first state is known");

        var faults = cluster.Host.Faults;
        faults.ExpireWatches = trouble == "watches expire";
        faults.ErrorRate = trouble == "a third of the answers is 500" ? 1 / 3.0 : 0;
        faults.NoBookmarks = trouble == "there are no bookmarks";
        faults.SilentWatches = trouble == "watches are silent";
        for (var round = 0; round < 30; round++)
        {
            Change(cluster, random, 20);
            if (random.Next(3) == 0)
            {
                faults.CutWatches();
            }

            if (round == 10 && trouble == "the API server restarts")
            {
                await cluster.Host.RestartAsync(token);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(60)), TimeProvider.System, token);
        }

        // The trouble goes on; only the changes have ended.
        await Eventually.TrueAsync(() => Same(cluster, engine.Cluster.State), "the caches hold what the cluster holds", 20);
        await Eventually.TrueAsync(
            () => engine.Feed.Current.Keys.Select(key => key.Name).Order(StringComparer.Ordinal).SequenceEqual(engine.Cluster.State.Services.Services.All().Select(s => s.Metadata.Name).Order(StringComparer.Ordinal)),
            "the feed holds what the caches hold");
        await Eventually.TrueAsync(() => Replay(observer).OrderBy(pair => pair.Key).SequenceEqual(ByName(engine.Feed.Current.Values).OrderBy(pair => pair.Key)), "the observer was told all of it");
        faults.ErrorRate = 0;
        await Eventually.TrueAsync(() => engine.Cluster.Status.Health == ClusterHealth.Connected, "the cluster is connected");
    }

    [Fact]
    public async Task Each_kind_is_listed_and_watched_once_however_much_changes()
    {
        await using var cluster = await TestCluster.StartAsync();
        for (var i = 0; i < 50; i++)
        {
            cluster.PutService($"web-{i}", 1);
        }

        await using var engine = new RunningEngine([cluster.Endpoint]);
        await Eventually.TrueAsync(() => engine.Cluster.State.Synced && engine.Cluster.State.Caches.All(cache => cache.Health is CacheHealth.Synced or CacheHealth.Unavailable), "all that the cluster has is known and watched");
        var absent = engine.Cluster.State.Caches.Where(cache => cache.Health == CacheHealth.Unavailable).Select(cache => $"list {cache.Resource}").ToHashSet();

        // A list may be there before its watch is opened.
        await Eventually.TrueAsync(
            () => engine.Cluster.State.Caches.Where(cache => cache.Health == CacheHealth.Synced).All(cache => Counts().ContainsKey($"watch {cache.Resource}")), "all that the cluster has is watched");
        var before = Counts();

        for (var i = 0; i < 50; i++)
        {
            cluster.PutService($"web-{i}", 2);
            cluster.PutPod($"web-{i}", $"web-{i}-pod", i);
        }

        await Eventually.TrueAsync(() => engine.Feed.Current.Values.Count(workload => workload.DeployId == 2 && workload.Instances.Count == 1) == 50, "all changes are seen");
        var key = new WorkloadKey("test", WorkloadKind.Service, "spaces", "web-7");
        Assert.Contains("registry.example.com/a:2", engine.Cluster.State.ManifestOf(key), StringComparison.Ordinal);
        Assert.Equal(7, engine.Feed.Current[key].Restarts);
        Assert.Equal(before, Counts());
        var kinds = engine.Cluster.State.Caches.Where(cache => cache.Health == CacheHealth.Synced).Select(cache => cache.Resource).ToList();
        Assert.Superset(new HashSet<string> { "pods", "nodes", "events", "services.serving.knative.dev", "revisions.serving.knative.dev" }, kinds.ToHashSet());
        Assert.All(kinds, kind => Assert.Equal((1, 1), (before[$"list {kind}"], before[$"watch {kind}"])));

        // What this cluster lacks is asked for now and then.
        Dictionary<string, long> Counts() => cluster.Host.RequestCounts().Where(pair => !absent.Contains(pair.Key)).ToDictionary();
    }

    [Fact]
    public async Task A_kind_whose_definition_is_deleted_is_told_to_be_unknown()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine([cluster.Endpoint]);
        CacheStatus Workflows() => engine.Cluster.State.Caches.Single(cache => cache.Resource == "workflows.argoproj.io");
        await Eventually.TrueAsync(() => Workflows().Health == CacheHealth.Synced && cluster.Host.RequestCounts().ContainsKey("watch workflows.argoproj.io"), "the kind is watched");

        cluster.Delete(new ObjectKey("apiextensions.k8s.io", "customresourcedefinitions", "", "workflows.argoproj.io"));

        await Eventually.TrueAsync(() => Workflows() is { Health: CacheHealth.Unavailable, IsUnknownKind: true }, "the kind is missed");
    }

    [Fact]
    public async Task A_cluster_that_is_dead_at_the_start_is_shown_as_dead_holds_up_nobody_and_is_joined_later()
    {
        var gone = await TestCluster.StartAsync();
        var port = gone.Host.Address.Port;
        await gone.DisposeAsync();
        await using var alive = await TestCluster.StartAsync("alive");
        alive.PutService("web", 1);
        var late = new ClusterEndpoint("late", ClusterOrigin.Kubeconfig, () => new KubernetesClientConfiguration { Host = $"http://127.0.0.1:{port}", AccessToken = Volatile.Read(ref _token) });
        await using var engine = new RunningEngine([late, alive.Endpoint]);

        await Eventually.TrueAsync(() => engine.Feed.Current.Count == 1, "the living cluster's service is seen");
        await Eventually.TrueAsync(() => engine.Cluster.Status.Health == ClusterHealth.Unreachable, "the dead one is shown as dead");
        Assert.Contains("connection refused", engine.Cluster.Status.Problem, StringComparison.Ordinal);
        Assert.Null(engine.Cluster.LastContact);

        await using var back = await TestCluster.StartAsync("late", port);
        back.PutService("other", 1);
        Volatile.Write(ref _token, back.Host.Token);

        await Eventually.TrueAsync(() => engine.Feed.Current.Count == 2 && engine.Cluster.Status.Health == ClusterHealth.Connected, "it is joined");
        Assert.Equal("", engine.Cluster.Status.Problem);
        Assert.Same(engine.Cluster, engine.Clusters.Resolve(engine.Cluster.Status.ClusterId));
    }

    [Fact]
    public async Task Another_cluster_at_the_same_address_takes_the_place_of_the_old_one()
    {
        var old = await TestCluster.StartAsync();
        var port = old.Host.Address.Port;
        for (var i = 0; i < 100; i++)
        {
            old.PutService($"old-{i}", 1);
        }

        Volatile.Write(ref _token, old.Host.Token);
        var observer = new RecordingObserver();
        await using var engine = new RunningEngine(
            [new("same", ClusterOrigin.Kubeconfig, () => new KubernetesClientConfiguration { Host = $"http://127.0.0.1:{port}", AccessToken = Volatile.Read(ref _token) })], [observer]);
        await Eventually.TrueAsync(() => engine.Feed.Current.Count == 100, "the old services are seen");
        var oldId = engine.Cluster.Status.ClusterId;
        await old.DisposeAsync();

        await using var fresh = await TestCluster.StartAsync("same", port);
        fresh.PutService("new", 1);
        Volatile.Write(ref _token, fresh.Host.Token);

        await Eventually.TrueAsync(() => engine.Feed.Current.Values.Select(w => w.Key.Name).SequenceEqual(["new"]), "only the new service is seen");
        await Eventually.TrueAsync(
            () => engine.Cluster.Status.ClusterId is { } id && id != oldId && engine.Feed.Current.Values.Single().ClusterId == id, "it is told as the new cluster's");
        await Eventually.TrueAsync(() => Replay(observer).Keys.SequenceEqual(["new"]), "the observer saw the old ones go");
    }

    [Fact]
    public async Task An_observer_that_fails_neither_holds_up_the_feed_nor_loses_a_change()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.PutService("web", 1);
        var sound = new RecordingObserver();
        var failing = new RecordingObserver { Fails = true };
        await using var engine = new RunningEngine([cluster.Endpoint], [failing, sound]);
        await Eventually.TrueAsync(() => engine.Feed.Current.Values.Any(w => w.DeployId == 1), "the feed goes on");
        failing.Fails = false;
        await Eventually.TrueAsync(() => failing.Syncs.Count == 1, "the failing one is told the whole later");

        failing.Fails = true;
        cluster.PutService("web", 2);
        await Eventually.TrueAsync(() => engine.Feed.Current.Values.Single().DeployId == 2, "the feed goes on");
        cluster.PutService("web", 3);
        await Eventually.TrueAsync(() => engine.Feed.Current.Values.Single().DeployId == 3, "the feed goes on");
        failing.Fails = false;

        await Eventually.TrueAsync(() => failing.Changes.Any(change => change.After?.DeployId == 3), "the failing one is told later");
        Assert.Equal(1, failing.Changes[0].Before?.DeployId);
        Assert.All(failing.Changes.Zip(failing.Changes.Skip(1)), pair => Assert.Equal(pair.First.After, pair.Second.Before));
        Assert.Equal(3, Replay(sound)["web"].DeployId);
    }

    [Fact]
    public async Task A_change_is_shown_and_those_of_other_workloads_are_told_while_an_earlier_one_is_written()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.PutService("slow", 1);
        cluster.PutService("quick", 1);
        var disk = new TaskCompletionSource();
        var observer = new RecordingObserver { Writes = workload => workload.Key.Name == "slow" ? disk.Task : Task.CompletedTask };
        await using var engine = new RunningEngine([cluster.Endpoint], [observer]);
        await Eventually.TrueAsync(() => engine.Cluster.State.Synced && observer.Syncs.Count > 0, "the first state is known");

        cluster.PutService("slow", 2);
        await Eventually.TrueAsync(() => Deploy("slow") == 2, "the change is known while it is written");
        cluster.PutService("slow", 3);
        cluster.PutService("quick", 2);
        await Eventually.TrueAsync(() => Deploy("quick") == 2 && observer.Changes.Any(change => change.After?.Key.Name == "quick"), "the other one is known and written meanwhile");
        await Eventually.TrueAsync(() => Deploy("slow") == 3, "what came after it is known too");
        Assert.DoesNotContain(observer.Changes, change => change.After?.Key.Name == "slow");

        disk.SetResult();
        await Eventually.TrueAsync(() => Replay(observer)["slow"].DeployId == 3, "the observer was told each in turn");

        long Deploy(string name) => engine.Feed.Current.Values.Single(workload => workload.Key.Name == name).DeployId;
    }

    [Fact]
    public async Task However_many_changes_wait_for_a_disk_all_of_them_are_shown()
    {
        await using var cluster = await TestCluster.StartAsync();
        Put(1);
        var disk = new TaskCompletionSource();
        var observer = new RecordingObserver { Writes = _ => disk.Task };
        await using var engine = new RunningEngine([cluster.Endpoint], [observer]);
        await Eventually.TrueAsync(() => engine.Cluster.State.Synced && observer.Syncs.Count > 0, "the first state is known");

        Put(2);
        await Eventually.TrueAsync(() => engine.Feed.Current.Values.All(workload => workload.DeployId == 2), "every change is known while none is written");
        Assert.Empty(observer.Changes);

        disk.SetResult();
        await Eventually.TrueAsync(() => Replay(observer).Count(told => told.Value.DeployId == 2) == 200, "the observer was told each");

        void Put(int deploy)
        {
            for (var i = 0; i < 200; i++)
            {
                cluster.PutService($"web-{i}", deploy);
            }
        }
    }

    [Fact]
    public async Task Nobody_hears_of_a_change_before_whoever_answers_for_it_has_kept_it()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.PutService("web", 1);
        var (begun, disk) = (new TaskCompletionSource(), new TaskCompletionSource());
        var keeper = new RecordingObserver
        {
            ComesFirst = true,
            Writes = _ =>
            {
                begun.TrySetResult();
                return disk.Task;
            },
        };
        var told = new RecordingObserver();
        await using var engine = new RunningEngine([cluster.Endpoint], [told, keeper]);
        await Eventually.TrueAsync(() => engine.Cluster.State.Synced && keeper.Syncs.Count > 0, "the first state is known");

        cluster.PutService("web", 2);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Empty(told.Changes);

        disk.SetResult();
        await Eventually.TrueAsync(() => Replay(told)["web"].DeployId == 2, "the other one was told then");
    }

    [Fact]
    public async Task A_service_that_is_deleted_and_created_anew_is_told_as_gone_and_as_new()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.PutService("web", 1);
        var observer = new RecordingObserver();
        await using var engine = new RunningEngine([cluster.Endpoint], [observer]);
        await Eventually.TrueAsync(() => engine.Feed.Current.Count == 1, "the service is seen");
        var uid = engine.Feed.Current.Values.Single().Uid;

        cluster.Delete(new("serving.knative.dev", "services", "spaces", "web"));
        cluster.PutService("web", 2);

        await Eventually.TrueAsync(() => engine.Feed.Current.Values.SingleOrDefault() is { DeployId: 2 } && observer.Changes.Count >= 2, "the new one is seen");
        var (gone, _) = observer.Changes.Single(change => change.After is null);
        var (_, added) = observer.Changes.First(change => change.Before is null);
        Assert.Equal(uid, gone!.Uid);
        Assert.NotEqual(uid, added!.Uid);
    }

    private string? _token;

    private static void Change(TestCluster cluster, Random random, int count)
    {
        for (; count > 0; count--)
        {
            var service = $"web-{random.Next(25)}";
            var pod = $"{service}-pod-{random.Next(3)}";
            switch (random.Next(10))
            {
                case 0 when cluster.Store.Get(new("serving.knative.dev", "services", "spaces", service)) is { } known:
                    cluster.Delete(known.Key);
                    break;
                case 1 when cluster.Store.Get(new("", "pods", "spaces", pod)) is { } known:
                    cluster.Delete(known.Key);
                    break;
                case < 6:
                    cluster.PutService(service, random.Next(1000));
                    break;
                default:
                    cluster.PutPod(service, pod, random.Next(1000));
                    break;
            }
        }
    }

    private static bool Same(TestCluster cluster, ClusterState state) =>
        cluster.Versions("serving.knative.dev", "services").SequenceEqual(Versions(state.Services.Services.All())) && cluster.Versions("", "pods").SequenceEqual(Versions(state.Pods.All()));

    private static IEnumerable<string> Versions(IEnumerable<IKubernetesObject<V1ObjectMeta>> objects) =>
        objects.Select(o => $"{o.Metadata.Name}@{o.Metadata.ResourceVersion}").Order(StringComparer.Ordinal);

    /// <summary>What an observer knows that started from the first whole and followed every change; fails where two do not fit together.</summary>
    private static Dictionary<string, Workload> Replay(RecordingObserver observer)
    {
        var known = ByName(observer.Syncs[0]);
        foreach (var (before, after) in observer.Changes)
        {
            Assert.Equal(before, known.GetValueOrDefault((before ?? after)!.Key.Name));
            if (after is null)
            {
                known.Remove(before!.Key.Name);
            }
            else
            {
                Assert.NotEqual(before, after);
                known[after.Key.Name] = after;
            }
        }

        return known;
    }

    private static Dictionary<string, Workload> ByName(IEnumerable<Workload> workloads) => workloads.ToDictionary(workload => workload.Key.Name);
}
