using System.Text.Json;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Services;
using Runner.Tests.Engine.RunnerApi;
using Runner.Web.RunnerApi;

namespace Runner.Tests.Engine.MultiHost;

/// <summary>What the hosts of a group must know of each other is right after an update too, whatever it speaks of.</summary>
public sealed class MultiHostUpdateTests
{
    private const string Image = "\"image_id\":\"opencsghq/vllm:v0.25.0\",\"min_replica\":1,\"max_replica\":1";
    private const string Gpus = "\"gpu\":{\"num\":\"4\",\"resource_name\":\"nvidia.com/gpu\"}";

    private static readonly RunnerOptions Options = new();

    [Theory]
    [InlineData("", "8", "16")]
    [InlineData(",\"env\":{\"port\":\"9000\"}", "8", "16")]
    [InlineData(",\"env\":{\"port\":\"9000\",\"TOTAL_GPU\":\"15\"}", "8", "15")]
    [InlineData(",\"hardware\":{\"replicas\":3," + Gpus + "}", "4", "12")]
    [InlineData(",\"env\":{\"port\":\"9000\"},\"hardware\":{\"replicas\":3," + Gpus + "}", "4", "12")]
    [InlineData(",\"env\":{\"port\":\"9000\",\"GPU_NUM\":\"2\"},\"hardware\":{\"replicas\":2," + Gpus + "}", "2", "8")]
    [InlineData(",\"hardware\":{\"replicas\":2,\"memory\":\"8Gi\"}", null, null)]
    public void The_hosts_are_told_how_many_accelerators_there_are_now_unless_the_request_says_otherwise(string rest, string? one, string? all)
    {
        var set = Running("");

        Assert.True(MultiHostUpdate.Apply(set, Update(rest), Options, "", out _));

        Assert.All(Environments(set), env => Assert.Equal((one, all), (env.GetValueOrDefault("GPU_NUM"), env.GetValueOrDefault("TOTAL_GPU"))));
    }

    [Fact]
    public void A_number_of_somebodys_own_stays_while_the_environment_does()
    {
        var set = Running("", request => request.Env!["GPU_NUM"] = "2");

        MultiHostUpdate.Apply(set, Update(",\"hardware\":{\"replicas\":2," + Gpus + "}"), Options, "", out _);

        Assert.All(Environments(set), env => Assert.Equal(("2", "8"), (env["GPU_NUM"], env["TOTAL_GPU"])));
    }

    [Theory]
    [InlineData("", "eth1", "eth1", "eth1")]
    [InlineData(",\"env\":{\"port\":\"9000\"}", "eth1", "eth1", "eth1")]
    [InlineData(",\"env\":{\"port\":\"9000\"}", "", "eth1", "eth1")]
    [InlineData(",\"env\":{\"port\":\"9000\"}", "eth2", "eth2", "eth2")]
    [InlineData(",\"env\":{\"port\":\"9000\",\"NCCL_SOCKET_IFNAME\":\"bond0\"}", "eth1", "bond0", "eth1")]
    public void The_hosts_still_know_their_network(string rest, string configured, string nccl, string gloo)
    {
        var set = Running("eth1");

        Assert.True(MultiHostUpdate.Apply(set, Update(rest), Options, configured, out _));

        Assert.All(Environments(set), env => Assert.Equal((nccl, gloo), (env["NCCL_SOCKET_IFNAME"], env["GLOO_SOCKET_IFNAME"])));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"env\":{\"port\":\"9000\"},\"hardware\":{\"replicas\":3," + Gpus + "}")]
    public void The_same_update_again_starts_no_host_anew(string rest)
    {
        var set = Running("eth1");

        Assert.True(MultiHostUpdate.Apply(set, Update(rest), Options, "eth1", out _));
        Assert.False(MultiHostUpdate.Apply(set, Update(rest), Options, "eth1", out _));
    }

    [Fact]
    public void An_update_to_what_is_there_starts_no_host_anew()
    {
        var set = Running("eth1");
        var image = set.Spec!.Template!.Worker!.Spec.Containers[0].Image;

        Assert.False(MultiHostUpdate.Apply(set, Update("") with { ImageId = image }, Options, "eth1", out _));
    }

    private static List<Dictionary<string, string?>> Environments(LeaderWorkerSet set) =>
        [.. new[] { set.Spec!.Template!.Leader!, set.Spec.Template.Worker! }.Select(pod => pod.Spec.Containers[0].Env.ToDictionary(variable => variable.Name, variable => (string?)variable.Value))];

    private static ServiceUpdateRequest Update(string rest) => JsonSerializer.Deserialize($"{{{Image}{rest}}}", RequestJson.Default.ServiceUpdateRequest)!;

    private static LeaderWorkerSet Running(string networkInterface, Action<ServiceRequest>? change = null)
    {
        var request = JsonSerializer.Deserialize(RunnerApiHost.Sample("run-multihost"), RequestJson.Default.ServiceRequest)!;
        change?.Invoke(request);
        return MultiHostManifest.Build("web", request, Options, new("c1", "", networkInterface)).Set;
    }
}
