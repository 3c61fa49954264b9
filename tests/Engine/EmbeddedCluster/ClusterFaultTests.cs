using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Storage;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.EmbeddedCluster;

/// <summary>What tests can do to an embedded cluster: restart it, expire versions, cut watches, have it fail.</summary>
public sealed class ClusterFaultTests : IAsyncLifetime
{
    private readonly HttpClient _client = new();
    private EmbeddedClusterHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Seed = false, Controllers = false }, TestContext.Current.CancellationToken);
        _client.BaseAddress = _host.Address;
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _host.Token);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task A_restart_ends_watches_and_keeps_objects_port_and_versions()
    {
        var address = _host.Address;
        var created = Create("kept");
        using var watch = await WatchAsync($"resourceVersion={created.ResourceVersion}");

        await _host.RestartAsync(TestContext.Current.CancellationToken);

        await Assert.ThrowsAnyAsync<Exception>(async () => Assert.NotNull(await watch.ReadLineAsync(TestContext.Current.CancellationToken)));
        Assert.Equal(address, _host.Address);
        var again = JsonNode.Parse(await _client.GetStringAsync(new Uri("/api/v1/namespaces/default/configmaps/kept", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.Equal(created.Uid, (string?)again!["metadata"]!["uid"]);
        using var resumed = await WatchAsync($"resourceVersion={created.ResourceVersion}");
        Create("after");
        Assert.Equal(("ADDED", "after"), await NextAsync(resumed));
    }

    [Fact]
    public async Task A_watch_from_a_compacted_version_is_told_410_within_the_stream()
    {
        var before = Create("one").ResourceVersion;
        Create("two");
        using var compacted = await _client.PostAsync(new Uri("/embedded/compact", UriKind.Relative), null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, compacted.StatusCode);

        using var watch = await WatchAsync($"resourceVersion={before}");
        var told = JsonNode.Parse((await watch.ReadLineAsync(TestContext.Current.CancellationToken))!)!;

        Assert.Equal("ERROR", (string?)told["type"]);
        Assert.Equal(410, (int?)told["object"]!["code"]);
        Assert.Null(await watch.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Faults_are_switched_over_HTTP_and_counted_requests_are_told()
    {
        using var faults = new StringContent("{\"errorRate\":1,\"errorStatus\":503}", Encoding.UTF8, "application/json");
        using var set = await _client.PutAsync(new Uri("/embedded/faults", UriKind.Relative), faults, TestContext.Current.CancellationToken);
        using var failed = await _client.GetAsync(new Uri("/api/v1/nodes", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, failed.StatusCode);

        _host.Faults.ErrorRate = 0;
        using var well = await _client.GetAsync(new Uri("/api/v1/nodes", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, well.StatusCode);
        Assert.Equal(1, _host.RequestCounts()["list nodes"]);
    }

    [Fact]
    public async Task A_watch_that_is_cut_ends_and_goes_on_where_it_was_without_a_gap()
    {
        var version = Create("one").ResourceVersion;
        using var watch = await WatchAsync($"resourceVersion={version}");
        _host.Faults.CutWatches();
        await Assert.ThrowsAnyAsync<Exception>(async () => Assert.NotNull(await watch.ReadLineAsync(TestContext.Current.CancellationToken)));

        Create("while-away");
        using var resumed = await WatchAsync($"resourceVersion={version}");

        Assert.Equal(("ADDED", "while-away"), await NextAsync(resumed));
    }

    [Fact]
    public void A_watcher_that_does_not_read_is_ended_and_holds_up_nobody()
    {
        using var slow = _host.Store.Watch("", "configmaps", null, null, null, out _, out _);
        for (var i = 0; i <= Watcher.Capacity; i++)
        {
            var json = new JsonObject { ["metadata"] = new JsonObject(), ["data"] = new JsonObject { ["n"] = $"{i}" } };
            var key = new ObjectKey("", "configmaps", "default", "busy");
            _ = _host.Store.Get(key) is null ? _host.Store.Create(key, json) : _host.Store.Update(key, json);
        }

        Assert.True(slow.FellBehind);
        Assert.Equal($"{Watcher.Capacity}", (string?)_host.Store.Get(new ObjectKey("", "configmaps", "default", "busy"))!.Json["data"]!["n"]);
    }

    private StoredObject Create(string name) => _host.Store.Create(new ObjectKey("", "configmaps", "default", name), []);

    private async Task<StreamReader> WatchAsync(string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/api/v1/namespaces/default/configmaps?watch=1&{query}", UriKind.Relative));
        var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<(string?, string?)> NextAsync(StreamReader watch)
    {
        var told = JsonNode.Parse((await watch.ReadLineAsync(TestContext.Current.CancellationToken))!)!;
        return ((string?)told["type"], (string?)told["object"]!["metadata"]!["name"]);
    }
}
