using System.Text.Json.Nodes;
using k8s.Models;
using Runner.Engine.Capacity;
using Runner.Engine.Configuration;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Capacity;

/// <summary>Nodes as the hub is told of them: it decides from what is available whether a deploy is let in, and looks at nothing else of a node.</summary>
public sealed class ClusterAnswerTests
{
    [Fact]
    public void A_node_that_is_not_ready_has_nothing_available_and_still_says_what_it_is()
    {
        var nodes = NodeRecording.Nodes.Where(node => !IsReady(node)).ToList();
        Assert.NotEmpty(nodes);
        foreach (var node in nodes)
        {
            var answer = AnswerOf(node, NodeRecording.Pods.Where(pod => pod.Spec.NodeName == node.Metadata.Name));
            Assert.Equal((0m, 0m, 0L, 0L), (answer.AvailableCpu, answer.AvailableMemory, answer.AvailableXpu, answer.AvailableVxpuMemory));
            Assert.True(answer is { TotalCpu: > 0, TotalMemory: > 0, TotalXpu: > 0, XpuModel.Length: > 0 }, answer.NodeName);
        }
    }

    [Fact]
    public void Shares_and_slices_of_a_node_that_is_lost_are_not_to_be_had()
    {
        foreach (var node in NodeRecording.Nodes.Where(node => AnswerOf(node, []) is { Vxpus.Count: > 0 } or { Migs.Count: > 0 }).Select(Lost))
        {
            var answer = AnswerOf(node, []);
            Assert.Equal(0, answer.AvailableVxpuMemory);
            Assert.All(answer.Migs.Values, slice => Assert.True(slice is { Capacity: > 0, Allocatable: 0 }));
        }
    }

    [Fact]
    public void A_cordoned_node_is_told_as_it_is()
    {
        var node = NodeRecording.Nodes.Single(node => node.Spec.Unschedulable == true);
        Assert.True(AnswerOf(node, []).AvailableXpu > 0);
    }

    [Fact]
    public void No_more_memory_is_told_than_there_is()
    {
        // 46 GiB but 2 MiB: a deploy that asks for 46Gi does not fit.
        var node = Held.Node(JsonNode.Parse("""
            {"metadata":{"name":"n","resourceVersion":"1"},
             "status":{"conditions":[{"type":"Ready","status":"True"}],"capacity":{"cpu":"8","memory":"48Gi"},"allocatable":{"cpu":"8","memory":"47102Mi"}}}
            """)!);
        Assert.Equal(45.99m, AnswerOf(node, []).AvailableMemory);
    }

    private static NodeAnswer AnswerOf(V1Node node, IEnumerable<V1Pod> pods)
    {
        var ledger = new CapacityLedger(new CapacityProjection(new AcceleratorOptions()));
        foreach (var pod in pods)
        {
            ledger.Set(pod, DateTimeOffset.UnixEpoch);
        }

        ledger.Set(node, DateTimeOffset.UnixEpoch);
        return ClusterReports.AnswerOf(ledger.Nodes().Single(known => known.Name == node.Metadata.Name), "spaces");
    }

    private static bool IsReady(V1Node node) => node.Status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" });

    private static V1Node Lost(V1Node node) => new()
    {
        Metadata = node.Metadata,
        Spec = node.Spec,
        Status = new() { Capacity = node.Status.Capacity, Allocatable = node.Status.Allocatable, Conditions = [new() { Type = "Ready", Status = "Unknown" }] },
    };
}
