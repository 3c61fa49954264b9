using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Clusters;

/// <summary>Connections to the API server that stay open and bring nothing any more.</summary>
public sealed class StalledConnectionTests
{
    [Fact]
    public async Task What_hangs_on_a_stalled_connection_begins_anew_on_another_one()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.PutService("before", 1);
        var server = cluster.Endpoint.LoadConfiguration().Host;
        await using var link = new CuttableLink(new Uri(server).Port);
        var endpoint = TestCluster.EndpointOf("test", cluster.Host.Kubeconfig().Replace(server, $"https://127.0.0.1:{link.Port}", StringComparison.Ordinal));

        // The watches alone would be given up much later, and the lists that follow would hang on the same connection.
        await using var engine = new RunningEngine([endpoint], settings: RunningEngine.Quick with
        {
            WatchSilence = TimeSpan.FromMinutes(10), ConnectionSilence = TimeSpan.FromSeconds(1), SignOfLife = TimeSpan.FromSeconds(1),
        });
        await Eventually.TrueAsync(() => engine.Cluster.State.Synced && Services(engine).SequenceEqual(["before"]), "the first state is known");

        link.Stall();
        cluster.PutService("meanwhile", 1);
        cluster.Delete(new("serving.knative.dev", "services", "spaces", "before"));

        await Eventually.TrueAsync(() => Services(engine).SequenceEqual(["meanwhile"]), "what changed meanwhile is known", 30);
        await Eventually.TrueAsync(
            () => engine.Cluster.Status.Health == ClusterHealth.Connected && engine.Cluster.State.Services.Services.Health == CacheHealth.Synced && engine.Cluster.State.Pods.Health == CacheHealth.Synced,
            "all is well again", 30);
    }

    private static IEnumerable<string> Services(RunningEngine engine) => engine.Feed.Current.Keys.Select(key => key.Name).Order(StringComparer.Ordinal);
}
