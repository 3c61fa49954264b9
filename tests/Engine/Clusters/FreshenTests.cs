using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Clusters;

/// <summary>What is known of a cluster is made sure of, though its watches say nothing.</summary>
public sealed class FreshenTests
{
    [Fact]
    public async Task What_was_not_listed_since_is_listed_once_more_and_nothing_else()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.PutService("before", 1);
        var start = TimeProvider.System.GetTimestamp();
        await using var engine = new RunningEngine([cluster.Endpoint]);
        await Eventually.TrueAsync(() => engine.Cluster.State.Synced && engine.Cluster.State.IsSynced(Runner.Engine.Workloads.WorkloadKind.Workflow), "the first state is known");
        var lists = Lists(cluster);

        // Everything was listed since: the watches go on, and show what comes.
        engine.Cluster.State.Freshen(start);
        cluster.PutService("between", 1);
        await Eventually.TrueAsync(() => engine.Feed.Current.Keys.Any(key => key.Name == "between"), "the watch shows what is new");
        Assert.Equal(lists, Lists(cluster));

        cluster.Host.Faults.SilentWatches = true;
        cluster.PutService("meanwhile", 1);

        engine.Cluster.State.Freshen(TimeProvider.System.GetTimestamp());

        await Eventually.TrueAsync(() => engine.Feed.Current.Keys.Any(key => key.Name == "meanwhile"), "what no watch has shown is known");
        await Eventually.TrueAsync(() => Lists(cluster).SequenceEqual(lists.Select(count => count + 1)), "each kind was listed once more");
    }

    private static IEnumerable<long> Lists(TestCluster cluster) =>
        [.. new[] { "services.serving.knative.dev", "pods", "workflows.argoproj.io" }.Select(kind => cluster.Host.RequestCounts()[$"list {kind}"])];
}
