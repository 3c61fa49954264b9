using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.History;

namespace Runner.Tests.Engine.Workloads;

/// <summary>The states of workloads, on a real database.</summary>
public sealed class WorkloadHistoryTests : IDisposable
{
    private static readonly WorkloadKey Key = new("c", WorkloadKind.Service, "spaces", "web");
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task States_are_kept_once_each_the_newest_first_also_over_a_restart()
    {
        await LiveAsync(async history =>
        {
            await history.SyncedAsync(Snapshot(), Cancel);
            await ChangeAsync(history, DeployStatus.Deploying);
            await ChangeAsync(history, DeployStatus.Deploying, message: "0 of 1");
            await ChangeAsync(history, DeployStatus.DeployFailed, "ImagePullBackOff", "no such image");
            await ChangeAsync(history, DeployStatus.Running);
            Assert.Equal([DeployStatus.Running, DeployStatus.DeployFailed, DeployStatus.Deploying], history.Of(Key, "u").Select(change => change.Status));
        });
        await LiveAsync(async history =>
        {
            await history.SyncedAsync(Snapshot(Workload(DeployStatus.Running)), Cancel);
            Assert.Equal([DeployStatus.Running, DeployStatus.DeployFailed, DeployStatus.Deploying], history.Of(Key, "u").Select(change => change.Status));
            Assert.Equal(("ImagePullBackOff", "no such image", false), history.Of(Key, "u")[1] is var failed ? (failed.Reason, failed.Message, failed.Unseen) : default);
            Assert.Empty(history.Of(Key, "another"));
        });
    }

    [Fact]
    public async Task What_happened_while_no_runner_watched_is_told_as_such()
    {
        await LiveAsync(async history => await history.SyncedAsync(Snapshot(Workload(DeployStatus.Running)), Cancel));
        _time.Advance(TimeSpan.FromHours(1));
        await LiveAsync(async history =>
        {
            await history.SyncedAsync(Snapshot(Workload(DeployStatus.DeployFailed, "Error")), Cancel);
            await ChangeAsync(history, DeployStatus.Running);
            Assert.Equal([(DeployStatus.Running, false), (DeployStatus.DeployFailed, true), (DeployStatus.Running, true)], history.Of(Key, "u").Select(change => (change.Status, change.Unseen)));
        });
        await LiveAsync(async history =>
        {
            await history.SyncedAsync(Snapshot(), Cancel);
            Assert.Equal((DeployStatus.Deleted, true), (history.Of(Key, "u")[0].Status, history.Of(Key, "u")[0].Unseen));
            await history.SyncedAsync(Snapshot(), Cancel);
            Assert.Equal(4, history.Of(Key, "u").Count);
        });
    }

    [Fact]
    public async Task The_newest_hundred_are_kept_and_old_ones_go()
    {
        await LiveAsync(async history =>
        {
            for (var i = 0; i < 250; i++)
            {
                await ChangeAsync(history, i % 2 == 0 ? DeployStatus.Running : DeployStatus.DeployFailed);
            }
        });
        await LiveAsync(async history =>
        {
            var kept = history.Of(Key, "u");
            Assert.Equal((WorkloadHistory.MostStates, DeployStatus.DeployFailed), (kept.Count, kept[0].Status));
            Assert.Equal(WorkloadHistory.MostStates, await history.PruneAsync(_time.GetUtcNow().AddSeconds(1), Cancel));
            Assert.Empty(history.Of(Key, "u"));
        });
    }

    [Fact]
    public async Task The_first_view_of_a_large_cluster_loses_none_and_is_read_before_it_is_written()
    {
        var all = Enumerable.Range(0, 5000).Select(i => Workload(DeployStatus.Running) with { Key = Key with { Name = $"web-{i}" } }).ToArray();
        await LiveAsync(async history =>
        {
            await history.SyncedAsync(Snapshot(all), Cancel);
            Assert.Equal(0, history.Dropped);
            Assert.Equal(DeployStatus.Running, Assert.Single(history.Of(all[^1].Key, "u")).Status);
        });
        await LiveAsync(history =>
        {
            Assert.All([all[0], all[^1]], workload => Assert.Equal(DeployStatus.Running, Assert.Single(history.Of(workload.Key, "u")).Status));
            return Task.CompletedTask;
        });
    }

    /// <summary>One process: what is taken is on the disk when it ends.</summary>
    private async Task LiveAsync(Func<WorkloadHistory, Task> live)
    {
        await using var database = Database.Open(_folder.Path);
        using var history = new WorkloadHistory(database, new RetentionOptions(), _time, NullLogger<WorkloadHistory>.Instance);
        await history.StartAsync(Cancel);
        await live(history);
        await history.StopAsync(Cancel);
    }

    private async Task ChangeAsync(WorkloadHistory history, DeployStatus status, string reason = "", string message = "")
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        await history.ChangedAsync(null, Workload(status, reason, message), Cancel);
    }

    private static Workload Workload(DeployStatus status, string reason = "", string message = "") => new()
    {
        Key = Key, Uid = "u", ClusterId = "", CreatedAt = default, Status = status, Reason = reason, Message = message,
    };

    private static WorkloadSnapshot Snapshot(params Workload[] workloads) => new("c", new HashSet<WorkloadKind> { WorkloadKind.Service }, workloads, new HashSet<WorkloadKey>());
}
