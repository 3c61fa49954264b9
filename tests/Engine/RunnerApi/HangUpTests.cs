using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.MultiHost;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.RunnerApi;

/// <summary>A hub that hangs up, and a cluster that fails, in the middle of a replacement: what was there is gone by then, and what was asked for must come.</summary>
public sealed class HangUpTests(RunnerApiHost host) : IClassFixture<RunnerApiHost>
{
    /// <summary>Keeps an object that was deleted until it is taken away, and so the runner between the two halves of a replacement.</summary>
    private const string Finalizer = "example.com/held";

    private static readonly HttpMethod Post = HttpMethod.Post;

    public enum Carrier
    {
        Service,
        Set,
        Sandbox,
    }

    [Theory]
    [InlineData("one-other", Carrier.Service, Carrier.Service)]
    [InlineData("one-many", Carrier.Service, Carrier.Set)]
    [InlineData("many-other", Carrier.Set, Carrier.Set)]
    [InlineData("many-one", Carrier.Set, Carrier.Service)]
    [InlineData("sbx-hung-up", Carrier.Sandbox, Carrier.Sandbox)]
    public async Task What_was_asked_for_comes_although_the_hub_hung_up_when_the_old_one_was_gone(string name, Carrier before, Carrier after)
    {
        await MakeAsync(name, before);
        var old = Hold(KeyOf(name, before));

        await HangUpOnceGoingAsync(name, after, KeyOf(name, before));
        LetGo(KeyOf(name, before));

        await Eventually.TrueAsync(() => UidOf(KeyOf(name, after)) is { } uid && uid != old, $"the new {after} is there", 20);
    }

    [Fact]
    public async Task A_service_that_is_stopped_while_it_is_replaced_for_nobody_stays_stopped()
    {
        var key = KeyOf("stopped", Carrier.Service);
        await MakeAsync("stopped", Carrier.Service);
        Hold(key);
        await HangUpOnceGoingAsync("stopped", Carrier.Service, key);

        var stop = host.CallAsync(Post, "service/stopped/stop", "{}");
        await host.StatusAsync("stopped");
        LetGo(key);

        Assert.Equal(HttpStatusCode.OK, (await stop).Status);
        await Eventually.TrueAsync(() => host.Log.Contains("Created service stopped in cluster embedded for deploy 24712", StringComparison.Ordinal), "the replacement is over too", 20);
        Assert.True(host.Cluster.Store.Get(key) is not { } left || left.Json["metadata"]!["deletionTimestamp"] is not null);
        await host.ReachesAsync("stopped", 26);
    }

    [Fact]
    public async Task A_users_volume_stays_when_a_finetune_of_the_user_is_purged_while_another_service_makes_room_for_the_next()
    {
        const string User = "user-half-way";
        var user = RunnerApiHost.Json(RequestFor("half", Carrier.Service, 1)).GetProperty("user_id").GetString()!;
        string Request(int number) => RequestFor("half", Carrier.Service, number).Replace(user, User, StringComparison.Ordinal);
        var configuration = KeyOf("half", Carrier.Service) with { Plural = "configurations" };
        var services = host.Services.GetRequiredService<ClusterDirectory>().Connections[0].State.Services.Services;
        await host.CallAsync(Post, PathOf("half", Carrier.Service), Request(1));
        await Eventually.TrueAsync(() => host.Cluster.Store.Get(configuration) is not null, "the service has its configuration", 20);
        Hold(configuration);
        var replaced = host.CallAsync(Post, PathOf("half", Carrier.Service), Request(2));
        await Eventually.TrueAsync(() => services.Find("spaces", "half") is null, "there is none of the two", 20);

        var purged = await host.CallAsync(HttpMethod.Delete, "service/its-tune/purge", $$"""{"deploy_type":2,"user_id":"{{User}}"}""");

        Assert.Equal(HttpStatusCode.OK, purged.Status);
        Assert.Null(host.Cluster.Store.Get(new("", "persistentvolumeclaims", "spaces", User))!.Json["metadata"]!["deletionTimestamp"]);
        LetGo(configuration);
        Assert.Equal(HttpStatusCode.OK, (await replaced).Status);
    }

    [Fact]
    public async Task A_runner_that_is_told_to_end_first_makes_what_it_has_made_room_for()
    {
        var key = KeyOf("ended", Carrier.Service);
        var ending = new RunnerApiHost();
        await ending.InitializeAsync();
        var there = new HangUpTests(ending);
        await there.MakeAsync("ended", Carrier.Service);
        var old = there.Hold(key);
        await there.HangUpOnceGoingAsync("ended", Carrier.Service, key);
        var lifetime = ending.Services.GetRequiredService<IHostApplicationLifetime>();

        var ended = ending.DisposeAsync().AsTask();
        await Eventually.TrueAsync(() => lifetime.ApplicationStopping.IsCancellationRequested, "the runner ends", 20);
        there.LetGo(key);
        await ended;

        Assert.True(there.UidOf(key) is { } uid && uid != old, "the new service is there");
    }

