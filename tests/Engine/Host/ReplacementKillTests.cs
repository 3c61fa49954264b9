using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using LiteDB;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Storage;
using Runner.Tests.Engine.Host.Chaos;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Host;

/// <summary>The whole program, killed while services and a sandbox make room for others of their names.</summary>
public sealed class ReplacementKillTests : IDisposable
{
    private const string Token = "token-of-the-replacement-test";
    private const string Finalizer = "example.com/stays";
    private const string Sandbox = "box-to-box";

    private static readonly ObjectKey SandboxKey = new("agents.x-k8s.io", "sandboxes", "spaces", Sandbox);

    private readonly TemporaryFolder _folder = new();
    private readonly int _port = LoopbackPort.Next();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_between_the_end_of_workloads_and_the_beginning_of_those_in_their_place_the_next_process_makes_these()
    {
        (string Name, bool FromHosts, bool ToHosts)[] services = [("one-to-one", false, false), ("one-to-more", false, true), ("more-to-one", true, false), ("more-to-more", true, true)];
        await using var cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.02 }, Cancel);
        await File.WriteAllTextAsync(_folder.File("kubeconfig"), cluster.Kubeconfig(), Cancel);
        await using var hub = await RecordingHub.StartAsync();
        List<ReceivedEvent> Heard(string name) => [.. hub.Taken.Where(e => e.Service == name)];
        Task RunsAsync(string name, int task) => Eventually.TrueAsync(
            () => Heard(name) is [.., { Status: 23 } last] && TaskOf(last) == task, () => $"the hub hears that {name} runs for task {task}; it heard {Told(Heard(name))}", 60);

        await using (var first = StartRunner(hub))
        {
            using var calls = new HubCalls(new Uri($"http://127.0.0.1:{_port}"), Token);
            await Task.WhenAll(services.Select(service => calls.UntilDoneAsync(HttpMethod.Post, $"service/{service.Name}/run", Request(service.Name, service.FromHosts, task: 1), Cancel))
                .Append(calls.UntilDoneAsync(HttpMethod.Post, "sandboxes", SandboxRequest(1), Cancel)));
            Edit(cluster, SandboxKey, json => json["metadata"]!["finalizers"] = new JsonArray(Finalizer));
            foreach (var service in services)
            {
                await RunsAsync(service.Name, 1);
                Edit(cluster, CarrierOf(service.Name, service.FromHosts), json => json["metadata"]!["finalizers"] = new JsonArray(Finalizer));
            }

            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}/api/v1/"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Token) } };
            List<Task<HttpStatusCode?>> unanswered =
                [.. services.Select(service => CallAsync(client, $"service/{service.Name}/run", Request(service.Name, service.ToHosts, task: 2))), CallAsync(client, "sandboxes", SandboxRequest(2))];
            await Eventually.TrueAsync(
                () => services.Select(service => CarrierOf(service.Name, service.FromHosts)).Append(SandboxKey).All(key => cluster.Store.Get(key) is { } old && old.Json["metadata"]!["deletionTimestamp"] is not null),
                "the old ones are about to go",
                30);

            // Its watch may be some milliseconds behind.
            await Eventually.TrueAsync(async () => (await StatusesAsync(client, services.Select(service => service.Name))).All(status => status == 20), "all are being deployed", 30);
            await first.KillAsync();
            Assert.All(await Task.WhenAll(unanswered), Assert.Null);
        }

        foreach (var key in services.Select(service => CarrierOf(service.Name, service.FromHosts)).Append(SandboxKey))
        {
            Edit(cluster, key, json => json["metadata"]!.AsObject().Remove("finalizers"));
        }

        Assert.DoesNotContain(services, service => cluster.Store.Get(CarrierOf(service.Name, false)) is not null || cluster.Store.Get(CarrierOf(service.Name, true)) is not null);
        Assert.Null(cluster.Store.Get(SandboxKey));
        await using (var second = StartRunner(hub))
        {
            foreach (var (name, _, toHosts) in services)
            {
                await RunsAsync(name, 2);
                var carrier = cluster.Store.Get(CarrierOf(name, toHosts))!.Json;
                Assert.Contains("registry.example.com/second:2", carrier["spec"]!.ToJsonString(), StringComparison.Ordinal);

                // What is secret in the environment was there before, and goes with the new one.
                var secret = Assert.Single(cluster.Store.List("", "secrets"), secret => secret.Key.Name.StartsWith(name, StringComparison.Ordinal)).Key;
                var uid = (string?)carrier["metadata"]!["uid"];
                await Eventually.TrueAsync(
                    () => cluster.Store.Get(secret)?.Json["metadata"]!["ownerReferences"] is JsonArray owners && (string?)owners[0]!["uid"] == uid, () => $"the new {name} owns {secret}: {cluster.Store.Get(secret)?.Json["metadata"]}", 30);
            }

            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}/api/v1/"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Token) } };
            await Eventually.TrueAsync(async () => await StatusesAsync(client, []) is [23], "the new sandbox runs", 60);
            Assert.Contains("registry.example.com/second:2", cluster.Store.Get(SandboxKey)!.Json["spec"]!.ToJsonString(), StringComparison.Ordinal);
            await Eventually.TrueAsync(() => second.Output.Split("the new one is there now").Length > services.Length + 1, () => $"all is finished: {second.Output}", 30);
            await Eventually.TrueAsync(() => Noted() is 0, () => $"nothing is noted any more: {Noted()}", 30);
            await second.KillAsync();
        }

        Assert.All(services, service => Assert.Matches("^create 1( change 1)*( stop 1)? create 2( change 2)*$", Told(Heard(service.Name))));
        Assert.Equal(0, Noted());
    }

    /// <summary>How many replacements are noted in a copy of the data of the program, which has it open; null where it wrote while that was made.</summary>
    private int? Noted()
    {
        using var copy = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(_folder.File("data"), "runner*.db"))
        {
            File.Copy(file, copy.File(Path.GetFileName(file)));
        }

        try
        {
            using var database = new LiteDatabase(copy.File("runner.db"));
            return database.GetCollection("replacements").Count();
        }
        catch (Exception torn) when (torn is LiteException or IOException or InvalidCastException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Kinds of events and tasks, without repetitions of one that was taken but not answered.</summary>
    private static string Told(List<ReceivedEvent> events) => string.Join(' ', events.Where((e, i) => i == 0 || e.Body != events[i - 1].Body).Select(e => $"{e.Type.Split('.')[^1]} {TaskOf(e)}"));

    private static int TaskOf(ReceivedEvent received) => received.Root.GetProperty("data").GetProperty("task_id").GetInt32();

    private static ObjectKey CarrierOf(string name, bool hosts) => hosts
        ? new("leaderworkerset.x-k8s.io", "leaderworkersets", "spaces", Runner.Engine.Workloads.MultiHost.LeaderWorkerSetNames.SetOf(name))
        : new("serving.knative.dev", "services", "spaces", name);

    private static void Edit(EmbeddedClusterHost cluster, ObjectKey key, Action<JsonObject> edit)
    {
        while (true)
        {
            var json = cluster.Store.Get(key)!.Edit();
            edit(json);
            try
            {
                cluster.Store.Update(key, json);
                return;
            }
            catch (ApiException conflict) when (conflict.Code == 409)
            {
                // A controller was faster.
            }
        }
    }

    /// <summary>Codes of services, then that of the sandbox.</summary>
    private static async Task<List<int>> StatusesAsync(HttpClient client, IEnumerable<string> services)
    {
        List<int> statuses = [];
        foreach (var (path, field) in services.Select(name => ($"service/{name}/status", "code")).Append(($"sandboxes?sandbox_name={Sandbox}", "status")))
        {
            statuses.Add((int)JsonNode.Parse(await client.GetStringAsync(path, Cancel))![field]!);
        }

        return statuses;
    }

    private static JsonObject SandboxRequest(int number)
    {
        var request = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "samples", "sandbox.json")))!.AsObject();
        request["sandbox_name"] = Sandbox;
        request["image"] = number == 1 ? "registry.example.com/first:1" : "registry.example.com/second:2";
        request["volumes"] = new JsonArray();
        request["env_vars"] = new JsonObject { ["ACCESS_TOKEN"] = "planted" };
        request["hardware"] = new JsonObject { ["cpu"] = new JsonObject { ["num"] = "100m" }, ["memory"] = "64Mi" };
        return request;
    }

    private static JsonObject Request(string name, bool hosts, int task)
    {
        var request = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "samples", hosts ? "run-multihost.json" : "run-inference.json")))!.AsObject();
        request["svc_name"] = name;
        request["task_id"] = task;
        request["image_id"] = task == 1 ? "registry.example.com/first:1" : "registry.example.com/second:2";
        request["env"] = new JsonObject { ["port"] = "8000", ["ACCESS_TOKEN"] = "planted" };
        request["hardware"] = new JsonObject { ["cpu"] = new JsonObject { ["num"] = "100m" }, ["memory"] = "64Mi", ["replicas"] = hosts ? 2 : 1 };
        return request;
    }

    /// <returns>Null when the connection broke before an answer came.</returns>
    private static async Task<HttpStatusCode?> CallAsync(HttpClient client, string path, JsonObject body)
    {
        try
        {
            using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(path, content, Cancel);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private ChildProcess StartRunner(RecordingHub hub) => ChildProcess.Start(RunnerProcess.OnKubeconfig(_folder, _port, Token, hub));
}
