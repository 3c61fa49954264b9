using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using Runner.EmbeddedCluster;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.RunnerApi;

/// <summary>One program with two clusters: the hub says which one it means, and each is healthy or not by itself.</summary>
public sealed class SeveralClustersTests(SeveralClustersTests.Pair pair) : IClassFixture<SeveralClustersTests.Pair>
{
    private const string Name = "in-both";

    [Fact]
    public async Task A_name_that_both_clusters_have_means_the_one_of_the_cluster_and_one_that_goes_away_leaves_the_other_alone()
    {
        var (first, second) = await IdsAsync();
        foreach (var cluster in new[] { first, second })
        {
            Assert.Equal(HttpStatusCode.OK, (await pair.CallAsync(HttpMethod.Post, $"service/{Name}/run", Request(cluster))).Status);
        }

        await ReachesAsync(first, 23);
        await ReachesAsync(second, 23);
        Assert.NotEqual((await StatusAsync(first)).GetProperty("instance")[0].GetProperty("name").GetString(), (await StatusAsync(second)).GetProperty("instance")[0].GetProperty("name").GetString());

        // No cluster is the first one.
        Assert.Equal(HttpStatusCode.OK, (await pair.CallAsync(HttpMethod.Post, $"service/{Name}/stop", Stop(""))).Status);
        await ReachesAsync(first, 26);
        Assert.Equal(23, (await StatusAsync(second)).GetProperty("code").GetInt32());

        // An id that nobody has changes nothing anywhere.
        var (status, text) = await pair.CallAsync(HttpMethod.Post, $"service/{Name}/run", Request("nobody"));
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("'nobody'", RunnerApiHost.Json(text).GetProperty("msg").GetString(), StringComparison.Ordinal);

        pair.Link.Cut();
        await Eventually.TrueAsync(async () => (await ClusterAsync(second)).GetProperty("status").GetString() == "Unavailable", "the second cluster is called unavailable", 30);
        Assert.Equal("Running", (await ClusterAsync(first)).GetProperty("status").GetString());
        Assert.Equal(23, (await StatusAsync(second)).GetProperty("code").GetInt32());
        (status, text) = await pair.CallAsync(HttpMethod.Post, $"service/{Name}/stop", Stop(second));
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains("'second'", RunnerApiHost.Json(text).GetProperty("msg").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await pair.CallAsync(HttpMethod.Post, $"service/{Name}/run", Request(first))).Status);
        await ReachesAsync(first, 23);

        pair.Link.Mend();
        await Eventually.TrueAsync(async () => (await ClusterAsync(second)).GetProperty("status").GetString() == "Running", "the second cluster is back", 60);
        Assert.Equal(HttpStatusCode.OK, (await pair.CallAsync(HttpMethod.Post, $"service/{Name}/stop", Stop(second))).Status);
        await ReachesAsync(second, 26);
        Assert.Equal(23, (await StatusAsync(first)).GetProperty("code").GetInt32());
    }

    private async Task<(string First, string Second)> IdsAsync()
    {
        var ids = new List<string>();
        await Eventually.TrueAsync(
            async () =>
            {
                var text = RunnerApiHost.Json((await pair.CallAsync(HttpMethod.Get, "cluster/nobody")).Text).GetProperty("msg").GetString()!;
                ids = [.. text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim(' ', '.').Split(", ")];
                return ids.Count == 2;
            },
            "both clusters have an id",
            30);
        return (ids[0], ids[1]);
    }

    private async Task<JsonElement> ClusterAsync(string cluster) => RunnerApiHost.Json((await pair.CallAsync(HttpMethod.Get, $"cluster/{cluster}")).Text);

    private async Task<JsonElement> StatusAsync(string cluster) =>
        RunnerApiHost.Json((await pair.CallAsync(HttpMethod.Get, $"service/{Name}/status", $$"""{"cluster_id":"{{cluster}}"}""")).Text);

    private Task ReachesAsync(string cluster, int code) =>
        Eventually.TrueAsync(async () => (await StatusAsync(cluster)).GetProperty("code").GetInt32() == code, $"the service in cluster {cluster} has code {code}", 30);

    private static string Stop(string cluster) => $$"""{"id":4712,"org_name":"acme","repo_name":"sketch-demo","cluster_id":"{{cluster}}","svc_name":"{{Name}}"}""";

    private static string Request(string cluster)
    {
        var request = JsonNode.Parse(RunnerApiHost.Sample("run-space"))!;
        request["cluster_id"] = cluster;
        return request.ToJsonString();
    }

    /// <summary>The program with a second cluster, behind a wire that can be cut.</summary>
    public sealed class Pair : RunnerApiHost
    {
        private EmbeddedClusterHost? _second;

        internal CuttableLink Link { get; private set; } = null!;

        protected override async Task<IReadOnlyList<ClusterEndpoint>> OthersAsync()
        {
            _second = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.1 }, TestContext.Current.CancellationToken);
            var kubeconfig = Encoding.UTF8.GetBytes(_second.Kubeconfig());
            Link = new CuttableLink(new Uri(Configuration().Host).Port);
            return [new("second", ClusterOrigin.Kubeconfig, () =>
            {
                var configuration = Configuration();
                configuration.Host = $"https://127.0.0.1:{Link.Port}";
                return configuration;
            })];

            KubernetesClientConfiguration Configuration() => KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(kubeconfig));
        }

        protected override async ValueTask DisposeOthersAsync()
        {
            await Link.DisposeAsync();
            await _second!.DisposeAsync();
        }
    }
}
