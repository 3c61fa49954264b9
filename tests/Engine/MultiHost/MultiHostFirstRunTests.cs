using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Storage;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Replacing;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Host.Chaos;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.MultiHost;

/// <summary>A service over several hosts is several objects: either all of them are made, or none stays.</summary>
public sealed class MultiHostFirstRunTests
{
    private const string Name = "split";
    private const string Services = "/api/v1/namespaces/spaces/services";

    /// <summary>More than a single call is tried.</summary>
    private const int Failures = 6;

    private static readonly string Set = LeaderWorkerSetNames.SetOf(Name);
    private static readonly ObjectKey SetKey = new(LeaderWorkerSetNames.Group, LeaderWorkerSetNames.Plural, "spaces", Set);
    private static readonly ObjectKey AddressKey = new("", "services", "spaces", Name);
    private static readonly ObjectKey RouteKey = new("networking.internal.knative.dev", "ingresses", "spaces", Set);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="checks">How often it is only checked before.</param>
    [Theory]
    [InlineData("/leaderworkersets", 1)]
    [InlineData(Services, 0)]
    [InlineData("/ingresses", 0)]
    public async Task What_fails_for_a_moment_is_made_all_the_same(string path, int checks)
    {
        await using var runner = await LivingRunner.StartAsync();
        var calls = 0;
        runner.Cluster.Faults.Fails = (method, called) => method == "POST" && called.EndsWith(path, StringComparison.Ordinal) && Interlocked.Increment(ref calls) - checks is >= 1 and <= Failures;

        var (status, text) = await runner.CallAsync(HttpMethod.Post, $"service/{Name}/run", Request());

        Assert.True(status == HttpStatusCode.OK, text);
        Assert.All(new[] { SetKey, AddressKey, RouteKey }, key => Assert.NotNull(runner.Cluster.Store.Get(key)));
        Assert.True(calls > checks + Failures);
        await runner.ReachesAsync(Name, 23, 60);
        await Eventually.TrueAsync(() => Heard(runner.Hub) is [.., { Status: 23 }], "the hub hears that it runs", 30);
        Assert.Equal(["create"], Heard(runner.Hub).Select(Kind).Where(kind => kind != "change"));
        await Eventually.TrueAsync(() => Notes(runner) == 0, "nothing is noted any more", 30);
    }

    [Fact]
    public async Task What_cannot_be_completed_does_not_stay()
    {
        await using var runner = await LivingRunner.StartAsync();
        runner.Cluster.Faults.FailsWith = (method, path) => method == "POST" && path.EndsWith(Services, StringComparison.Ordinal) ? 403 : 0;

        var (status, _) = await runner.CallAsync(HttpMethod.Post, $"service/{Name}/run", Request());

        Assert.Equal(HttpStatusCode.InternalServerError, status);
        await Eventually.TrueAsync(() => runner.Cluster.Store.Get(SetKey) is null, "the set is gone");
        Assert.Equal(0, Notes(runner));

        // A service that is there already, complete or not, is another matter.
        runner.Cluster.Faults.FailsWith = null;
        Assert.Equal(HttpStatusCode.OK, (await runner.CallAsync(HttpMethod.Post, $"service/{Name}/run", Request())).Status);
        runner.Cluster.Store.Delete(AddressKey, gracePeriodSeconds: 0);
        runner.Cluster.Faults.FailsWith = (method, path) => method == "POST" && path.EndsWith(Services, StringComparison.Ordinal) ? 403 : 0;
        Assert.Equal(HttpStatusCode.InternalServerError, (await runner.CallAsync(HttpMethod.Post, $"service/{Name}/run", Request())).Status);
        Assert.Null(runner.Cluster.Store.Get(SetKey)!.Json["metadata"]!["deletionTimestamp"]);
    }

