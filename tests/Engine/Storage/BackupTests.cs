using System.IO.Compression;
using System.IO.Pipelines;
using LiteDB;
using Runner.Engine.Storage;
using Runner.Engine.Storage.Backups;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Storage;

public sealed class BackupTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _other = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task Taken_under_load_and_restored_elsewhere_it_holds_everything_acknowledged_before_it_began_and_is_of_one_moment()
    {
        await using var database = Database.Open(_folder.Path);
        Directory.CreateDirectory(_folder.File("keys"));
        await File.WriteAllTextAsync(_folder.File("keys/key.xml"), "a key", Cancel);
        using var stop = new CancellationTokenSource();
        var acknowledged = 0;

        // Each write makes a pair: half of one would be of two moments.
        var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var id = $"{writer}-{i:00000}";
                await database.WriteAsync(
                    db =>
                    {
                        db.GetCollection("left").Insert(new BsonDocument { ["_id"] = id, ["padding"] = new string('p', 2000) });
                        db.GetCollection("right").Insert(new BsonDocument { ["_id"] = id, ["order"] = db.GetCollection("right").Count() });
                        return true;
                    },
                    Cancel);
                Interlocked.Increment(ref acknowledged);
            }
        }, Cancel)).ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref acknowledged) > 100, "a hundred writes");

        var before = database.Read(db => db.GetCollection("left").FindAll().Select(document => document["_id"].AsString).ToHashSet());
        var file = _other.File("backup.zip");
        BackupManifest manifest;
        await using (var output = File.Create(file))
        {
            manifest = await BackupWriter.WriteAsync(database, TimeProvider.System, output, null, Cancel);
        }

        var during = Volatile.Read(ref acknowledged);
        await Eventually.TrueAsync(() => Volatile.Read(ref acknowledged) > during + 20, "writes go on");
        await stop.CancelAsync();
        await Task.WhenAll(writers);

        var target = _other.File("restored");
        var (restored, aside) = await BackupRestore.RunAsync(file, target, replace: false, TimeProvider.System, Cancel);
        await using var copy = Database.Open(target);
        var left = copy.Read(db => db.GetCollection("left").FindAll().Select(document => document["_id"].AsString).ToHashSet());
        var right = copy.Read(db => db.GetCollection("right").FindAll().Select(document => document["_id"].AsString).ToHashSet());

        Assert.Empty(before.Except(left));
        Assert.True(left.SetEquals(right));
        Assert.Equal(Enumerable.Range(0, right.Count), copy.Read(db => db.GetCollection("right").FindAll().Select(document => document["order"].AsInt32).Order().ToList()));
        Assert.Equal("a key", await File.ReadAllTextAsync(Path.Combine(target, "keys", "key.xml"), Cancel));
        Assert.Equal((null, manifest.Folder, DataFormat.Current), (aside, restored.Folder, restored.Format));
        Assert.Equal(["runner.db", "keys/key.xml"], manifest.Files.Select(kept => kept.Path));
        await copy.WriteAsync(db => db.GetCollection("left").Insert(new BsonDocument { ["_id"] = "and goes on" }), Cancel);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*.unfinished"));
    }

    [Fact]
    public async Task Whoever_reads_it_slowly_holds_up_no_writer_and_no_compaction()
    {
        await using var database = Database.Open(_folder.Path);
        await database.WriteAsync(db => db.GetCollection("notes").Insert(Enumerable.Range(0, 2000).Select(Note)), Cancel);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4096, resumeWriterThreshold: 1024));
        var backup = BackupWriter.WriteAsync(database, TimeProvider.System, pipe.Writer.AsStream(leaveOpen: true), null, Cancel);
        var begun = await pipe.Reader.ReadAtLeastAsync(4096, Cancel);
        pipe.Reader.AdvanceTo(begun.Buffer.Start);

        await database.WriteAsync(db => db.GetCollection("notes").DeleteMany("_id >= 10"), Cancel);
        Assert.NotNull(await database.CompactAsync(Cancel));
        Assert.False(backup.IsCompleted);
        var file = _other.File("backup.zip");
        await using (var output = File.Create(file))
        {
            var reading = pipe.Reader.CopyToAsync(output, Cancel);
            await backup;
            await pipe.Writer.CompleteAsync();
            await reading;
        }

        var target = _other.File("restored");
        await BackupRestore.RunAsync(file, target, replace: false, TimeProvider.System, Cancel);
        await using var copy = Database.Open(target);
        Assert.Equal((2000, 10), (copy.Read(db => db.GetCollection("notes").Count()), database.Read(db => db.GetCollection("notes").Count())));
    }

    [Fact]
    public async Task A_folder_in_use_or_with_data_is_not_restored_into_and_what_is_replaced_is_moved_aside()
    {
        var file = await BackupOfAsync("first");
        await using (var database = Database.Open(_folder.Path))
        {
            await Assert.ThrowsAsync<DataFolderInUseException>(() => BackupRestore.RunAsync(file, _folder.Path, replace: true, TimeProvider.System, Cancel));
            await database.WriteAsync(db => db.GetCollection("notes").Upsert(new BsonDocument { ["_id"] = 1, ["text"] = "second" }), Cancel);
        }

        var refused = await Assert.ThrowsAsync<BackupException>(() => BackupRestore.RunAsync(file, _folder.Path, replace: false, TimeProvider.System, Cancel));
        Assert.Contains("--replace", refused.Message, StringComparison.Ordinal);
        Assert.Equal("second", await TextAsync(_folder.Path));

        var (_, aside) = await BackupRestore.RunAsync(file, _folder.Path, replace: true, TimeProvider.System, Cancel);
        Assert.Equal("first", await TextAsync(_folder.Path));
        Assert.Equal("second", await TextAsync(aside!));
    }

    [Theory]
    [InlineData("cut off")]
    [InlineData("a byte changed")]
    [InlineData("no manifest")]
    [InlineData("a newer format")]
    [InlineData("a way out of the folder")]
    [InlineData("a file without a name")]
    [InlineData("a file that no backup has")]
    [InlineData("not there")]
    public async Task What_is_no_whole_backup_is_refused_and_changes_nothing(string damage)
    {
        var file = await BackupOfAsync("kept");
        switch (damage)
        {
            case "cut off":
                await File.WriteAllBytesAsync(file, (await File.ReadAllBytesAsync(file, Cancel))[..^200], Cancel);
                break;
            case "not there":
                File.Delete(file);
                break;
            default:
                await using (var zip = await ZipFile.OpenAsync(file, ZipArchiveMode.Update, Cancel))
                {
                    await DamageAsync(zip, damage);
                }

                break;
        }

        await Assert.ThrowsAsync<BackupException>(() => BackupRestore.RunAsync(file, _folder.Path, replace: true, TimeProvider.System, Cancel));
        Assert.Equal("kept", await TextAsync(_folder.Path));
        Assert.Equal(["keys"], Directory.EnumerateDirectories(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_backup_of_an_earlier_version_with_the_lock_of_the_log_collector_in_it_is_restored()
    {
        var file = await BackupOfAsync("kept");
        await using (var zip = await ZipFile.OpenAsync(file, ZipArchiveMode.Update, Cancel))
        {
            await DamageAsync(zip, "the log collector's lock");
        }

        await BackupRestore.RunAsync(file, _folder.Path, replace: true, TimeProvider.System, Cancel);
        Assert.Equal("kept", await TextAsync(_folder.Path));
    }

    [Fact]
    public async Task A_restore_that_died_in_its_middle_is_told_at_the_start_and_can_be_run_again()
    {
        var file = await BackupOfAsync("kept");
        await File.WriteAllTextAsync(_folder.File(DataFolder.RestoreMark), "", Cancel);
        File.Delete(_folder.File("runner.db"));

        Assert.Contains("restore", Assert.Throws<DataFormatException>(() => Database.Open(_folder.Path)).Message, StringComparison.Ordinal);
        await BackupRestore.RunAsync(file, _folder.Path, replace: true, TimeProvider.System, Cancel);
        Assert.Equal("kept", await TextAsync(_folder.Path));
    }

    private static async Task DamageAsync(ZipArchive zip, string damage)
    {
        var manifest = zip.GetEntry(BackupManifest.EntryName)!;
        string text;
        using (var reader = new StreamReader(await manifest.OpenAsync(Cancel)))
        {
            text = await reader.ReadToEndAsync(Cancel);
        }

        manifest.Delete();
        var other = damage switch { "a file that no backup has" => DataFolder.LockFile, "the log collector's lock" => "logcollector/lock", _ => null };
        text = damage switch
        {
            "a newer format" => text.Replace($"\"format\": {DataFormat.Current}", $"\"format\": {DataFormat.Current + 1}", StringComparison.Ordinal),
            "a way out of the folder" => text.Replace("\"path\": \"keys/key.xml\"", "\"path\": \"../key.xml\"", StringComparison.Ordinal),
            "a file without a name" => text.Replace("\"path\": \"keys/key.xml\"", "\"path\": null", StringComparison.Ordinal),
            _ when other is not null => text.Replace("\"path\": \"keys/key.xml\"", $"\"path\": \"{other}\"", StringComparison.Ordinal),
            "a byte changed" => text.Replace("\"sha256\": \"", "\"sha256\": \"0", StringComparison.Ordinal),
            _ => text,
        };
        if (other is not null)
        {
            await using var writer = new StreamWriter(await zip.CreateEntry(BackupManifest.DataEntries + other).OpenAsync(Cancel));
            await writer.WriteAsync("a key");
        }

        if (damage != "no manifest")
        {
            await using var writer = new StreamWriter(await zip.CreateEntry(BackupManifest.EntryName).OpenAsync(Cancel));
            await writer.WriteAsync(text);
        }
    }

    private async Task<string> BackupOfAsync(string text)
    {
        await using (var database = Database.Open(_folder.Path))
        {
            await database.WriteAsync(db => db.GetCollection("notes").Upsert(new BsonDocument { ["_id"] = 1, ["text"] = text }), Cancel);
        }

        Directory.CreateDirectory(_folder.File("keys"));
        await File.WriteAllTextAsync(_folder.File("keys/key.xml"), "a key", Cancel);
        var file = _other.File("backup.zip");
        await using var output = File.Create(file);
        await BackupWriter.WriteAsync(_folder.Path, TimeProvider.System, output, Cancel);
        return file;
    }

    private static async Task<string> TextAsync(string folder)
    {
        await using var database = Database.Open(folder);
        return database.Read(db => db.GetCollection("notes").FindById(1))["text"];
    }

    private static BsonDocument Note(int number) => new() { ["_id"] = number, ["padding"] = Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(1000)) };
}
