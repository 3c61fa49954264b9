using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;
using Runner.Engine.Workloads.Replacing;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Replicas;

/// <summary>Two replicas that are asked about one workload at the same moment, which nobody prevents: a balancer gives each call to either.</summary>
public sealed class ReplacingReplicasTests(ReplicaPair pair) : IClassFixture<ReplicaPair>
{
    private const string Finalizer = "example.com/stays";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Asked_for_the_same_at_the_same_moment_they_make_it_once()
    {
        await SyncedAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).SelectMany(_ => Replicas(replica => CallAsync(replica, "service/same/run", Request("same", 1)))));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Single(pair.Cluster.Store.List("serving.knative.dev", "services", "spaces"), service => service.Key.Name == "same");
        await ToldAsync("same", "^create 1$");
        await NothingIsNotedAsync();
    }

    [Fact]
    public async Task Asked_for_different_ones_at_the_same_moment_one_is_there_in_the_end_and_told_last()
    {
        await SyncedAsync();
        await CallAsync(pair.First, "service/other/run", Request("other", 1));

        var answers = await Task.WhenAll(CallAsync(pair.First, "service/other/run", Request("other", 2)), CallAsync(pair.Second, "service/other/run", Request("other", 3)));

        Assert.All(answers, answer => Assert.True(answer.Status == HttpStatusCode.OK, answer.Text));
        var last = Assert.Single(pair.Cluster.Store.List("serving.knative.dev", "services", "spaces"), service => service.Key.Name == "other");
        var task = (string)last.Json["metadata"]!["annotations"]!["task_id"]!;
        await ToldAsync("other", $"^create 1( (create|change|stop) [123])* (create|change) {task}$");
        await NothingIsNotedAsync();
    }

    [Fact]
    public async Task Who_stops_at_one_what_the_other_replaces_has_it_stopped()
    {
        await SyncedAsync();
        var key = new ObjectKey("serving.knative.dev", "services", "spaces", "stopped");
        await CallAsync(pair.First, "service/stopped/run", Request("stopped", 1));
        pair.Cluster.Store.Change(key, json => json["metadata"]!["finalizers"] = new JsonArray(Finalizer));
        var replacing = CallAsync(pair.First, "service/stopped/run", Request("stopped", 2));
        await Eventually.TrueAsync(() => pair.Cluster.Store.Get(key)!.Json["metadata"]!["deletionTimestamp"] is not null, "the old one is about to go", 30);

        // Both say what it is, and not what is left of the old one.
        await Eventually.TrueAsync(async () => (await Task.WhenAll(Replicas(CodeAsync))).All(code => code == 20), "both say that it is being deployed", 30);

        var stopped = await CallAsync(pair.Second, "service/stopped/stop", []);
        pair.Cluster.Store.Change(key, json => json["metadata"]!.AsObject().Remove("finalizers"));
        var replaced = await replacing;

        Assert.Equal(HttpStatusCode.OK, stopped.Status);
        Assert.Equal(HttpStatusCode.InternalServerError, replaced.Status);
        Assert.Contains("it was stopped while the one before it made room", replaced.Text, StringComparison.Ordinal);
        Assert.Null(pair.Cluster.Store.Get(key));
        await Eventually.TrueAsync(async () => (await Task.WhenAll(Replicas(CodeAsync))).All(code => code == 26), "both say that it was stopped", 30);

        // What was made all the same was there for a moment, and went.
        await ToldAsync("stopped", "^create 1( (create|change) [12])*( stop 1 create 2( change 2)*)? stop [12]$");
        await NothingIsNotedAsync();

        async Task<int> CodeAsync(RunnerHost replica) => (int)JsonNode.Parse((await CallAsync(replica, "service/stopped/status", [], HttpMethod.Get)).Text)!["code"]!;
    }

    [Fact]
    public async Task Of_two_different_jobs_under_one_id_the_one_that_is_made_has_its_own_secret()
    {
        await SyncedAsync();
        string[] tasks = [.. Enumerable.Range(0, 5).Select(i => $"df-both-{i}")];

        var answers = await Task.WhenAll(tasks.SelectMany(task => new[] { (pair.First, "one"), (pair.Second, "two") }.Select(
            async at => (task, token: at.Item2, (await CallAsync(at.Item1, "dataflow/jobs", Job(task, at.Item2))).Status))));

        foreach (var task in tasks)
        {
            var ofTask = answers.Where(answer => answer.task == task).ToList();
            Assert.Equal([HttpStatusCode.OK, HttpStatusCode.BadRequest], ofTask.Select(answer => answer.Status).Order());
            var token = ofTask.Single(answer => answer.Status == HttpStatusCode.OK).token;
            var secret = pair.Cluster.Store.Get(new("", "secrets", "spaces", $"{task}-env"))!.Json;
            Assert.Equal(token, Encoding.UTF8.GetString(Convert.FromBase64String((string)secret["data"]!["0.API_TOKEN"]!)));
            Assert.Equal((string?)pair.Cluster.Store.Get(new("argoproj.io", "workflows", "spaces", task))!.Json["metadata"]!["uid"], (string?)secret["metadata"]!["ownerReferences"]![0]!["uid"]);
        }
    }

    [Fact]
    public async Task What_a_replica_that_died_has_left_one_of_the_others_makes()
    {
        await SyncedAsync();
        var past = new FakeTimeProvider(DateTimeOffset.UtcNow - TimeSpan.FromMinutes(3));

        await new ReplacementNotes(pair.First.Get<IStateStore>(), past).AddAsync(new()
        {
            Cluster = "embedded",
            Name = "left",
            Service = """
                {"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"left","namespace":"spaces","annotations":{"task_id":"4"}},
                 "spec":{"template":{"spec":{"containers":[{"image":"registry.example.com/a:4"}]}}}}
                """,
        });

        await ToldAsync("left", "^create 4$");
        Assert.NotNull(pair.Cluster.Store.Get(new("serving.knative.dev", "services", "spaces", "left")));
        await NothingIsNotedAsync();
    }

    private IEnumerable<Task<T>> Replicas<T>(Func<RunnerHost, Task<T>> call) => new[] { pair.First, pair.Second }.Select(call);

    private Task SyncedAsync() => Eventually.TrueAsync(
        () => new[] { pair.First, pair.Second }.All(replica => replica.Get<ClusterDirectory>().Connections[0].State.Synced) && new[] { pair.First, pair.Second }.Any(replica => replica.Get<HubLeadership>().IsLeader),
        "both know the services, and one speaks to the hub",
        30);

    /// <summary>Waits until the hub is to hear just that.</summary>
    private async Task ToldAsync(string service, string pattern)
    {
        var told = "";
        await Eventually.TrueAsync(
            () =>
            {
                told = string.Join(' ', pair.First.Get<Outbox>().Recent(200).Reverse().Select(e => (e.Type, Data: JsonNode.Parse(e.Body)!["data"]!)).Where(e => (string?)e.Data["service_name"] == service)
                    .Select(e => $"{e.Type.Split('.')[^1]} {(int)e.Data["task_id"]!}"));
                return System.Text.RegularExpressions.Regex.IsMatch(told, pattern);
            },
            () => $"the hub is to hear {pattern} of {service}; it hears {told}",
            30);
    }

    private Task NothingIsNotedAsync() => Eventually.TrueAsync(
        () => new[] { pair.First, pair.Second }.All(replica => replica.Get<IStateStore>().Read(db => db.GetCollection("replacements").Count()) == 0), "nothing is noted at either", 30);

    private static JsonObject Job(string task, string token)
    {
        var request = JsonNode.Parse(RunnerApiHost.Sample("dataflow-job"))!.AsObject();
        request["argo_task_id"] = task;
        request["template"]!["image"] = $"registry.example.com/{token}:1";
        request["template"]!["env"] = new JsonObject { ["API_TOKEN"] = token };
        return request;
    }

    private static JsonObject Request(string name, int task)
    {
        var request = JsonNode.Parse(RunnerApiHost.Sample("run-space"))!.AsObject();
        (request["svc_name"], request["task_id"], request["image_id"]) = (name, task, $"registry.example.com/a:{task}");
        return request;
    }

    private static async Task<(HttpStatusCode Status, string Text)> CallAsync(RunnerHost replica, string path, JsonObject body, HttpMethod? method = null)
    {
        using var client = replica.Program();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", RunnerHost.HubToken);
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, $"/api/v1/{path}") { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
        using var answer = await client.SendAsync(request, Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }
}
