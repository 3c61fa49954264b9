using System.Collections.Concurrent;
using Runner.EmbeddedCluster.Storage;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Clusters;

/// <summary>Changes of an object that its workload does not show.</summary>
public sealed class ObjectChangeTests
{
    [Fact]
    public async Task A_label_is_told_to_whoever_shows_the_object_and_to_no_subscriber()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var cluster = await TestCluster.StartAsync();
        cluster.PutService("web", 1);
        await using var engine = new RunningEngine([cluster.Endpoint]);
        await Eventually.TrueAsync(() => engine.Cluster.State.Synced && engine.Feed.Current.Count == 1, "the service is known");
        var key = engine.Feed.Current.Keys.Single();
        var manifests = new ConcurrentQueue<string>();
        engine.Feed.ObjectChanged += changed => manifests.Enqueue(changed == key ? engine.Cluster.State.ManifestOf(key) ?? "" : "");
        using var subscription = engine.Feed.Subscribe();

        var service = new ObjectKey("serving.knative.dev", "services", "spaces", "web");
        var edited = cluster.Store.Get(service)!.Edit();
        edited["metadata"]!["labels"] = new System.Text.Json.Nodes.JsonObject { ["team"] = "a" };
        cluster.Store.Update(service, edited);

        await Eventually.TrueAsync(() => manifests.Any(manifest => manifest.Contains("team: a", StringComparison.Ordinal)), "the manifest has the label");
        var told = subscription.NextAsync(cancel).AsTask();
        Assert.False(told.IsCompleted);
        cluster.PutService("web", 2);
        Assert.Equal([key], await told);
    }
}
