using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Configuration;
using Runner.Tests.Engine.Capacity;
using Runner.Tests.Engine.RunnerApi.Contract;
using Runner.Tests.Engine.Support;
using static Runner.Tests.Engine.Hub.ClusterSide;

namespace Runner.Tests.Engine.Hub;

/// <summary>What the hub hears of clusters: registration, heartbeat, and their addresses from the watched ConfigMap.</summary>
public sealed class ClusterTellingTests : IAsyncLifetime
{
    private const string Create = "runner.cluster.create";
    private const string Update = "runner.cluster.update";
    private const string Beat = "runner.heartbeat";

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private RecordingHub _hub = null!;
    private TestCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        _hub = await RecordingHub.StartAsync();
        _cluster = await TestCluster.StartAsync();
        PutNamespace(_cluster, "csghub");
        PutNamespace(_cluster, "knative-serving");
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_cluster_is_registered_once_and_its_heart_beats_every_interval_with_the_whole_inventory()
    {
        foreach (var node in NodeRecording.Raw("nodes.json"))
        {
            _cluster.Store.Create(new ObjectKey("", "nodes", "", (string)node["metadata"]!["name"]!), node);
        }

        await using var side = new ClusterSide(_folder, OptionsFor(_hub) with { ClusterId = "cluster-1", StorageClass = "nfs" }, _time, _cluster.Endpoint);
        await Eventually.TrueAsync(() => DataOf(_hub, Beat).Count == 1 && DataOf(_hub, Create).Count == 1, "registration and first heartbeat", 20);

        Assert.Equal(
            """{"cluster_id":"cluster-1","cluster_config":"config","region":"region-0","zone":"","provider":"","enable":true,"storage_class":"nfs","status":"","endpoint":"","network_interface":"","mode":"incluster","app_endpoint":""}""",
            DataOf(_hub, Create)[0].GetRawText());
        var first = _hub.Clusters.First(e => e.Type == Beat).Root;
        Assert.Equal("array", first.GetProperty("data_type").GetString());
        Assert.Equal("", first.GetProperty("runner_name").GetString());
        var cluster = Assert.Single(first.GetProperty("data").EnumerateArray());
        Assert.Equal("cluster-1", cluster.GetProperty("cluster_id").GetString());
        Assert.Equal("ClusterWide", cluster.GetProperty("resource_status").GetString());
        Assert.True(cluster.GetProperty("enable").GetBoolean());
        Assert.Null(Shape.Difference(HappyCalls.Cluster(), cluster.GetRawText()));
        Assert.Equal(
            """{"kube_scheduler":"","volcano_queue":"default","vgpu_node_resource_name":"hami.io/node-nvidia-register","vgpu_pod_resource_name":"hami.io/vgpu-devices-allocated","vgpu_resource_req":"nvidia.com/vgpu","vgpu_memory_req":"nvidia.com/vgpumem","vgpu_memory_scaling_factor":"10","allow_cpu_res_schedule_to_gpu_node":"false"}""",
            cluster.GetProperty("vxpu_config").GetRawText());
        Assert.Equal(NodeRecording.NodeNames, cluster.GetProperty("resources").EnumerateArray().Select(node => node.GetProperty("node_name").GetString()));

        // Everything is listed and watched anew; the hub hears the next heartbeat and nothing else.
        await _cluster.Host.RestartAsync(TestContext.Current.CancellationToken);
        await BeatsAsync(_hub, 2);
        await BeatsAsync(_hub, 3);
        Assert.Single(DataOf(_hub, Create));
        Assert.Empty(DataOf(_hub, Update));
        Assert.Equal("", Assert.Single(side.Telling.Heartbeats).Problem);
    }

