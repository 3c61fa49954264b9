using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Support;
using static Runner.Tests.Engine.Support.ScriptedApi;

namespace Runner.Tests.Engine.Clusters;

public sealed class ListingMemoryTests
{
    private const string Uncollected = "nothing was collected meanwhile";
    private const string Returned = "Resident memory was";

    [Fact]
    public async Task What_reading_the_lists_of_a_cluster_took_is_given_back_once_and_only_after_they_are_in()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var host = await RunnerHost.StartAsync(cluster: cluster.Endpoint);
        var clusters = host.Get<ClusterDirectory>();
        await using var following = new Following(clusters);

        await Eventually.TrueAsync(() => clusters.Connections[0].State.Synced, "the cluster is known");
        Assert.Equal(0, following.Count(Returned));
        await Eventually.TrueAsync(
            () =>
            {
                following.Time.Advance(ListingMemory.Rest);
                return following.Count(Returned) > 0;
            },
            "memory was given back");
        Assert.Equal(1, following.Count(Returned));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_is_collected_until_the_lists_are_in_or_it_takes_too_long(bool come)
    {
        var held = new TaskCompletionSource();
        await using var api = await StartAsync();
        api.Answer = async context =>
        {
            if (context.Request.Path.Value!.EndsWith("/pods", StringComparison.Ordinal) && !context.Request.Query.ContainsKey("watch"))
            {
                await held.Task;
            }

            await ScriptedClusterTests.OtherwiseAsync(context);
        };
        await using var engine = new RunningEngine([api.Endpoint]);
        await using var following = new Following(engine.Clusters);
        await Eventually.TrueAsync(() => engine.Cluster.Status.Health == ClusterHealth.Connected, "the cluster answers");

        if (come)
        {
            held.SetResult();
        }

        await Eventually.TrueAsync(
            () =>
            {
                following.Time.Advance(come ? TimeSpan.Zero : ListingMemory.Longest / 4);
                return following.Count(Uncollected) > 0;
            },
            "it is over");
        Assert.Equal(come, engine.Cluster.State.Synced);
        Assert.Equal(1, following.Count(Uncollected));
        held.TrySetResult();
    }

    private sealed class Following : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        private readonly LogLines _log = new();
        private readonly Task _following;

        public Following(ClusterDirectory clusters) => _following = ListingMemory.FollowAsync(clusters, Time, _log, _stop.Token);

        public FakeTimeProvider Time { get; } = new();

        public int Count(string what) => _log.Lines.Count(line => line.Contains(what, StringComparison.Ordinal));

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _following;
            _log.Dispose();
            _stop.Dispose();
        }
    }
}