    [Fact]
    public async Task A_cluster_that_fails_for_a_moment_in_between_costs_nothing()
    {
        await MakeAsync("shaken", Carrier.Service);
        var old = UidOf(KeyOf("shaken", Carrier.Service));
        var (isGoing, failures) = (false, 0);
        host.Cluster.Faults.ErrorStatus = 503;
        host.Cluster.Faults.Fails = (method, path) =>
        {
            var isOfServices = path.Contains("/spaces/services", StringComparison.Ordinal);
            isGoing |= method == "DELETE" && isOfServices;
            return isGoing && isOfServices && method is "GET" or "POST" && Interlocked.Increment(ref failures) <= 2;
        };
        try
        {
            var answer = await host.CallAsync(Post, "service/shaken/run", RequestFor("shaken", Carrier.Service, 2));

            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.True(failures > 2, "the cluster failed twice in between");
            Assert.NotEqual(old, UidOf(KeyOf("shaken", Carrier.Service)));
        }
        finally
        {
            host.Cluster.Faults.Fails = null;
        }
    }

    private async Task MakeAsync(string name, Carrier carrier)
    {
        var (status, text) = await host.CallAsync(Post, PathOf(name, carrier), RequestFor(name, carrier, 1));
        Assert.True(status == HttpStatusCode.OK, text);
    }

    /// <summary>Asks for another one, and goes as soon as the old one was told to.</summary>
    private async Task HangUpOnceGoingAsync(string name, Carrier carrier, ObjectKey old)
    {
        using var hangUp = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var hub = new HttpClient { BaseAddress = host.Hub.BaseAddress, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", RunnerApiHost.Token) } };
        using var body = new StringContent(RequestFor(name, carrier, 2), Encoding.UTF8, "application/json");
        var call = hub.PostAsync(PathOf(name, carrier), body, hangUp.Token);
        await Eventually.TrueAsync(() => host.Cluster.Store.Get(old)?.Json["metadata"]!["deletionTimestamp"] is not null, "the old one was told to go", 20);

        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        // The runner has answered others since.
        await host.StatusAsync(name);
    }

    private string? UidOf(ObjectKey key) => (string?)host.Cluster.Store.Get(key)?.Json["metadata"]!["uid"];

    private string Hold(ObjectKey key)
    {
        Edit(key, metadata => (metadata["finalizers"] as JsonArray ?? (JsonArray)(metadata["finalizers"] = new JsonArray())).Add(Finalizer));
        return UidOf(key)!;
    }

    private void LetGo(ObjectKey key) => Edit(key, metadata => metadata["finalizers"] = new JsonArray([.. metadata["finalizers"]!.AsArray().Where(f => (string?)f != Finalizer).Select(f => f!.DeepClone())]));

    private void Edit(ObjectKey key, Action<JsonObject> change)
    {
        var edited = host.Cluster.Store.Get(key)!.Edit();
        change(edited["metadata"]!.AsObject());
        edited["metadata"]!.AsObject().Remove("resourceVersion");
        host.Cluster.Store.Update(key, edited);
    }

    private static ObjectKey KeyOf(string name, Carrier carrier) => carrier switch
    {
        Carrier.Set => new("leaderworkerset.x-k8s.io", "leaderworkersets", "spaces", LeaderWorkerSetNames.SetOf(name)),
        Carrier.Sandbox => new("agents.x-k8s.io", "sandboxes", "spaces", name),
        _ => new("serving.knative.dev", "services", "spaces", name),
    };

    private static string PathOf(string name, Carrier carrier) => carrier == Carrier.Sandbox ? "sandboxes" : $"service/{name}/run";

    /// <param name="number">Of the request: each asks for something else.</param>
    private static string RequestFor(string name, Carrier carrier, int number) => carrier switch
    {
        Carrier.Set => RunnerApiHost.Sample("run-multihost").Replace("4714", $"{number}4714", StringComparison.Ordinal),
        Carrier.Sandbox => RunnerApiHost.Sample("sandbox").Replace("sbx-agent-41", name, StringComparison.Ordinal).Replace("4720", $"{number}4720", StringComparison.Ordinal),
        _ => RunnerApiHost.Sample("run-space").Replace("4712", $"{number}4712", StringComparison.Ordinal),
    };
}
