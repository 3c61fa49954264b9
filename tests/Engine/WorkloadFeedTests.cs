using Runner.Engine.Workloads;

namespace Runner.Tests.Engine;

public sealed class WorkloadFeedTests
{
    [Fact]
    public async Task A_subscriber_gets_the_snapshot_and_then_the_merged_changes()
    {
        var feed = new WorkloadFeed();
        feed.Set(Sample("a", DeployStatus.Pending));
        using var subscription = feed.Subscribe();

        feed.Set(Sample("a", DeployStatus.Deploying));
        feed.Set(Sample("a", DeployStatus.Running));
        feed.Set(Sample("b", DeployStatus.Pending));

        Assert.Equal(DeployStatus.Pending, Assert.Single(subscription.Snapshot).Value.Status);
        var changed = await subscription.NextAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["a", "b"], changed.Select(key => key.Name).Order());
        Assert.Equal(DeployStatus.Running, feed.Current[changed.First(key => key.Name == "a")].Status);
    }

    [Fact]
    public void Setting_an_equal_state_tells_nobody()
    {
        var feed = new WorkloadFeed();
        feed.Set(Sample("a", DeployStatus.Running));
        using var subscription = feed.Subscribe();

        feed.Set(Sample("a", DeployStatus.Running));

        Assert.False(subscription.NextAsync(TestContext.Current.CancellationToken).AsTask().IsCompleted);
    }

    private static Workload Sample(string name, DeployStatus status) => new()
    {
        Key = new WorkloadKey("embedded", WorkloadKind.Service, "spaces", name),
        Uid = "1",
        ClusterId = "c",
        CreatedAt = DateTimeOffset.UnixEpoch,
        Status = status,
    };
}
