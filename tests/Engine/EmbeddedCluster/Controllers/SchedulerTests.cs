using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.Tests.Engine.EmbeddedCluster.Controllers;

public sealed class SchedulerTests
{
    [Fact]
    public async Task A_pod_that_fits_nowhere_waits_with_the_schedulers_words_until_a_node_is_added()
    {
        await using var simulation = new Simulation();
        simulation.Node("cpu-1");
        simulation.Node("gpu-1", 8, "NVIDIA-A100-SXM4-80GB");
        simulation.Node("gpu-2", 8, "NVIDIA-A100-SXM4-80GB");
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.Pod, Pod("""{"nvidia.com/gpu":"16"}""", """ "nodeSelector":{"nvidia.com/gpu.product":"NVIDIA-A100-SXM4-80GB"} """));

        simulation.RunSeconds(5);

        Assert.Equal(
            "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 Insufficient nvidia.com/gpu. no new claims to deallocate, "
            + "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
            simulation.Get(ObjectKind.Pod, "pod").Condition("PodScheduled").Text("message"));

        simulation.Node("gpu-3", 16, "NVIDIA-A100-SXM4-80GB");
        simulation.RunSeconds(5);

        Assert.Equal("gpu-3", simulation.Get(ObjectKind.Pod, "pod").Text("spec", "nodeName"));
        Assert.True(simulation.Get(ObjectKind.Pod, "pod").HasCondition("Ready"));
    }

    [Fact]
    public async Task Room_that_another_pod_leaves_is_given_to_the_one_that_waits()
    {
        await using var simulation = new Simulation();
        simulation.Node("gpu-1", 1);
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.Pod, Pod("""{"nvidia.com/gpu":"1"}""", null, "first"));
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.Pod, Pod("""{"nvidia.com/gpu":"1"}""", null, "second"));
        simulation.RunSeconds(5);
        Assert.Contains(
            "1 No preemption victims found for incoming pod", simulation.Get(ObjectKind.Pod, "second").Condition("PodScheduled").Text("message"), StringComparison.Ordinal);

        simulation.Store.Delete(ObjectKind.Pod.Key("spaces", "first"));
        simulation.RunSeconds(5);

        Assert.Null(simulation.Get(ObjectKind.Pod, "first"));
        Assert.Equal("gpu-1", simulation.Get(ObjectKind.Pod, "second").Text("spec", "nodeName"));
    }

    [Theory]
    [InlineData("""{"key":"zone","operator":"In","values":["a","b"]}""", true)]
    [InlineData("""{"key":"zone","operator":"NotIn","values":["a"]}""", false)]
    [InlineData("""{"key":"zone","operator":"Exists"}""", true)]
    [InlineData("""{"key":"zone","operator":"DoesNotExist"}""", false)]
    [InlineData("""{"key":"memory","operator":"Gt","values":["80"]}""", true)]
    [InlineData("""{"key":"memory","operator":"Lt","values":["80"]}""", false)]
    public async Task Required_node_affinity_is_respected(string expression, bool fits)
    {
        await using var simulation = new Simulation();
        simulation.Node("node");
        simulation.Edit(ObjectKind.Node, "node", n => n["metadata"]!["labels"] = new JsonObject { ["zone"] = "a", ["memory"] = "96" }, "");
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.Pod, Pod(
            "{}",
            "\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":[{\"matchExpressions\":[" + expression + "]}]}}}"));

        simulation.RunSeconds(1);

        Assert.Equal(fits, simulation.Get(ObjectKind.Pod, "pod").HasCondition("PodScheduled"));
    }

    [Fact]
    public async Task A_cordoned_node_takes_no_pod_and_carries_its_taint_until_it_is_uncordoned()
    {
        await using var simulation = new Simulation();
        simulation.Node("node");
        simulation.RunSeconds(5);
        simulation.Edit(ObjectKind.Node, "node", n => n.Ensure("spec")["unschedulable"] = true, "");
        simulation.RunSeconds(1);
        simulation.Create(ObjectKind.Pod, Pod("{}", null));
        simulation.RunSeconds(1);
        Assert.StartsWith(
            "0/1 nodes are available: 1 node(s) were unschedulable.", simulation.Get(ObjectKind.Pod, "pod").Condition("PodScheduled").Text("message"), StringComparison.Ordinal);
        Assert.Equal("node.kubernetes.io/unschedulable", simulation.Get(ObjectKind.Node, "node", "").Items("spec", "taints").Single().Text("key"));

        simulation.Edit(ObjectKind.Node, "node", n => n.Ensure("spec").Remove("unschedulable"), "");
        simulation.RunSeconds(1);

        Assert.True(simulation.Get(ObjectKind.Pod, "pod").HasCondition("PodScheduled"));
        Assert.Empty(simulation.Get(ObjectKind.Node, "node", "").Items("spec", "taints"));
    }

    [Fact]
    public async Task Pods_of_a_lost_node_become_unready_and_are_evicted_when_their_patience_ends()
    {
        await using var simulation = new Simulation();
        simulation.Node("node");
        simulation.RunSeconds(5);
        simulation.Create(ObjectKind.Pod, Pod("{}", """
            "tolerations":[{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}]
            """));
        simulation.RunSeconds(10);

        simulation.Edit(ObjectKind.Node, "node", n => n.Ensure("metadata", "annotations")["embedded.csghub.io/lost"] = "true", "");
        simulation.RunSeconds(60);

        Assert.True(simulation.Get(ObjectKind.Node, "node", "").HasCondition("Ready", "Unknown"));
        Assert.True(simulation.Get(ObjectKind.Pod, "pod").HasCondition("Ready", "False"));
        Assert.False(simulation.Get(ObjectKind.Pod, "pod").IsDeleting());
        simulation.RunSeconds(300);
        Assert.True(simulation.Get(ObjectKind.Pod, "pod").IsDeleting());

        simulation.Edit(ObjectKind.Node, "node", n => n.Ensure("metadata", "annotations").Remove("embedded.csghub.io/lost"), "");
        simulation.RunSeconds(30);

        Assert.True(simulation.Get(ObjectKind.Node, "node", "").HasCondition("Ready"));
        Assert.Null(simulation.Get(ObjectKind.Pod, "pod"));
    }

    internal static string Pod(string resources, string? spec, string name = "pod", string image = "registry.example.com/web:1", string environment = "[]") =>
        """
        {"metadata":{"name":"NAME","namespace":"spaces"},"spec":{"containers":[{"name":"main","image":"IMAGE","env":ENVIRONMENT,
        "resources":{"requests":RESOURCES,"limits":RESOURCES}}] SPEC }}
        """
        .Replace("NAME", name, StringComparison.Ordinal)
        .Replace("IMAGE", image, StringComparison.Ordinal)
        .Replace("ENVIRONMENT", environment, StringComparison.Ordinal)
        .Replace("RESOURCES", resources, StringComparison.Ordinal)
        .Replace(" SPEC ", spec is null ? "" : "," + spec, StringComparison.Ordinal);
}
