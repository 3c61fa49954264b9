using System.Text.Json;
using Runner.Engine.Capacity;
using Runner.Engine.Hub.Payloads;

namespace Runner.Tests.Engine.Hub;

/// <summary>How a heartbeat is divided. That it is, and that the hub takes the parts: <see cref="LargeHeartbeatTests"/>.</summary>
public sealed class HeartbeatPartsTests
{
    private const int Most = 8000;

    [Fact]
    public void What_fits_goes_out_as_one_event()
    {
        var (bodies, shortened) = Of(Node("a", 1000, "web"), Node("b", 1000, "web"));
        Assert.Equal(["a,b"], bodies.Select(NamesOf));
        Assert.Empty(shortened);
    }

    [Fact]
    public void A_cluster_of_which_no_node_is_known_beats() => Assert.Equal([""], Of().Bodies.Select(NamesOf));

    [Fact]
    public void Nodes_with_the_same_service_or_workflow_go_together_as_far_as_they_fit()
    {
        var (bodies, _) = Of(
            Node("a", 2000, "web"), Node("b", 2000, "api"), Node("c", 2000, "db"), Node("d", 2000, "web"), Node("e", 2000, "api", "job"), Node("f", 2000, "job"));
        Assert.Equal(["a,d,c", "b,e,f"], bodies.Select(NamesOf));

        (bodies, _) = Of([.. Enumerable.Range(0, 7).Select(i => Node($"n{i}", 2000, "everywhere"))]);
        Assert.Equal(["n0,n1,n2", "n3,n4,n5", "n6"], bodies.Select(NamesOf));
    }

    [Fact]
    public void A_node_that_is_too_much_by_itself_is_told_without_its_processes()
    {
        var (bodies, shortened) = Of(Node("a", 1000), Node("large", 1000, [.. Enumerable.Range(0, 200).Select(i => $"web-{i}")]), Node("b", 1000));
        Assert.Equal(["large"], shortened);
        Assert.Equal("a,b,large", string.Join(',', bodies.SelectMany(body => NamesOf(body).Split(',')).Order(StringComparer.Ordinal)));
        Assert.All(bodies, body => Assert.True(body.Length <= Most));
    }

    private static HeartbeatParts Of(params NodeAnswer[] nodes) => HeartbeatParts.Of(new ClusterAnswer { ClusterId = "cluster-1", Resources = nodes }, DateTimeOffset.UnixEpoch, Most);

    private static NodeAnswer Node(string name, int bytesOfLabels, params string[] runs) => new()
    {
        NodeName = name,
        Labels = new Dictionary<string, string> { ["l"] = new('x', bytesOfLabels) },
        Processes = [.. runs.Select(run => new ProcessAnswer($"{run}-0", "1", run == "job" ? "" : run, [], run == "job" ? run : "", name))],
    };

    private static string NamesOf(string body) =>
        string.Join(',', JsonDocument.Parse(body).RootElement.GetProperty("data")[0].GetProperty("resources").EnumerateArray().Select(node => node.GetProperty("node_name").GetString()));
}
