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

    [Fact]
    public async Task Killed_in_the_middle_of_writes_no_acknowledged_one_is_lost()
    {
        var random = new Random(20261123);
        var acknowledged = new HashSet<string>();
        for (var round = 0; round < 5; round++)
        {
            await using var child = await StorageChild.StartAsync(_folder, Cancel);
            var wanted = random.Next(20, 400);
            await Eventually.TrueAsync(() => child.Acknowledged().Count >= wanted, $"{wanted} acknowledged writes", seconds: 30);
            child.Kill();
            await child.EndedAsync(Cancel);
            acknowledged.UnionWith(child.Acknowledged());

            await using var database = Database.Open(_folder.Path);
            var stored = database.Read(db => db.GetCollection("acknowledged").FindAll().Select(document => document["_id"].AsString).ToHashSet());
            Assert.Empty(acknowledged.Except(stored));
        }

        Assert.True(acknowledged.Count > 100);
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
