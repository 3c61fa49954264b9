using System.Diagnostics;
using LiteDB;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Storage;

public sealed class DatabaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_written_is_there_after_opening_again_letter_for_letter()
    {
        var written = new Note { Id = "7", Text = "  two spaces, and an empty one: ", Empty = "", At = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc) };
        await using (var database = Database.Open(_folder.Path))
        {
            await database.WriteAsync(db => db.GetCollection<Note>("notes").Insert(written), Cancel);
        }

        await using var again = Database.Open(_folder.Path);
        var read = again.Read(db => db.GetCollection<Note>("notes").FindById("7"));

        Assert.Equal(written, read);
        Assert.Equal(DateTimeKind.Utc, read.At.Kind);
    }

    [Fact]
    public async Task A_write_that_fails_is_undone_and_spoils_no_other()
    {
        await using var database = Database.Open(_folder.Path);
        var writes = Enumerable.Range(0, 200).Select(i => database.WriteAsync(
            db =>
            {
                db.GetCollection<Note>("notes").Insert(new Note { Id = $"{i}" });
                return i % 10 == 3 ? throw new InvalidOperationException("no") : i;
            },
            Cancel)).ToList();
        await Task.WhenAll(writes.Select(write => write.ContinueWith(_ => { }, Cancel, TaskContinuationOptions.None, TaskScheduler.Default)));

        Assert.Equal(20, writes.Count(write => write.Exception?.InnerException is InvalidOperationException));
        Assert.Equal(180, writes.Count(write => write.IsCompletedSuccessfully));
        Assert.Equal(Enumerable.Range(0, 200).Where(i => i % 10 != 3), database.Read(db => db.GetCollection<Note>("notes").FindAll().Select(note => int.Parse(note.Id, System.Globalization.CultureInfo.InvariantCulture)).Order().ToList()));
    }

    [Fact]
    public async Task A_duplicate_key_reaches_the_caller_and_the_next_write_works()
    {
        await using var database = Database.Open(_folder.Path);
        Task Insert() => database.WriteAsync(db => db.GetCollection<Note>("notes").Insert(new Note { Id = "1" }), Cancel);
        await Insert();

        var exception = await Assert.ThrowsAsync<LiteException>(Insert);

        Assert.Equal(LiteException.INDEX_DUPLICATE_KEY, exception.ErrorCode);
        await database.WriteAsync(db => db.GetCollection<Note>("notes").Insert(new Note { Id = "2" }), Cancel);
        Assert.Equal(2, database.Read(db => db.GetCollection<Note>("notes").Count()));
    }

    [Fact]
    public async Task A_second_opening_of_the_same_folder_is_refused_and_says_what_to_do()
    {
        await using var database = Database.Open(_folder.Path);

        var exception = Assert.Throws<DataFolderInUseException>(() => Database.Open(_folder.Path));

        Assert.Contains(_folder.Path, exception.Message, StringComparison.Ordinal);
        Assert.Contains("RUNNER_DATA_DIR", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("truncated")]
    [InlineData("zeroed page")]
    [InlineData("emptied")]
    public async Task A_damaged_file_is_refused_by_name_and_can_be_tried_again(string damage)
    {
        await using (var database = Database.Open(_folder.Path))
        {
            await database.WriteAsync(db => db.GetCollection<Note>("notes").InsertBulk(Enumerable.Range(0, 500).Select(i => new Note { Id = $"{i}", Text = new string('x', 500) })), Cancel);
        }

        var file = _folder.File("runner.db");
        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        Assert.True(bytes.Length > 20 * 8192);
        switch (damage)
        {
            case "garbage":
                new Random(1).NextBytes(bytes);
                break;
            case "truncated":
                bytes = bytes[..(bytes.Length / 2)];
                break;
            case "zeroed page":
                Array.Clear(bytes, 8192, 8192 * 4);
                break;
            default:
                bytes = [];
                await File.WriteAllBytesAsync(_folder.File("runner-log.db"), new byte[8192], Cancel);
                break;
        }

        await File.WriteAllBytesAsync(file, bytes, Cancel);

        var first = Assert.Throws<DatabaseDamagedException>(() => Database.Open(_folder.Path));
        Assert.Contains(file, first.Message, StringComparison.Ordinal);
        Assert.Throws<DatabaseDamagedException>(() => Database.Open(_folder.Path));
    }

    [Fact]
    public async Task A_log_cut_in_the_middle_of_a_page_loses_only_what_was_not_acknowledged()
    {
        await using (var child = await StorageChild.StartAsync(_folder, Cancel))
        {
            await Eventually.TrueAsync(() => child.Acknowledged().Count > 50, "fifty acknowledged writes");
            child.Kill();
            await child.EndedAsync(Cancel);
        }

        await using (var log = new FileStream(_folder.File("runner-log.db"), FileMode.Append))
        {
            await log.WriteAsync(new byte[5000], Cancel);
        }

        await using var database = Database.Open(_folder.Path);
        Assert.True(database.Read(db => db.GetCollection("acknowledged").Count()) > 50);
    }

    [Fact]
    public async Task Reads_go_on_while_writes_and_checkpoints_happen()
    {
        await using var database = Database.Open(_folder.Path);
        await database.WriteAsync(db => db.GetCollection<Note>("notes").Insert(new Note { Id = "first" }), Cancel);
        var stop = false;
        var reader = Task.Run(() =>
        {
            var reads = 0;
            while (!Volatile.Read(ref stop))
            {
                Assert.NotNull(database.Read(db => db.GetCollection<Note>("notes").FindById("first")));
                reads++;
            }

            return reads;
        }, Cancel);

        // Twelve megabytes: more than the log may grow to before it is carried over.
        for (var i = 0; i < 60; i++)
        {
            var number = i;
            await database.WriteAsync(db => db.GetCollection<Note>("notes").Insert(new Note { Id = $"{number}", Text = new string('y', 200_000) }), Cancel);
        }

        Volatile.Write(ref stop, true);
        Assert.True(await reader > 0);
        Assert.True(new FileInfo(_folder.File("runner-log.db")).Length < 10 * 1024 * 1024, "the log was never carried over");
        Assert.Equal(61, database.Read(db => db.GetCollection<Note>("notes").Count()));
    }

    internal sealed record Note
    {
        public string Id { get; set; } = "";

        public string Text { get; set; } = "";

        public string Empty { get; set; } = "";

        public DateTime At { get; set; }
    }
}
