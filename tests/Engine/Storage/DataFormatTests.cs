using System.IO.Compression;
using LiteDB;
using Runner.Engine.Storage;

namespace Runner.Tests.Engine.Storage;

public sealed class DataFormatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>The file was written by the program before formats had numbers, with its embedded cluster.</summary>
    [Fact]
    public async Task A_folder_of_the_first_format_is_brought_to_this_one_and_kept_as_it_was()
    {
        var old = await FirstFormatAsync();
        string identity;
        await using (var database = Database.Open(_folder.Path))
        {
            Assert.Equal(DataFormat.Current, database.Read(db => db.UserVersion));
            Assert.Equal("admin", Assert.Single(database.Read(db => db.GetCollection("users").FindAll().ToList()))["name"].AsString);
            Assert.NotEmpty(database.Read(db => db.GetCollection("states").FindAll().ToList()));
            identity = database.Read(DataFormat.IdentityOf);
        }

        Assert.Equal(old, await File.ReadAllBytesAsync(Path.Combine(DataFormat.CopyOf(_folder.Path, 1), "runner.db"), Cancel));
        await using var again = Database.Open(_folder.Path);
        Assert.Equal(identity, again.Read(DataFormat.IdentityOf));
        Assert.True(Guid.TryParse(identity, out _));
    }

    [Fact]
    public async Task Dead_in_the_middle_of_the_upgrade_the_next_start_finishes_it_and_the_copy_stays_the_oldest()
    {
        var old = await FirstFormatAsync();
        await using (var database = Database.Open(_folder.Path))
        {
            await database.WriteAsync(db => db.UserVersion, Cancel);
        }

        // As if it had died after the step and before the number.
        using (var database = new LiteDatabase(_folder.File("runner.db")))
        {
            database.UserVersion = 0;
        }

        await using var again = Database.Open(_folder.Path);
        Assert.Equal(DataFormat.Current, again.Read(db => db.UserVersion));
        Assert.Equal(old, await File.ReadAllBytesAsync(Path.Combine(DataFormat.CopyOf(_folder.Path, 1), "runner.db"), Cancel));
    }

    [Fact]
    public async Task A_folder_of_a_newer_format_is_refused_by_name_and_not_touched()
    {
        await using (Database.Open(_folder.Path))
        {
        }

        using (var database = new LiteDatabase(_folder.File("runner.db")))
        {
            database.UserVersion = DataFormat.Current + 1;
        }

        var before = await File.ReadAllBytesAsync(_folder.File("runner.db"), Cancel);
        var refused = Assert.Throws<DataFormatException>(() => Database.Open(_folder.Path));
        Assert.Contains(_folder.Path, refused.Message, StringComparison.Ordinal);
        Assert.Contains($"format {DataFormat.Current + 1}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(_folder.File("runner.db"), Cancel));
        Assert.Throws<DataFormatException>(() => Database.Open(_folder.Path));
    }

    [Fact]
    public async Task A_new_folder_is_of_this_format_and_has_nothing_to_keep()
    {
        await using var database = Database.Open(_folder.Path);
        Assert.Equal(DataFormat.Current, database.Read(db => db.UserVersion));
        Assert.Empty(Directory.EnumerateDirectories(_folder.Path));
    }

    private async Task<byte[]> FirstFormatAsync()
    {
        await using var packed = new GZipStream(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Storage", "format-1.db.gz")), CompressionMode.Decompress);
        await using (var file = File.Create(_folder.File("runner.db")))
        {
            await packed.CopyToAsync(file, Cancel);
        }

        return await File.ReadAllBytesAsync(_folder.File("runner.db"), Cancel);
    }
}
