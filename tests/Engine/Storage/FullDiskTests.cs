using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using LiteDB;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Storage;

/// <summary>The whole program on a disk of its own that is really full: a small tmpfs, which takes root to mount.</summary>
public sealed class FullDiskTests
{
    private const int Megabytes = 12;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_disk_is_told_to_writers_and_by_readiness_and_all_goes_on_when_there_is_room_again()
    {
        using var disk = SmallDisk.TryMount(Megabytes);
        Assert.SkipWhen(disk is null, "A small disk cannot be mounted here; it takes root and mount(8).");
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var written = new List<string>();
        await using (var host = await RunnerHost.StartOnAsync(disk.Path, time: time))
        {
            var database = host.Get<Database>();
            await WriteAsync(database, "before", written);
            disk.Fill();

            IOException? told = null;
            for (var i = 0; i < 500 && told is null; i++)
            {
                told = await Record.ExceptionAsync(() => WriteAsync(database, $"while {i}", written)) as IOException;
            }

            Assert.Contains("No space left", told?.Message, StringComparison.OrdinalIgnoreCase);
            await Assert.ThrowsAsync<DatabaseRefusedException>(() => host.Get<Outbox>().AddAsync([new HubEvent("x", "y", "z", "{}")], Cancel));
            var (status, storage) = await ReadinessAsync(host);
            Assert.Equal("degraded", storage.GetProperty("state").GetString());
            Assert.Contains("No space left", storage.GetProperty("message").GetString(), StringComparison.OrdinalIgnoreCase);
            Assert.NotEqual("ready", status);
            Assert.Equal("ok", await host.Program().GetStringAsync("/healthz", Cancel));
            using (var person = host.Browser())
            using (var refused = await RunnerHost.SignInAsync(person, "admin", RunnerHost.AdminPassword))
            {
                Assert.Equal(HttpStatusCode.InsufficientStorage, refused.StatusCode);
                Assert.Contains("The disk is full", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
            }

            Assert.True(written.ToHashSet().SetEquals(Ids(database)));

            disk.Empty();
            await Eventually.TrueAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(6));
                    return database.Status.Problem is null;
                },
                "the disk is found to take writes again, though nobody wrote");
            await WriteAsync(database, "after", written);
            (await host.SignedInAsync()).Dispose();
            Assert.Equal("ok", (await ReadinessAsync(host)).Storage.GetProperty("state").GetString());
        }

        await using var again = Database.Open(disk.Path);
        Assert.True(written.ToHashSet().SetEquals(Ids(again)));
    }

    [Fact]
    public async Task What_is_made_while_the_disk_is_full_is_told_as_made()
    {
        using var disk = SmallDisk.TryMount(Megabytes);
        Assert.SkipWhen(disk is null, "A small disk cannot be mounted here; it takes root and mount(8).");
        await using var cluster = await TestCluster.StartAsync();
        await using var host = await RunnerHost.StartOnAsync(disk.Path, cluster: cluster.Endpoint);
        await Eventually.TrueAsync(() => host.Get<ClusterDirectory>().Connections[0].State.Synced, "the services are listed", 30);
        disk.Fill();
        for (var i = 0; await Record.ExceptionAsync(() => WriteAsync(host.Get<Database>(), $"{i}", [])) is not IOException; i++)
        {
            Assert.True(i < 500, "The disk takes all of it");
        }

        foreach (var (path, sample) in new[] { ("workflows", "workflow-evaluation"), ("imagebuilder/builder", "image-build"), ("dataflow/jobs", "dataflow-job"), ("service/web/run", "run-space") })
        {
            var (status, text) = await host.CallAsync(HttpMethod.Post, path, RunnerApiHost.Sample(sample));
            Assert.True(status == HttpStatusCode.OK, text);
        }

        Assert.Equal(3, cluster.Store.List("argoproj.io", "workflows").Count);
        disk.Empty();
    }

    private static async Task WriteAsync(Database database, string id, List<string> written)
    {
        await database.WriteAsync(db => db.GetCollection("acknowledged").Insert(new BsonDocument { ["_id"] = id, ["padding"] = new string('p', 20_000) }), Cancel);
        written.Add(id);
    }

    private static List<string> Ids(Database database) => database.Read(db => db.GetCollection("acknowledged").FindAll().Select(document => document["_id"].AsString).ToList());

    private static async Task<(string Status, JsonElement Storage)> ReadinessAsync(RunnerHost host)
    {
        using var client = host.Program();
        client.DefaultRequestHeaders.Authorization = new("Bearer", RunnerHost.HubToken);
        using var answer = await client.GetAsync("/readyz", Cancel);
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        return (json.GetProperty("status").GetString()!, json.GetProperty("dependencies").EnumerateArray().First(dependency => dependency.GetProperty("name").GetString() == "storage").Clone());
    }
}
