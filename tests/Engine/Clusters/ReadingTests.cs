using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Reading;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Services;
using Runner.Tests.Engine.Capacity;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Clusters;

/// <summary>What is read of an object field by field tells the same as the whole object.</summary>
public sealed class ReadingTests
{
    private static readonly CapacityProjection Capacity = new(new AcceleratorOptions());

    [Fact]
    public void Recorded_pods_tell_the_same_as_when_they_are_read_whole()
    {
        var pods = Pods().ToList();
        Assert.True(pods.Count > 50, $"{pods.Count} pods are recorded.");
        foreach (var json in pods)
        {
            var (held, whole) = (Held.Pod(json), json.Deserialize<V1Pod>(ApiJson.Options)!);

            Assert.Equal(InstanceProjection.Project(whole), InstanceProjection.Project(held));
            Assert.Equal(InstanceProjection.IsReady(whole), InstanceProjection.IsReady(held));
            Assert.Equal(PodOwners.TextOf(whole), PodOwners.TextOf(held));
            Assert.Equal(PodRequests.Of(whole).OrderBy(pair => pair.Key), PodRequests.Of(held).OrderBy(pair => pair.Key));
            Assert.Equal(PodRequests.Counts(whole), PodRequests.Counts(held));
            Assert.Equal(whole.Metadata.Annotations?.OrderBy(pair => pair.Key), held.Metadata.Annotations?.OrderBy(pair => pair.Key));
            Assert.Equal(
                (whole.Metadata.Uid, whole.Metadata.ResourceVersion, whole.Metadata.DeletionGracePeriodSeconds, whole.Spec.RestartPolicy),
                (held.Metadata.Uid, held.Metadata.ResourceVersion, held.Metadata.DeletionGracePeriodSeconds, held.Spec.RestartPolicy));
        }
    }

    [Fact]
    public void Recorded_nodes_tell_the_same_as_when_they_are_read_whole()
    {
        foreach (var json in NodeRecording.Raw("nodes.json"))
        {
            var (held, whole) = (Capacity.Read(Held.Node(json)), Capacity.Read(json.Deserialize<V1Node>(ApiJson.Options)!));

            Assert.Equal((whole.Name, whole.Status, whole.Ready, whole.Cordoned, whole.Problem, whole.Taints, whole.Accelerator), (held.Name, held.Status, held.Ready, held.Cordoned, held.Problem, held.Taints, held.Accelerator));
            Assert.Equal(whole.Labels.OrderBy(pair => pair.Key), held.Labels.OrderBy(pair => pair.Key));
            Assert.Equal(whole.Total.OrderBy(pair => pair.Key), held.Total.OrderBy(pair => pair.Key));
            Assert.Equal(whole.Allocatable.OrderBy(pair => pair.Key), held.Allocatable.OrderBy(pair => pair.Key));
        }
    }

    [Fact]
    public void What_many_objects_have_alike_is_held_once()
    {
        var (first, second) = (Pod("a", "1"), Pod("b", "1"));

        Assert.Same(first.Spec.NodeName, second.Spec.NodeName);
        Assert.Same(first.Spec.Containers[0].Resources, second.Spec.Containers[0].Resources);
        Assert.NotSame(first.Spec.Containers[0].Resources, Pod("c", "2").Spec.Containers[0].Resources);
        Assert.Equal("2", Pod("c", "2").Spec.Containers[0].Resources.Requests["cpu"].ToString());

        static V1Pod Pod(string name, string cpu) => Held.Pod(JsonNode.Parse(
            $$$"""{"metadata":{"name":"{{{name}}}" },"spec":{"nodeName":"node-of-both","containers":[{"name":"c","resources":{"limits":null,"requests":{"cpu":"{{{cpu}}}"} } } ] } }""")!);
    }

    [Theory]
    [InlineData("""{"metadata":{"name":"a\u0022b","labels":{"ä":"ö","empty":"","none":null}},"spec":null,"status":{"phase":null,"conditions":null}}""")]
    [InlineData("""{"metadata":{"name":"p"},"spec":{"containers":[],"overhead":{"cpu":"250m","memory":1024}},"unknown":[{"deep":[1,{"name":"x"}]}]}""")]
    public void Odd_but_valid_pods_are_read(string json)
    {
        var (held, whole) = (Held.Pod(JsonNode.Parse(json)!), JsonNode.Parse(json)!["metadata"]!);

        Assert.Equal((string?)whole["name"], held.Metadata.Name);
        Assert.Equal((whole["labels"] as JsonObject)?.Select(label => (label.Key, (string?)label.Value)), held.Metadata.Labels?.Select(label => (label.Key, (string?)label.Value)));
    }

    [Theory]
    [InlineData("""{"metadata":[]}""")]
    [InlineData("""{"metadata":{"name":7}}""")]
    [InlineData("""{"spec":{"containers":{}}}""")]
    [InlineData("""{"spec":{"containers":[1]}}""")]
    [InlineData("""{"metadata":{"creationTimestamp":"yesterday"}}""")]
    [InlineData("""{"status":{"containerStatuses":[{"restartCount":"many"}]}}""")]
    [InlineData("""{"metadata":{"name":"cut""")]
    public void What_is_no_pod_is_refused(string json) =>
        Assert.ThrowsAny<JsonException>(() => ApiJson.Read(Encoding.UTF8.GetBytes(json), PodReader.Read));

    private static IEnumerable<JsonNode> Pods()
    {
        var recordings = Path.Combine(Repository.Root, "tests/Engine/Recordings");
        return NodeRecording.Raw("pods.json").Concat(Directory.EnumerateFiles(recordings, "pods.jsonl", SearchOption.AllDirectories)
            .SelectMany(File.ReadLines)
            .Select(line => JsonNode.Parse(line)!)
            .Select(line => line["object"] ?? line)
            .Where(pod => pod["kind"]?.GetValue<string>() == "Pod"));
    }
}
