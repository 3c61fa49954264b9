using System.Diagnostics;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Storage;

/// <summary>What becomes of acknowledged writes when the process or the disk gives way.</summary>
public sealed class CrashTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>Every other time the database is compacting itself all the while. A few hundred times with <c>RUNNER_TEST_LONG=1</c>.</summary>
    [Fact]
    public async Task Killed_in_the_middle_of_writes_and_compactions_no_acknowledged_one_is_lost()
    {
        var rounds = LongRun.Wanted ? 300 : 10;
        var random = new Random(20261123);
        var acknowledged = new HashSet<string>();
        var (duringCopies, duringSwaps) = (0, 0);
        for (var round = 0; round < rounds; round++)
        {
            await using var child = await StorageChild.StartAsync(_folder, Cancel, compacts: round % 2 == 1);
            var wanted = random.Next(20, 300);
            await Eventually.TrueAsync(() => child.Acknowledged().Count >= wanted, $"{wanted} acknowledged writes", seconds: 60);
            child.Kill();
            await child.EndedAsync(Cancel);
            acknowledged.UnionWith(child.Acknowledged());
            duringCopies += File.Exists(_folder.File("runner-compact.db")) ? 1 : 0;
            duringSwaps += File.Exists(_folder.File("runner-compact-log.db")) && !File.Exists(_folder.File("runner-compact.db")) ? 1 : 0;

            await using var database = Database.Open(_folder.Path);
            var stored = database.Read(db => db.GetCollection("acknowledged").FindAll().Select(document => document["_id"].AsString).ToHashSet());
            Assert.Empty(acknowledged.Except(stored));
            Assert.False(File.Exists(_folder.File("runner-compact.db")));
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{rounds} kills, {duringCopies} of them during a copy and {duringSwaps} during a swap; {acknowledged.Count} acknowledged writes, none lost");
        Assert.True(acknowledged.Count > 100);
        Assert.True(duringCopies > 0, "No kill met a compaction.");
    }

    [Fact]
    public async Task A_full_disk_is_an_error_to_the_writer_and_ends_when_there_is_room_again()
    {
        // 2 MiB for any file of the child, see ulimit(1): blocks of 1,024 bytes.
        await using var child = await StorageChild.StartAsync(_folder, Cancel, fileSizeLimitBlocks: 2048);
        await Eventually.TrueAsync(() => child.Acknowledged().Count(line => line.StartsWith("failed", StringComparison.Ordinal)) > 20, "refused writes", seconds: 60);
        var before = child.Acknowledged().Count(line => !line.StartsWith("failed", StringComparison.Ordinal));
        Assert.True(before > 0);

        using (var roomAgain = Process.Start("prlimit", ["--pid", $"{child.Id}", "--fsize=unlimited"]))
        {
            await roomAgain.WaitForExitAsync(Cancel);
            Assert.Equal(0, roomAgain.ExitCode);
        }

        await Eventually.TrueAsync(() => child.Acknowledged().Count(line => !line.StartsWith("failed", StringComparison.Ordinal)) > before + 50, "writes that succeed again", seconds: 30);
        child.Kill();
        await child.EndedAsync(Cancel);

        await using var database = Database.Open(_folder.Path);
        var stored = database.Read(db => db.GetCollection("acknowledged").FindAll().Select(document => document["_id"].AsString).ToHashSet());
        Assert.Empty(child.Acknowledged().Where(line => !line.StartsWith("failed", StringComparison.Ordinal)).Except(stored));
    }
}
