using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Runner.EmbeddedCluster.Storage;
using Runner.Tests.Engine.Capacity;
using Runner.Tests.Engine.Support;
using static Runner.Tests.Engine.Hub.ClusterSide;

namespace Runner.Tests.Engine.Hub;

/// <summary>The heartbeat of a cluster that is larger than what the hub can put into its queue as one message.</summary>
public sealed class LargeHeartbeatTests : IAsyncLifetime
{
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
    public async Task The_heartbeat_of_a_large_cluster_goes_out_in_parts_that_the_hub_takes()
    {
        var names = PutNodesWithPods(1000, podsOfANode: 10);
        await using var side = Start();
        await Eventually.TrueAsync(() => side.Telling.Heartbeats[0] is { LastTakenAt: not null } or { Problem.Length: > 0 }, "the first heartbeat", 30);
        Assert.Equal("", side.Telling.Heartbeats[0].Problem);

        var parts = Parts();
        Assert.True(parts.Count > 1);
        Assert.Equal(names.Order(StringComparer.Ordinal), parts.SelectMany(NamesOf).Order(StringComparer.Ordinal));
        Assert.Single(parts.Select(RestOf).Distinct());
        Assert.Contains("\"node_number\":1000,\"resources\":[],\"resource_status\":\"ClusterWide\"", RestOf(parts[0]), StringComparison.Ordinal);

        // The hub takes the nodes that one event names for all on which a service runs.
        var partsOfServices = parts.SelectMany(part => NodesOf(part).SelectMany(node => node.GetProperty("processes").EnumerateArray()).Select(process => (Service: process.GetProperty("svc_name").GetString(), part)))
            .GroupBy(found => found.Service, found => found.part).ToList();
        Assert.Equal(5000, partsOfServices.Count);
        Assert.All(partsOfServices, service => Assert.Equal((2, 1), (service.Count(), service.Distinct().Count())));
    }

    [Fact]
    public async Task A_part_that_the_hub_does_not_take_keeps_no_other_from_it_and_the_heartbeat_is_not_taken_until_all_are()
    {
        // Ever more labels, as feature discovery has them: three parts.
        var names = PutNodesWithLabels(300, 8000);
        _hub.Mood = body => body.Contains("\"node-150\"", StringComparison.Ordinal) ? HubMood.Error : HubMood.Well;
        await using var side = Start();
        await Eventually.TrueAsync(() => side.Telling.Heartbeats[0].Problem.Length > 0, "a heartbeat that is not taken", 30);
        Assert.Contains("answered 500", side.Telling.Heartbeats[0].Problem, StringComparison.Ordinal);
        Assert.Null(side.Telling.Heartbeats[0].LastTakenAt);
        Assert.Equal(2, Parts().Count);
        Assert.DoesNotContain("node-150", Parts().SelectMany(NamesOf));

        _hub.Mood = _ => HubMood.Well;
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return side.Telling.Heartbeats[0] is { LastTakenAt: not null, Problem.Length: 0 };
            },
            "the next heartbeat",
            20);
        Assert.Equal(names.Order(StringComparer.Ordinal), Parts().TakeLast(3).SelectMany(NamesOf).Order(StringComparer.Ordinal));
    }

    private ClusterSide Start() => new(_folder, OptionsFor(_hub) with { ClusterId = "cluster-1" }, _time, _cluster.Endpoint);

    private List<ReceivedEvent> Parts() => [.. _hub.Clusters.Where(e => e.Type == Beat)];

    private static IEnumerable<string> NamesOf(ReceivedEvent part) => NodesOf(part).Select(node => node.GetProperty("node_name").GetString()!);

    /// <summary>What a part says of the cluster itself.</summary>
    private static string RestOf(ReceivedEvent part)
    {
        var cluster = JsonNode.Parse(part.Body)!["data"]![0]!.AsObject();
        cluster["resources"] = new JsonArray();
        return cluster.ToJsonString();
    }

    private static List<JsonElement> NodesOf(ReceivedEvent part) => [.. Assert.Single(part.Root.GetProperty("data").EnumerateArray()).GetProperty("resources").EnumerateArray()];

    private List<string> PutNodesWithLabels(int count, int bytesOfLabels)
    {
        var names = Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"node-{i:000}")).ToList();
        foreach (var name in names)
        {
            var labels = Enumerable.Range(0, bytesOfLabels / 80).Select(i => KeyValuePair.Create(string.Create(CultureInfo.InvariantCulture, $"feature.node.kubernetes.io/cpu-cpuid-{i:000}"), (JsonNode?)new string('x', 35)));
            _cluster.Store.Create(new ObjectKey("", "nodes", "", name), new JsonObject { ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject(labels) }, ["status"] = new JsonObject() });
        }

        return names;
    }

    /// <summary>Nodes as they were recorded, and services with two pods each, on nodes one after the other.</summary>
    private List<string> PutNodesWithPods(int count, int podsOfANode)
    {
        var recorded = NodeRecording.Raw("nodes.json").ToList();
        var names = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var node = recorded[i % recorded.Count].DeepClone().AsObject();
            var name = string.Create(CultureInfo.InvariantCulture, $"{(string)node["metadata"]!["name"]!}-{i:0000}");
            node["metadata"]!["name"] = name;
            _cluster.Store.Create(new ObjectKey("", "nodes", "", name), node);
            names.Add(name);
        }

        for (var i = 0; i < count * podsOfANode; i++)
        {
            var service = string.Create(CultureInfo.InvariantCulture, $"u-acme-model-{i / 2:00000}");
            _cluster.Put(new ObjectKey("", "pods", "spaces", string.Create(CultureInfo.InvariantCulture, $"{service}-00001-deployment-5d78c9869d-{i % 2}4x2p")), $$$"""
                {"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"serving.knative.dev/configuration":"{{{service}}}","csghub_deploy_id":"{{{i / 2}}}"}},
                 "spec":{"nodeName":"{{{names[i % count]}}}","containers":[{"name":"user-container","image":"a"}]},"status":{"phase":"Running"}}
                """);
        }

        return names;
    }
}
