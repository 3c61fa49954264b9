using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster;

namespace Runner.Tests.Engine.EmbeddedCluster;

/// <summary>A cluster of the size that the runner must master: it starts in seconds, and lists and watches of all of it are quick.</summary>
public sealed class ScaleTests
{
    // A loaded machine is allowed many times what a quiet one takes: 3 s for all of this.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    [Fact]
    public async Task A_cluster_of_a_thousand_nodes_starts_lists_in_pages_and_is_watched_within_seconds()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var began = TimeProvider.System.GetTimestamp();
        await using var host = await EmbeddedClusterHost.StartAsync(
            new EmbeddedClusterOptions { Seed = false, Controllers = false, Scale = new ClusterScale(1000, 10_000, 5000) }, cancellationToken);
        Note("started", began);
        using var client = new HttpClient { BaseAddress = host.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", host.Token);

        Assert.Equal(1000, (await PagesAsync(client, "/api/v1/nodes", cancellationToken)).Count);
        Assert.Equal(5000, (await PagesAsync(client, "/apis/serving.knative.dev/v1/namespaces/spaces/services", cancellationToken)).Count);
        var pods = await PagesAsync(client, "/api/v1/pods", cancellationToken);
        Assert.Equal(10_000, pods.Distinct().Count());
        Assert.Equal(pods.Order(StringComparer.Ordinal), pods);
        Note("listed in pages", began);

        Assert.Equal(10_000, await InitialEventsAsync(client, cancellationToken));
        Note("watched", began);
        var megabytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / 1e6;
        TestContext.Current.TestOutputHelper?.WriteLine($"{megabytes:0} MB in all");
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, Patience);
        Assert.InRange(megabytes, 0, 1000);
    }

    [Fact]
    public async Task A_scale_with_controllers_is_refused() => await Assert.ThrowsAsync<ArgumentException>(
        () => EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Scale = new ClusterScale(1, 1, 1) }, TestContext.Current.CancellationToken));

    private static async Task<List<string>> PagesAsync(HttpClient client, string path, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        var next = "";
        do
        {
            using var page = JsonDocument.Parse(await client.GetByteArrayAsync(new Uri($"{path}?limit=500&continue={next}", UriKind.Relative), cancellationToken));
            var (items, metadata) = (page.RootElement.GetProperty("items"), page.RootElement.GetProperty("metadata"));
            names.AddRange(items.EnumerateArray().Select(i => i.GetProperty("metadata").GetProperty("name").GetString()!));
            var remaining = metadata.TryGetProperty("remainingItemCount", out var count) ? count.GetInt32() : 0;
            next = metadata.TryGetProperty("continue", out var token) ? token.GetString() : "";
            Assert.Equal(next?.Length > 0, remaining > 0);
        }
        while (!string.IsNullOrEmpty(next));
        return names;
    }

    private static async Task<int> InitialEventsAsync(HttpClient client, CancellationToken cancellationToken)
    {
        await using var stream = await client.GetStreamAsync(
            new Uri("/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true", UriKind.Relative), cancellationToken);
        using var lines = new StreamReader(stream);
        var added = 0;
        while (await lines.ReadLineAsync(cancellationToken) is { } line && (string?)JsonNode.Parse(line)!["type"] != "BOOKMARK")
        {
            added++;
        }

        return added;
    }

    private static void Note(string what, long began) =>
        TestContext.Current.TestOutputHelper?.WriteLine($"{what} after {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s");
}
