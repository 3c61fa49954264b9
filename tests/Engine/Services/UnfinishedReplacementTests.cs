using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
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

        JsonNode status = null!;
        await Eventually.TrueAsync(async () => (int)(status = await host.AskAsync(HttpMethod.Get, "service/web/status"))["code"]! == 21, () => $"the service has failed: {status}", 30);
        Assert.Equal(("ReplacementFailed", 4712), ((string?)status["reason"], (int)status["deploy_id"]!));
        Assert.Contains("does not take service 'web'", (string?)status["message"], StringComparison.Ordinal);
        Assert.DoesNotContain("planted", (string?)status["message"], StringComparison.Ordinal);
        JsonNode sandbox = null!;
        await Eventually.TrueAsync(async () => (int)(sandbox = await host.AskAsync(HttpMethod.Get, "sandboxes?sandbox_name=box"))["status"]! == 21, () => $"the sandbox has failed: {sandbox}", 30);
        Assert.Contains("does not take sandbox 'box'", (string?)sandbox["message"], StringComparison.Ordinal);

        // The hub takes no word of a failure of what it holds as stopped.
        await ToldAsync(host, "create 9002 20 create, change 9002 21 ReplacementFailed");

        // Pages show what the feed has, also of a kind that the cluster does not know.
        var feed = host.Get<WorkloadFeed>();
        await Eventually.TrueAsync(() => feed.Current.Count == 2, "both are shown", 30);
        Assert.All(feed.Current.Values, workload => Assert.Equal((DeployStatus.DeployFailed, "ReplacementFailed"), (workload.Status, workload.Reason)));
        Assert.Contains("does not take sandbox 'box'", feed.Current.Values.Single(workload => workload.Key.Name == "box").Message, StringComparison.Ordinal);

        Volatile.Write(ref refuses, false);
        await host.AskAsync(HttpMethod.Post, "service/web/run", RunnerApiHost.Sample("run-space"));
        await ToldAsync(host, "create 9002 20 create, change 9002 21 ReplacementFailed, change 9002 20");
        Assert.Equal(20, (int)(await host.AskAsync(HttpMethod.Get, "service/web/status"))["code"]!);
        await host.AskAsync(HttpMethod.Delete, "sandboxes", """{"sandbox_id":"box"}""");
        await Eventually.TrueAsync(() => feed.Current.Keys.Single().Name == "web", "what was deleted is not shown any more", 30);
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
            () => (told = string.Join(", ", host.ToldOfServices().Select(e => $"{e.What} {(int)e.Data["task_id"]!} {(int)e.Data["status"]!} {(string?)e.Data["reason"]}".TrimEnd()))) == events,
            () => $"the hub is to hear {events}; it hears {told}",
            30);
    }
}