    [Fact]
    public async Task Killed_in_between_the_next_process_makes_what_is_missing()
    {
        using var folder = new TemporaryFolder();
        var (port, token) = (LoopbackPort.Next(), "token-of-the-first-run");
        await using var cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.02 }, Cancel);
        await File.WriteAllTextAsync(folder.File("kubeconfig"), cluster.Kubeconfig(), Cancel);
        await using var hub = await RecordingHub.StartAsync();
        var fails = true;
        cluster.Faults.Fails = (method, path) => Volatile.Read(ref fails) && method == "POST" && path.EndsWith(Services, StringComparison.Ordinal);
        await using (var first = ChildProcess.Start(RunnerProcess.OnKubeconfig(folder, port, token, hub)))
        {
            using var calls = new HubCalls(new Uri($"http://127.0.0.1:{port}"), token);
            await calls.UntilDoneAsync(HttpMethod.Get, "service/none/status", new JsonObject(), Cancel);
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/v1/"), DefaultRequestHeaders = { Authorization = new("Bearer", token) } };
            using var content = new StringContent(Request(), Encoding.UTF8, "application/json");
            var unanswered = client.PostAsync($"service/{Name}/run", content, Cancel);
            await Eventually.TrueAsync(() => cluster.Store.Get(SetKey) is not null, "the set is there", 30);
            await Eventually.TrueAsync(() => Heard(hub).Count > 0, "the hub hears of it", 30);
            await first.KillAsync();
            await Assert.ThrowsAsync<HttpRequestException>(() => unanswered);
        }

        Volatile.Write(ref fails, false);
        var set = cluster.Store.Get(SetKey)!.Uid;
        await using (var second = ChildProcess.Start(RunnerProcess.OnKubeconfig(folder, port, token, hub)))
        {
            await Eventually.TrueAsync(() => cluster.Store.Get(AddressKey) is not null && cluster.Store.Get(RouteKey) is not null, () => $"its address is there: {second.Output}", 60);
            await Eventually.TrueAsync(() => Heard(hub) is [.., { Status: 23 }], "the hub hears that it runs", 60);
            await second.KillAsync();
        }

        Assert.Equal(set, cluster.Store.Get(SetKey)!.Uid);
        Assert.Equal(["create"], Heard(hub).Select(Kind).Where(kind => kind != "change"));
    }

    [Fact]
    public async Task Killed_before_anything_was_made_the_next_process_makes_nothing_of_it()
    {
        using var folder = new TemporaryFolder();
        await using (var database = Database.Open(folder.Path))
        {
            await new ReplacementNotes(database, TimeProvider.System).AddAsync(new()
            {
                Cluster = "test",
                Name = Name,
                Replaces = "",
                Set = $$$$"""{"apiVersion":"leaderworkerset.x-k8s.io/v1","kind":"LeaderWorkerSet","metadata":{"name":"{{{{Set}}}}","namespace":"spaces","annotations":{"deploy_id":"4714","task_id":"9004"}},"spec":{"leaderWorkerTemplate":{"size":2}}}""",
                Address = $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{Name}}}","namespace":"spaces"}}""",
            });
        }

        await using var cluster = await TestCluster.StartAsync();
        await using var host = await RunnerHost.StartOnAsync(folder.Path, cluster: cluster.Endpoint);

        await Eventually.TrueAsync(() => host.Get<IStateStore>().Read(db => db.GetCollection("replacements").Count()) == 0, "nothing is noted any more", 30);
        Assert.Null(cluster.Store.Get(SetKey));
        Assert.Empty(host.ToldOfServices());
    }

    private static string Request()
    {
        var request = JsonNode.Parse(RunnerApiHost.Sample("run-multihost"))!.AsObject();
        request["svc_name"] = Name;
        request["hardware"] = new JsonObject { ["cpu"] = new JsonObject { ["num"] = "100m" }, ["memory"] = "64Mi", ["replicas"] = 2 };
        return request.ToJsonString();
    }

    private static int Notes(LivingRunner runner) => runner.Services.GetRequiredService<IStateStore>().Read(db => db.GetCollection("replacements").Count());

    private static string Kind(ReceivedEvent received) => received.Type.Split('.')[^1];

    /// <summary>What the hub heard of the service, without repetitions.</summary>
    private static List<ReceivedEvent> Heard(RecordingHub hub) => [.. hub.Taken.Where(received => received.Service == Name).DistinctBy(received => received.Body)];
}
