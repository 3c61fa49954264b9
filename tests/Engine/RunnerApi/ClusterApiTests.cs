using System.Net;
using k8s;
using static Runner.Tests.Engine.RunnerApi.RunnerApiHost;

namespace Runner.Tests.Engine.RunnerApi;

/// <summary>The calls about clusters, as the hub makes them.</summary>
public sealed class ClusterApiTests(RunnerApiHost host) : IClassFixture<RunnerApiHost>
{
    [Fact]
    public async Task A_cluster_tells_its_nodes_with_what_is_left_of_them()
    {
        var id = await IdAsync();
        await Eventually.TrueAsync(async () => Json((await host.CallAsync(HttpMethod.Get, $"cluster/{id}")).Text).GetProperty("resource_status").GetString() == "ClusterWide", "the nodes", 20);
        var (status, text) = await host.CallAsync(HttpMethod.Get, $"cluster/{id}");
        var cluster = Json(text);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((id, "Running", "embedded-nfs"), (cluster.GetProperty("cluster_id").GetString(), cluster.GetProperty("status").GetString(), cluster.GetProperty("storage_class").GetString()));
        var nodes = cluster.GetProperty("resources").EnumerateArray().ToList();
        Assert.Contains(nodes, node => node.GetProperty("total_xpu").GetInt64() > 0 && node.GetProperty("gpu_vendor").GetString() == "NVIDIA");
        Assert.All(nodes, node =>
        {
            Assert.InRange(node.GetProperty("available_cpu").GetDouble(), 0, node.GetProperty("total_cpu").GetDouble());
            Assert.InRange(node.GetProperty("available_mem").GetDouble(), 0.1, node.GetProperty("total_mem").GetDouble());
            Assert.InRange(node.GetProperty("update_at").GetInt64(), 1, long.MaxValue);
            foreach (var field in (string[])["node_status", "xpu_model", "available_xpu", "xpu_capacity_label", "xpu_mem", "reserved_xpu", "vxpus", "total_vxpu", "used_vxpu_num", "total_vxpu_mem", "available_vxpu_mem", "migs", "processes", "labels", "enable_vxpu"])
            {
                Assert.True(node.TryGetProperty(field, out _), field);
            }
        });
    }

    [Fact]
    public async Task Settings_of_a_cluster_are_changed_and_what_is_not_sent_stays()
    {
        var id = await IdAsync();
        var (status, text) = await host.CallAsync(HttpMethod.Put, $"cluster/{id}", """{"Region":"south","zone":"zone-a","provider":"cloud","enable":false,"unknown":1}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(0, Json(text).GetProperty("code").GetInt32());
        await host.CallAsync(HttpMethod.Put, $"cluster/{id}", """{"enable":true}""");

        var cluster = Json((await host.CallAsync(HttpMethod.Get, $"cluster/{id}", "{}")).Text);
        Assert.Equal(
            ("south", "zone-a", "cloud", true, "embedded-nfs"),
            (cluster.GetProperty("region").GetString(), cluster.GetProperty("zone").GetString(), cluster.GetProperty("provider").GetString(), cluster.GetProperty("enable").GetBoolean(),
             cluster.GetProperty("storage_class").GetString()));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    public async Task A_cluster_that_nobody_knows_is_answered_404(string method)
    {
        var (status, text) = await host.CallAsync(new HttpMethod(method), "cluster/somewhere-else", "{}");
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("somewhere-else", Json(text).GetProperty("msg").GetString(), StringComparison.Ordinal);
    }

    private async Task<string> IdAsync()
    {
        using var client = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(host.Cluster.Kubeconfig()))));
        var spaces = await client.CoreV1.ReadNamespaceAsync("spaces", cancellationToken: TestContext.Current.CancellationToken);
        return spaces.Metadata.Uid;
    }
}