    [Fact]
    public async Task Heartbeats_of_an_outage_are_not_kept_and_its_end_is_followed_by_the_newest_figures()
    {
        await _hub.DownAsync();
        await using var side = new ClusterSide(_folder, OptionsFor(_hub), _time, _cluster.Endpoint);
        await Eventually.TrueAsync(() => side.Telling.Heartbeats[0].Problem.Length > 0 && side.Outbox.Status.Waiting == 1, "a heartbeat in vain and a registration that waits", 20);
        for (var minute = 0; minute < 60; minute++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        PutNode("late-node");
        await Eventually.TrueAsync(() => side.Capacity.Of("test").Nodes.Count == 1, "the node that came meanwhile");
        Assert.Equal(1, side.Outbox.Status.Waiting);
        await _hub.UpAsync();
        await BeatsAsync(_hub, 1);

        Assert.Equal("late-node", DataOf(_hub, Beat)[0][0].GetProperty("resources")[0].GetProperty("node_name").GetString());
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(10));
                return DataOf(_hub, Create).Count == 1;
            },
            "the registration");
    }

    [Fact]
    public async Task A_runner_that_cannot_stay_up_while_the_hub_is_down_leaves_one_registration()
    {
        await _hub.DownAsync();
        for (var start = 0; start < 3; start++)
        {
            await using var side = new ClusterSide(_folder, OptionsFor(_hub), _time, _cluster.Endpoint);
            await Eventually.TrueAsync(() => side.Telling.Heartbeats[0].Problem.Length > 0 && side.Outbox.Status.Waiting > 0, "the cluster known and registered", 20);
            Assert.Equal(1, side.Outbox.Status.Waiting);
        }
    }

    [Fact]
    public async Task The_ConfigMap_takes_effect_live_and_one_that_is_emptied_or_deleted_stops_nothing()
    {
        await using var elsewhere = await RecordingHub.StartAsync();
        await using var side = new ClusterSide(_folder, OptionsFor(_hub, configMap: true) with { ClusterId = "cluster-1" }, _time, _cluster.Endpoint);
        await Eventually.TrueAsync(() => DataOf(_hub, Create).Count == 1 && side.Settings.Problems.Count == 1, "registration, and that there is no ConfigMap", 20);
        Assert.Contains("does not exist", side.Settings.Problems[0].Problem, StringComparison.Ordinal);
        Assert.Empty(DataOf(_hub, Update));

        // It appears.
        (string, string)[] good =
        [
            ("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", _hub.Address.ToString()),
            ("STARHUB_SERVER_RUNNER_PUBLIC_DOMAIN", "http://runner.example.com"),
            ("STARHUB_SERVER_CLUSTER_REGION", "north"),
            ("STARHUB_SERVER_RUNNER_APPLICATION_ENDPOINT", "http://apps.example.com"),
            ("STARHUB_SERVER_RUNNER_STORAGE_CLASS", "nfs"),
            ("STARHUB_SERVER_RUNNER_NETWORK_INTERFACE", "eth1"),
        ];
        PutConfigMap(_cluster, good);
        await Eventually.TrueAsync(() => DataOf(_hub, Update).Count == 1, "the update");
        Assert.Equal(
            """{"cluster_id":"cluster-1","cluster_config":"config","region":"north","zone":"","provider":"","enable":true,"storage_class":"nfs","status":"Running","endpoint":"http://runner.example.com","network_interface":"eth1","mode":"incluster","app_endpoint":"http://apps.example.com"}""",
            DataOf(_hub, Update)[0].GetRawText());
        Assert.Equal("nfs", side.Settings.Of("test").StorageClass);
        Assert.Empty(side.Settings.Problems);

        // It is emptied, deleted, and put back as it was: two problems, no event, nothing stops.
        PutConfigMap(_cluster);
        await Eventually.TrueAsync(() => side.Settings.Problems.Any(problem => problem.Problem.English.Contains("none of the runner's settings", StringComparison.Ordinal)), "that it is empty");
        _cluster.Delete(MapKey);
        await Eventually.TrueAsync(() => side.Settings.Problems.Any(problem => problem.Problem.English.Contains("does not exist", StringComparison.Ordinal)), "that it is gone");
        Assert.Equal(("nfs", "north"), (side.Settings.Of("test").StorageClass, side.Settings.Of("test").Region));
        Assert.Equal(_hub.Address, side.Settings.WebhookEndpoint);
        await BeatsAsync(_hub, DataOf(_hub, Beat).Count + 1);
        PutConfigMap(_cluster, good);
        await Eventually.TrueAsync(() => side.Settings.Problems.Count == 0, "that all is well");

        // The hub moves: it is told everything there, and what waits goes there.
        PutConfigMap(_cluster, [("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", elsewhere.Address.ToString()), .. good[1..]]);
        await Eventually.TrueAsync(() => DataOf(elsewhere, Update).Count == 1 && DataOf(elsewhere, Beat).Count > 0, "registration, addresses and heartbeat at the other hub");
        Assert.Single(DataOf(elsewhere, Create));
        Assert.Single(DataOf(_hub, Update));
        Assert.Single(DataOf(_hub, Create));
    }

    [Fact]
    public async Task A_hub_that_only_the_ConfigMap_knows_gets_what_waited()
    {
        await using var side = new ClusterSide(_folder, OptionsFor(null, configMap: true), _time, _cluster.Endpoint);
        await Eventually.TrueAsync(() => side.Settings.Problems.Count == 1 && side.Outbox.Status.Waiting == 1, "a registration that waits", 20);
        Assert.Contains("No hub is configured", side.Outbox.Status.LastError, StringComparison.Ordinal);
        PutConfigMap(_cluster, ("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", _hub.Address.ToString()));

        await Eventually.TrueAsync(() => DataOf(_hub, Create).Count > 0 && DataOf(_hub, Beat).Count > 0, "registration and heartbeat");
        Assert.Single(DataOf(_hub, Create));
        Assert.Contains("STARHUB_SERVER_RUNNER_PUBLIC_DOMAIN is empty", Assert.Single(side.Settings.Problems).Problem, StringComparison.Ordinal);
        Assert.Empty(DataOf(_hub, Update));

        // That its address came is no reason for a second heartbeat.
        PutConfigMap(_cluster, ("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", _hub.Address.ToString()), ("STARHUB_SERVER_RUNNER_PUBLIC_DOMAIN", "runner:8082"));
        await Eventually.TrueAsync(() => DataOf(_hub, Update).Count == 1, "what came later");
        Assert.Single(DataOf(_hub, Beat));
    }

    [Fact]
    public async Task Auto_is_the_address_of_Kourier_and_follows_it()
    {
        PutConfigMap(_cluster, ("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", _hub.Address.ToString()), ("STARHUB_SERVER_RUNNER_PUBLIC_DOMAIN", "runner:8082"), ("STARHUB_SERVER_RUNNER_APPLICATION_ENDPOINT", "auto"));
        await using var side = new ClusterSide(_folder, OptionsFor(_hub, configMap: true), _time, _cluster.Endpoint);
        await Eventually.TrueAsync(() => DataOf(_hub, Update).Count == 1, "an update without the address", 20);
        Assert.Equal("", DataOf(_hub, Update)[0].GetProperty("app_endpoint").GetString());
        Assert.Contains("neither Kourier", Assert.Single(side.Settings.Problems).Problem, StringComparison.Ordinal);

        PutCoreService("knative-serving", "kourier", """{"clusterIP":"10.43.0.9"}""", "{}");
        await Eventually.TrueAsync(() => DataOf(_hub, Update).Count == 2, "the address inside the cluster");
        PutCoreService("knative-serving", "kourier", """{"clusterIP":"10.43.0.9"}""", """{"loadBalancer":{"ingress":[{"ip":"192.0.2.7"}]}}""");
        await Eventually.TrueAsync(() => DataOf(_hub, Update).Count == 3, "the address outside");

        Assert.Equal(["http://10.43.0.9", "http://192.0.2.7"], DataOf(_hub, Update).Skip(1).Select(data => data.GetProperty("app_endpoint").GetString()));
        Assert.Empty(side.Settings.Problems);
    }

    [Theory]
    [InlineData("runner.example.com:8082/", "apps.example.com", "http://runner.example.com:8082", "http://apps.example.com")]
    [InlineData("https://runner.example.com/csghub//", "http://192.0.2.7/", "https://runner.example.com/csghub", "http://192.0.2.7")]
    public async Task Addresses_are_told_as_the_hub_can_call_them(string runner, string apps, string toldRunner, string toldApps)
    {
        await using (new ClusterSide(_folder, OptionsFor(_hub) with { PublicDomain = runner, ApplicationEndpoint = apps }, _time, _cluster.Endpoint))
        {
            await Eventually.TrueAsync(() => DataOf(_hub, Update).Count == 1, "the addresses of the settings", 20);
        }

        PutConfigMap(_cluster, ("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", _hub.Address.ToString()), ("STARHUB_SERVER_RUNNER_PUBLIC_DOMAIN", runner), ("STARHUB_SERVER_RUNNER_APPLICATION_ENDPOINT", apps));
        await using (new ClusterSide(_folder, OptionsFor(_hub, configMap: true), _time, _cluster.Endpoint))
        {
            await Eventually.TrueAsync(() => DataOf(_hub, Update).Count == 2, "the addresses of the ConfigMap", 20);
        }

        Assert.All(DataOf(_hub, Update), data => Assert.Equal((toldRunner, toldApps), (data.GetProperty("endpoint").GetString(), data.GetProperty("app_endpoint").GetString())));
    }

    [Fact]
    public async Task A_runner_that_starts_after_the_ConfigMap_was_deleted_still_knows_where_the_hub_is()
    {
        PutConfigMap(_cluster, ("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", _hub.Address.ToString()), ("STARHUB_SERVER_RUNNER_PUBLIC_DOMAIN", "runner:8082"), ("STARHUB_SERVER_CLUSTER_REGION", "north"));
        await using (var side = new ClusterSide(_folder, OptionsFor(null, configMap: true), _time, _cluster.Endpoint))
        {
            await BeatsAsync(_hub, 1);
            await Eventually.TrueAsync(() => side.RemembersConfigMap, "the settings kept");
        }

        _cluster.Delete(MapKey);
        var before = DataOf(_hub, Beat).Count;
        await using (var side = new ClusterSide(_folder, OptionsFor(null, configMap: true), _time, _cluster.Endpoint))
        {
            await Eventually.TrueAsync(() => side.Settings.Problems.Any(problem => problem.Problem.English.Contains("does not exist", StringComparison.Ordinal)), "that it is gone", 20);
            await BeatsAsync(_hub, before + 1);
            Assert.Equal("north", side.Settings.Of("test").Region);
        }
    }

    [Fact]
    public async Task What_the_hub_set_holds_over_a_restart_until_the_ConfigMap_says_something_new()
    {
        PutConfigMap(_cluster, ("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", _hub.Address.ToString()), ("STARHUB_SERVER_RUNNER_PUBLIC_DOMAIN", "runner:8082"), ("STARHUB_SERVER_CLUSTER_REGION", "north"));
        await using (var side = new ClusterSide(_folder, OptionsFor(_hub, configMap: true), _time, _cluster.Endpoint))
        {
            await Eventually.TrueAsync(() => side.Settings.Of("test").Region == "north", "the ConfigMap's region", 20);
            await side.Overrides.ChangeAsync("test", new ClusterChange("south", "zone-a", null, false, "fast"), TestContext.Current.CancellationToken);
            await side.Overrides.ChangeAsync("test", new ClusterChange(null, null, "cloud", null, null), TestContext.Current.CancellationToken);
        }

        await using (var side = new ClusterSide(_folder, OptionsFor(_hub, configMap: true), _time, _cluster.Endpoint))
        {
            await Eventually.TrueAsync(() => side.Settings.MapOf("test").Region == "north", "the ConfigMap read", 20);
            var kept = side.Settings.Of("test");
            Assert.Equal(("south", "zone-a", "cloud", false, "fast"), (kept.Region, kept.Zone, kept.Provider, kept.Enabled, kept.StorageClass));

            PutConfigMap(_cluster, ("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", _hub.Address.ToString()), ("STARHUB_SERVER_RUNNER_PUBLIC_DOMAIN", "runner:8082"), ("STARHUB_SERVER_CLUSTER_REGION", "west"));
            await Eventually.TrueAsync(() => side.Settings.Of("test").Region == "west", "the ConfigMap's new region");
            Assert.Equal("fast", side.Settings.Of("test").StorageClass);
        }
    }

    [Fact]
    public async Task Of_two_clusters_the_one_that_dies_goes_silent_alone_and_beats_again_when_it_is_back()
    {
        await using var other = await TestCluster.StartAsync("other");
        var options = OptionsFor(_hub) with { ClusterId = "cluster-1" };
        await using var side = new ClusterSide(_folder, options, _time, _cluster.Endpoint, other.Endpoint);
        var otherId = (string)other.Store.Get(new ObjectKey("", "namespaces", "", "spaces"))!.Json["metadata"]!["uid"]!;
        await Eventually.TrueAsync(() => BeatsOf("cluster-1") == 1 && BeatsOf(otherId) == 1 && DataOf(_hub, Create).Count == 2, "both registered and beating", 20);

        other.Host.Faults.ErrorRate = 1;
        other.Host.Faults.CutWatches();
        await Eventually.TrueAsync(() => side.Clusters.Connections[1].Status.Health == Runner.Engine.Clusters.Connections.ClusterHealth.Unreachable, "the other cluster lost", 30);
        await BeatsAsync(_hub, () => BeatsOf("cluster-1"), 3);
        Assert.Equal(1, BeatsOf(otherId));

        other.Host.Faults.ErrorRate = 0;
        await BeatsAsync(_hub, () => BeatsOf(otherId), 2);
        Assert.Equal(2, DataOf(_hub, Create).Count);
    }

    [Fact]
    public async Task A_hub_that_had_given_the_cluster_up_is_told_once_more_how_everything_stands_and_one_that_had_not_is_told_nothing()
    {
        _cluster.PutService("web", 1);
        var options = OptionsFor(_hub) with { ClusterId = "cluster-1" };
        await using (var side = new ClusterSide(_folder, options, _time, _cluster.Endpoint))
        {
            await Eventually.TrueAsync(() => DataOf(_hub, Beat).Count == 1 && Services().Count == 1, "the first heartbeat and the service", 20);

            // It misses one heartbeat, which is within its patience, and the cluster is listed anew meanwhile.
            await OutageAsync(side, TimeSpan.FromSeconds(200));
            await _cluster.Host.RestartAsync(TestContext.Current.CancellationToken);
            await BeatsAsync(_hub, DataOf(_hub, Beat).Count + 2);
            Assert.Equal(["create"], Services());

            await OutageAsync(side, TimeSpan.FromMinutes(10));
            await ToldAsync(2);
            Assert.Equal(["create", "change"], Services());
            Assert.Equal(_hub.Taken[0].Root.GetProperty("data").GetProperty("status").GetRawText(), _hub.Taken[1].Root.GetProperty("data").GetProperty("status").GetRawText());
            await BeatsAsync(_hub, DataOf(_hub, Beat).Count + 2);
        }

        // A restart in time tells nothing; one that comes too late tells everything once.
        _time.Advance(TimeSpan.FromSeconds(60));
        await StartedAsync(() => _cluster.PutService("marker", 1), 3);
        Assert.Equal(["create", "change", "create"], Services());
        _time.Advance(TimeSpan.FromMinutes(10));
        await StartedAsync(() => { }, 5);
        Assert.Equal(["create", "change", "create", "change", "change"], Services());
        Assert.Equal(["marker", "web"], _hub.Taken.Skip(3).Select(e => e.Service).Order(StringComparer.Ordinal));

        async Task StartedAsync(Action then, int events)
        {
            await using var side = new ClusterSide(_folder, options, _time, _cluster.Endpoint);
            await BeatsAsync(_hub, DataOf(_hub, Beat).Count + 1);
            then();
            await ToldAsync(events);
            await BeatsAsync(_hub, DataOf(_hub, Beat).Count + 1);
        }
    }

    private List<string> Services() => [.. _hub.Taken.Where(e => e.Type.StartsWith("runner.service.", StringComparison.Ordinal)).Select(e => e.Type.Split('.')[^1])];

    private async Task OutageAsync(ClusterSide side, TimeSpan length)
    {
        var until = _time.GetUtcNow() + length;
        await _hub.DownAsync();
        while (_time.GetUtcNow() < until)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        await Eventually.TrueAsync(() => side.Telling.Heartbeats[0].Problem.Length > 0, "a heartbeat in vain", 20);
        var beats = DataOf(_hub, Beat).Count;
        await _hub.UpAsync();
        await BeatsAsync(_hub, beats + 1);
    }

    /// <summary>Lets virtual time go by until the hub has taken so many events of workloads.</summary>
    private Task ToldAsync(int count) => Eventually.TrueAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return _hub.Taken.Count >= count;
        },
        $"{count} events of workloads",
        30);

    private int BeatsOf(string clusterId) => DataOf(_hub, Beat).Count(data => data[0].GetProperty("cluster_id").GetString() == clusterId);

    /// <summary>Lets virtual time go by until the hub has taken so many heartbeats.</summary>
    private Task BeatsAsync(RecordingHub hub, int count) => BeatsAsync(hub, () => DataOf(hub, Beat).Count, count);

    private Task BeatsAsync(RecordingHub hub, Func<int> beats, int count) => Eventually.TrueAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            return beats() >= count;
        },
        $"{count} heartbeats at {hub.Address}",
        30);

    private void PutNode(string name) => _cluster.Store.Create(new ObjectKey("", "nodes", "", name), new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = name },
        ["status"] = new JsonObject { ["capacity"] = new JsonObject { ["cpu"] = "4" }, ["allocatable"] = new JsonObject { ["cpu"] = "4" } },
    });

    private void PutCoreService(string @namespace, string name, string spec, string status) =>
        _cluster.Put(new ObjectKey("", "services", @namespace, name), $$"""{"apiVersion":"v1","kind":"Service","metadata":{},"spec":{{spec}},"status":{{status}}}""");
}
