using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Clusters;

/// <summary>How soon a cluster that was lost is known to be back.</summary>
public sealed class ProbeTests
{
    [Fact]
    public async Task A_lost_cluster_is_probed_as_soon_as_somebody_else_gets_an_answer()
    {
        await using var api = await ScriptedApi.StartAsync();
        api.Refuses = true;
        var time = new FakeTimeProvider();
        var left = TimeSpan.Zero;
        var settings = new WatchSettings { Probe = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromHours(1)) };
        var cluster = new ClusterConnection(api.Endpoint, new(null, "spaces"), settings, time, NullLoggerFactory.Instance);
        using var stop = new CancellationTokenSource();
        var run = cluster.RunAsync(stop.Token);
        await Eventually.TrueAsync(() => api.Requests.Count >= 12 || Later(TimeSpan.FromHours(1)), "the cluster has not answered often, so that the next probe is minutes away", 30);
        api.Refuses = false;

        cluster.Contacted();

        left = TimeSpan.FromMinutes(2);
        await Eventually.TrueAsync(
            () => cluster.Status.Health == ClusterHealth.Connected || left < TimeSpan.Zero || Later(TimeSpan.FromMilliseconds(100)), "the cluster is back, or its time is over", 30);
        Assert.Equal(ClusterHealth.Connected, cluster.Status.Health);
        await stop.CancelAsync();
        await run;

        bool Later(TimeSpan span)
        {
            left -= span;
            time.Advance(span);
            return false;
        }
    }
}
