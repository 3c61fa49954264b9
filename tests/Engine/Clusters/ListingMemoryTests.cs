using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Clusters;

public sealed class ListingMemoryTests
{
    [Fact]
    public async Task What_reading_the_lists_of_a_cluster_took_is_given_back_once_and_only_after_they_are_in()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var host = await RunnerHost.StartAsync(cluster: cluster.Endpoint);
        var clusters = host.Get<ClusterDirectory>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var log = new LogLines();
        var time = new FakeTimeProvider();
        var following = ListingMemory.FollowAsync(clusters, time, log, stop.Token);

        await Eventually.TrueAsync(() => clusters.Connections[0].State.Synced, "the cluster is known");
        Assert.Empty(log.Lines);
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(ListingMemory.Rest);
                return !log.Lines.IsEmpty;
            },
            "memory was given back");
        Assert.Contains("Resident memory was", Assert.Single(log.Lines), StringComparison.Ordinal);

        await stop.CancelAsync();
        await following;
    }
}
