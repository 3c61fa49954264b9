using System.Net;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.ImageBuilds;
using Runner.Engine.Workloads.Replacing;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.ImageBuilds;

/// <summary>Builds that are to be run once more, while the API server fails, or a process that died has left the note of it.</summary>
public sealed class RepeatedBuildTests
{
    private static readonly string Name = ImageBuildNames.Workflow("Acme", "Sketch-Demo", "4712", "9002");
    private static readonly ObjectKey Key = new("argoproj.io", "workflows", "spaces", Name);

    [Fact]
    public async Task What_somebody_asked_for_again_and_what_ended_before_anybody_looked_at_the_note_is_not_run_a_third_time()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync();
        await using (var host = await RunnerHost.StartOnAsync(folder.Path, cluster: cluster.Endpoint))
        {
            await BuiltAsync(host, cluster, ["Pending", "Running", "Succeeded"]);
        }

        await LeaveNoteAsync(folder.Path, cluster.Store.Get(Key)!);
        cluster.Delete(Key);
        var attempts = 0;
        var fails = true;
        cluster.Host.Faults.Fails = (method, path) => method == "POST" && path.EndsWith("/spaces/workflows", StringComparison.Ordinal) && Interlocked.Increment(ref attempts) > 0 && Volatile.Read(ref fails);
        await using var next = await RunnerHost.StartOnAsync(folder.Path, cluster: cluster.Endpoint);
        await Eventually.TrueAsync(() => Volatile.Read(ref attempts) >= 4, "the note was tried to be finished, in vain", 30);
        Volatile.Write(ref fails, false);
        await BuiltAsync(next, cluster, ["Pending", "Running", "Succeeded", "Pending", "Running", "Succeeded"]);
        cluster.Delete(Key);

        await Eventually.TrueAsync(() => next.Get<IStateStore>().Read(db => db.GetCollection("replacements").Count()) == 0, "nothing is noted any more", 60);
        await Eventually.TrueAsync(() => !next.Get<WorkloadFeed>().Current.Keys.Any(key => key.Name == Name), "the build is gone", 30);
        Assert.Null(cluster.Store.Get(Key));
        Assert.Equal(["Pending", "Running", "Succeeded", "Pending", "Running", "Succeeded"], Told(next));
    }

    [Fact]
    public async Task A_build_that_made_room_for_another_one_is_not_told_as_removed_while_the_API_server_fails_for_longer_than_a_call_is_made_again()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var host = await RunnerHost.StartAsync(cluster: cluster.Endpoint);
        await BuiltAsync(host, cluster, ["Pending", "Running", "Succeeded"]);
        var attempts = 0;
        cluster.Host.Faults.Fails = (method, path) => method == "POST" && path.EndsWith("/spaces/workflows", StringComparison.Ordinal) && Interlocked.Increment(ref attempts) <= 6;

        await BuiltAsync(host, cluster, ["Pending", "Running", "Succeeded", "Pending", "Running", "Succeeded"]);

        Assert.InRange(attempts, 7, 12);
    }

    private static async Task BuiltAsync(RunnerHost host, TestCluster cluster, string[] told)
    {
        await Eventually.TrueAsync(() => host.Get<ClusterDirectory>().Connections[0].State.Synced, "the cluster is known", 30);
        var (status, text) = await host.CallAsync(HttpMethod.Post, "imagebuilder/builder", RunnerApiHost.Sample("image-build"));
        Assert.True(status == HttpStatusCode.OK, text);
        cluster.Store.Change(Key, json => json["status"] = new JsonObject { ["phase"] = "Succeeded", ["startedAt"] = "2026-01-01T00:00:00Z", ["finishedAt"] = "2026-01-01T00:01:00Z" });
        await Eventually.TrueAsync(() => Told(host).SequenceEqual(told), () => $"the hub hears of the end; it hears {string.Join(' ', Told(host))}", 30);
    }

    /// <summary>What the hub is to hear of the build, without repetitions.</summary>
    private static List<string> Told(RunnerHost host)
    {
        List<string> told = [];
        foreach (var status in host.Get<Outbox>().Recent(200).Reverse().Where(e => e.Type == "runner.builder.change").Select(e => (string)JsonNode.Parse(e.Body)!["data"]!["status"]!))
        {
            if (told.Count == 0 || told[^1] != status)
            {
                told.Add(status);
            }
        }

        return told;
    }

    private static async Task LeaveNoteAsync(string folder, StoredObject before)
    {
        var workflow = before.Edit();
        workflow.Remove("status");
        foreach (var field in new[] { "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields" })
        {
            workflow["metadata"]!.AsObject().Remove(field);
        }

        await using var database = Database.Open(folder);
        await new ReplacementNotes(database, TimeProvider.System).AddAsync(
            new() { Cluster = "test", Kind = WorkloadKind.ImageBuild, Name = Name, Workflow = workflow.ToJsonString(), Replaces = before.Uid });
    }
}
