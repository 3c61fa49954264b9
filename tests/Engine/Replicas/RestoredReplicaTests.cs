using System.Net;
using Runner.Engine.Storage;
using Runner.Engine.Storage.Backups;
using Runner.Tests.Engine.Host;
using Runner.Web.ConsoleApi;
using Runner.Web.Hosting;
using Runner.Web.Identity;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Replicas;

/// <summary>A backup that was taken while replicas share their state comes back: never unasked in the place of what they did since, and wholly where somebody asked.</summary>
public sealed class RestoredReplicaTests(ReplicaPair pair) : IClassFixture<ReplicaPair>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_backup_taken_under_load_is_refused_beside_a_newer_state_and_becomes_the_state_of_all_replicas_where_that_is_asked_for()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("backup.zip");
        var (before, after) = await BackUpUnderLoadAsync(file);

        // Beside what the replicas did since: it waits, and they go on.
        var data = folder.File("data");
        await BackupRestore.RunAsync(file, data, replace: false, TimeProvider.System, Cancel);
        await using (var waiting = await pair.StartOnAsync(data, shares: true, ready: false))
        {
            await Eventually.TrueAsync(() => waiting.Get<SharedState>().Status.Problem.English.Contains("restored from a backup", StringComparison.Ordinal), "the restored replica waits", 30);
            Assert.Contains("--overwrite-shared-state", waiting.Get<SharedState>().Status.Problem, StringComparison.Ordinal);
            using var client = waiting.Program();
            using var ready = await client.GetAsync(Readiness.Path, Cancel);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            await Assert.ThrowsAsync<StateUnavailableException>(() => waiting.Get<UserDirectory>().InviteAsync("never", ConsoleRole.Viewer, Cancel));
            await pair.First.Get<UserDirectory>().InviteAsync("meanwhile", ConsoleRole.Viewer, Cancel);
            Assert.NotNull(pair.First.Get<UserDirectory>().FindByName(after));
        }

        // Asked for: all of them have what it holds, and go on from there.
        await BackupRestore.RunAsync(file, data, replace: true, TimeProvider.System, Cancel, overwriteShared: true);
        await using var restored = await pair.StartOnAsync(data, shares: true);
        RunnerHost[] all = [restored, pair.First, pair.Second];
        await Eventually.TrueAsync(() => all.All(host => host.Get<UserDirectory>().FindByName(after) is null), "what came after the backup is gone at all replicas");
        Assert.All(all, host => Assert.Empty(before.Except(host.Get<UserDirectory>().All.Select(user => user.Name))));
        Assert.All(all, host => Assert.Null(host.Get<UserDirectory>().FindByName("meanwhile")));
        await pair.Second.Get<UserDirectory>().InviteAsync("later", ConsoleRole.Viewer, Cancel);
        await Eventually.TrueAsync(() => all.All(host => host.Get<UserDirectory>().FindByName("later") is not null), "they go on together");

        // What was decided once is not done again at the next start.
        await restored.DisposeAsync();
        await pair.First.Get<UserDirectory>().InviteAsync("last", ConsoleRole.Viewer, Cancel);
        await using var again = await pair.StartOnAsync(data, shares: true);
        Assert.NotNull(again.Get<UserDirectory>().FindByName("last"));
        using var browser = await again.SignedInAsync();
    }

    [Theory]
    [InlineData(null, 0, false, false, StateJoin.Begin)]
    [InlineData(null, 0, true, false, StateJoin.Begin)]
    [InlineData("a", 7, false, false, StateJoin.TakeOver)]
    [InlineData("a", 7, true, false, StateJoin.TakeOver)]
    [InlineData("a", 9, false, false, StateJoin.TakeOver)]
    [InlineData("a", 9, true, false, StateJoin.Ask)]
    [InlineData("a", 9, true, true, StateJoin.Begin)]
    [InlineData("b", 7, true, false, StateJoin.Ask)]
    [InlineData("b", 7, false, false, StateJoin.TakeOver)]
    [InlineData("made by the restore", 3, true, true, StateJoin.TakeOver)]
    internal void A_replica_at_step_7_of_a_joins(string? journal, long position, bool restored, bool overwrites, StateJoin expected)
    {
        var mark = restored ? new RestoredState(DateTimeOffset.UnixEpoch, overwrites, "made by the restore") : null;
        Assert.Equal(expected, StateJoining.Decide(journal is null ? null : (journal, position), ("a", 7), wentAlone: false, mark));
    }

    /// <returns>Who was there before the backup began, and somebody who came after it.</returns>
    private async Task<(IReadOnlyCollection<string> Before, string After)> BackUpUnderLoadAsync(string file)
    {
        using var stop = new CancellationTokenSource();
        var made = 0;
        var writers = new[] { pair.First, pair.Second }.Select((host, writer) => Task.Run(
            async () =>
            {
                for (var i = 0; !stop.IsCancellationRequested; i++)
                {
                    await host.Get<UserDirectory>().InviteAsync($"user-{writer}-{i}", ConsoleRole.Viewer, Cancel);
                    Interlocked.Increment(ref made);
                }
            },
            Cancel)).ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref made) > 30, "users are made", 30);
        using var admin = await pair.First.SignedInAsync();
        var before = pair.First.Get<UserDirectory>().All.Select(user => user.Name).ToHashSet();
        using (var answer = await admin.GetAsync(BackupCall.Path, Cancel))
        {
            answer.EnsureSuccessStatusCode();
            await File.WriteAllBytesAsync(file, await answer.Content.ReadAsByteArrayAsync(Cancel), Cancel);
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        await pair.First.Get<UserDirectory>().InviteAsync("after", ConsoleRole.Viewer, Cancel);
        return (before, "after");
    }
}
