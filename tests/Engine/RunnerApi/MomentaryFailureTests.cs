using System.Collections.Concurrent;
using System.Net;
using Runner.EmbeddedCluster.Controllers.Definitions;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.RunnerApi;

/// <summary>An API server that fails for a moment: the hub asks for a workload once, takes a failure for the last word, and would never hear of one that was made all the same.</summary>
public sealed class MomentaryFailureTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;
    private RunnerHost _host = null!;

    /// <summary>Call, sample and what it makes.</summary>
    public static TheoryData<string, string, string, string, string> Calls { get; } = new()
    {
        { "service/web/run", "run-space", "serving.knative.dev", "services", "web" },
        { "service/book/run", "run-notebook", "serving.knative.dev", "services", "book" },
        { "sandboxes", "sandbox", "agents.x-k8s.io", "sandboxes", "sbx-agent-41" },
        { "workflows", "workflow-evaluation", "argoproj.io", "workflows", "" },
        { "dataflow/jobs", "dataflow-job", "argoproj.io", "workflows", "" },
        { "imagebuilder/builder", "image-build", "argoproj.io", "workflows", "" },
    };

    public async ValueTask InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        InstalledDefinitions.Create(_cluster.Store, DateTimeOffset.UtcNow);
        _host = await RunnerHost.StartAsync(options => options with { StorageClass = "standard" }, cluster: _cluster.Endpoint);
        await Eventually.TrueAsync(() => _host.Get<ClusterDirectory>().Connections[0].State.Synced, "the services are listed", 30);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task What_is_asked_for_is_made_although_each_write_is_refused_at_first(string call, string sample, string group, string plural, string name)
    {
        var writes = new ConcurrentDictionary<string, int>();
        _cluster.Host.Faults.Fails = (method, path) => method != "GET" && writes.AddOrUpdate($"{method} {path}", 1, static (_, n) => n + 1) == 1;

        await AskedAsync(call, sample, group, plural, name);

        Assert.Contains(writes, write => write.Value == 2);
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task What_is_asked_for_is_made_once_although_the_answer_to_each_write_is_lost(string call, string sample, string group, string plural, string name)
    {
        var writes = new ConcurrentDictionary<string, int>();
        _cluster.Host.Faults.Loses = (method, path) => method != "GET" && writes.AddOrUpdate($"{method} {path}", 1, static (_, n) => n + 1) == 1;

        await AskedAsync(call, sample, group, plural, name);

        Assert.NotEmpty(writes);
    }

    [Theory]
    [InlineData("service/web/run", "run-space", "POST", "service/web/stop", "service/web/get", HttpStatusCode.OK)]
    [InlineData("service/web/run", "run-space", "DELETE", "service/web/purge", "service/web/get", HttpStatusCode.OK)]
    [InlineData("sandboxes", "sandbox", "DELETE", "sandboxes", "sandboxes?sandbox_name=sbx-agent-41", HttpStatusCode.NotFound)]
    public async Task What_was_stopped_is_not_there_any_more_for_whoever_asks_right_after_however_late_the_watch_is(string run, string sample, string method, string stop, string get, HttpStatusCode gone)
    {
        Assert.Equal(HttpStatusCode.OK, (await _host.CallAsync(HttpMethod.Post, run, RunnerApiHost.Sample(sample))).Status);
        await Eventually.TrueAsync(() => !_host.Get<WorkloadFeed>().Current.IsEmpty, "it is known", 30);
        _cluster.Host.Faults.SilentWatches = true;

        Assert.Equal(HttpStatusCode.OK, (await _host.CallAsync(new(method), stop, """{"sandbox_id":"sbx-agent-41"}""")).Status);
        var answer = await _host.CallAsync(HttpMethod.Get, get);

        Assert.Equal(gone, answer.Status);
        Assert.True(gone == HttpStatusCode.NotFound || RunnerApiHost.Json(answer.Text).GetProperty("code").GetInt32() == 26, answer.Text);
    }

    private async Task AskedAsync(string call, string sample, string group, string plural, string name)
    {
        var (status, text) = await _host.CallAsync(HttpMethod.Post, call, RunnerApiHost.Sample(sample));

        Assert.True(status == HttpStatusCode.OK, text);
        var made = Assert.Single(_cluster.Store.List(group, plural));
        Assert.True(name.Length == 0 || made.Key.Name == name, made.Key.Name);

        // What it needs goes with it.
        Assert.All(
            _cluster.Store.List("", "secrets", "spaces").Where(secret => secret.Key.Name.Contains(made.Key.Name, StringComparison.Ordinal)),
            secret => Assert.Equal(made.Uid, (string?)secret.Json["metadata"]!["ownerReferences"]?[0]?["uid"]));
    }
}
