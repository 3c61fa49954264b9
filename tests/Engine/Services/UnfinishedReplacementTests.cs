using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Replacing;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Services;

/// <summary>Replacements of which a process that died has left the note, and which the cluster does not take.</summary>
public sealed class UnfinishedReplacementTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_cluster_does_not_take_is_told_as_failed_with_the_reason_until_somebody_asks_for_something_else()
    {
        using var folder = new TemporaryFolder();
        await LeaveNotesAsync(folder.Path);
        await using var cluster = await TestCluster.StartAsync();
        var refuses = true;
        cluster.Host.Faults.ErrorStatus = 422;
        cluster.Host.Faults.Fails = (method, path) => Volatile.Read(ref refuses) && method == "POST" && (path.EndsWith("/spaces/services", StringComparison.Ordinal) || path.EndsWith("/spaces/sandboxes", StringComparison.Ordinal));
        await using var host = await RunnerHost.StartOnAsync(folder.Path, cluster: cluster.Endpoint);
        using var hub = host.Program();
        hub.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", RunnerHost.HubToken);

        JsonNode status = null!;
        await Eventually.TrueAsync(async () => (int)(status = await CallAsync(hub, HttpMethod.Get, "service/web/status"))["code"]! == 21, () => $"the service has failed: {status}", 30);
        Assert.Equal(("ReplacementFailed", 4712), ((string?)status["reason"], (int)status["deploy_id"]!));
        Assert.Contains("does not take service 'web'", (string?)status["message"], StringComparison.Ordinal);
        Assert.DoesNotContain("planted", (string?)status["message"], StringComparison.Ordinal);
        JsonNode sandbox = null!;
        await Eventually.TrueAsync(async () => (int)(sandbox = await CallAsync(hub, HttpMethod.Get, "sandboxes?sandbox_name=box"))["status"]! == 21, () => $"the sandbox has failed: {sandbox}", 30);
        Assert.Contains("does not take sandbox 'box'", (string?)sandbox["message"], StringComparison.Ordinal);

        // The hub takes no word of a failure of what it holds as stopped.
        await ToldAsync(host, "create 9002 20 create, change 9002 21 ReplacementFailed");

        // Pages show what the feed has; of a kind that the cluster does not know it has nothing.
        Assert.Equal(("web", DeployStatus.DeployFailed), host.Get<WorkloadFeed>().Current.Values.Select(workload => (workload.Key.Name, workload.Status)).Single());

        Volatile.Write(ref refuses, false);
        await CallAsync(hub, HttpMethod.Post, "service/web/run", RunnerApiHost.Sample("run-space"));
        await ToldAsync(host, "create 9002 20 create, change 9002 21 ReplacementFailed, change 9002 20");
        Assert.Equal(20, (int)(await CallAsync(hub, HttpMethod.Get, "service/web/status"))["code"]!);
        await CallAsync(hub, HttpMethod.Delete, "sandboxes", """{"sandbox_id":"box"}""");
        Assert.Empty(host.Get<IStateStore>().Read(db => db.GetCollection("replacements").FindAll().ToList()));
    }

    [Fact]
    public void A_cluster_that_fails_is_asked_again_after_longer_and_longer_pauses_for_half_an_hour_and_no_more()
    {
        var (time, note) = (new FakeTimeProvider(), new NotedReplacement { Id = "a" });
        var attempts = new ReplacementAttempts(time);
        var began = time.GetUtcNow();
        List<double> pauses = [];
        Assert.True(attempts.IsDue(note));
        while (!attempts.IsLast(note, counts: true))
        {
            var from = time.GetUtcNow();
            for (Assert.False(attempts.IsDue(note)); !attempts.IsDue(note);)
            {
                time.Advance(TimeSpan.FromSeconds(1));
            }

            pauses.Add((time.GetUtcNow() - from).TotalSeconds);
        }

        Assert.Equal(ReplacementAttempts.Most - 1, pauses.Count);
        Assert.InRange(pauses[0], 5, 10);
        Assert.All(pauses, pause => Assert.InRange(pause, 5, 300));
        Assert.InRange((time.GetUtcNow() - began).TotalMinutes, 12, 40);
    }

    [Fact]
    public void A_cluster_that_cannot_be_reached_is_asked_for_as_long_as_that_takes()
    {
        var (time, note) = (new FakeTimeProvider(), new NotedReplacement { Id = "a" });
        var attempts = new ReplacementAttempts(time);
        for (var i = 0; i < 10 * ReplacementAttempts.Most; i++)
        {
            Assert.False(attempts.IsLast(note, counts: false));
            time.Advance(TimeSpan.FromSeconds(10));
            Assert.True(attempts.IsDue(note));
        }
    }

    private static async Task LeaveNotesAsync(string folder)
    {
        await using var database = Database.Open(folder);
        var notes = new ReplacementNotes(database, TimeProvider.System);
        await notes.AddAsync(new()
        {
            Cluster = "test",
            Name = "web",
            Service = """
                {"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"web","namespace":"spaces","annotations":{"deploy_id":"4712","task_id":"9002"}},
                 "spec":{"template":{"spec":{"containers":[{"image":"registry.example.com/a:2","env":[{"name":"A","value":"planted"}]}]}}}}
                """,
        });
        await notes.AddAsync(new()
        {
            Cluster = "test",
            Kind = WorkloadKind.Sandbox,
            Name = "box",
            Sandbox = """
                {"apiVersion":"agents.x-k8s.io/v1alpha1","kind":"Sandbox","metadata":{"name":"box","namespace":"spaces","annotations":{"deploy_id":"4720"}},
                 "spec":{"podTemplate":{"spec":{"containers":[{"name":"user-container","image":"registry.example.com/b:2"}]}}}}
                """,
        });
    }

    private static Task ToldAsync(RunnerHost host, string events)
    {
        var told = "";
        return Eventually.TrueAsync(
            () => (told = string.Join(", ", host.Get<Outbox>().Recent(100).Reverse().Where(e => e.Type.StartsWith("runner.service", StringComparison.Ordinal)).Select(e => (e.Type, Data: JsonNode.Parse(e.Body)!["data"]!))
                .Select(e => $"{e.Type.Split('.')[^1]} {(int)e.Data["task_id"]!} {(int)e.Data["status"]!} {(string?)e.Data["reason"]}".TrimEnd()))) == events,
            () => $"the hub is to hear {events}; it hears {told}",
            30);
    }

    private static async Task<JsonNode> CallAsync(HttpClient hub, HttpMethod method, string path, string body = "{}")
    {
        using var request = new HttpRequestMessage(method, $"/api/v1/{path}") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var answer = await hub.SendAsync(request, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }
}
