using LiteDB;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Storage;

/// <summary>The database gives room back while it is read and written, and whatever happens meanwhile.</summary>
public sealed class CompactionTests : IDisposable
{
    private const int Kept = 50;
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_was_pruned_is_given_back_within_the_hour_and_what_is_left_is_the_same_with_its_indexes()
    {
        await using var database = Database.Open(_folder.Path);
        await FillAsync(database, 1500);
        await database.WriteAsync(db => db.GetCollection("notes").EnsureIndex("Number"), Cancel);
        await database.WriteAsync(db => db.GetCollection("few").Insert(new BsonDocument { ["_id"] = new ObjectId(), ["at"] = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc) }), Cancel);
        var before = new FileInfo(_folder.File("runner.db")).Length;
        var format = database.Read(db => db.UserVersion);
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));
        using var retention = new RetentionService([new Pruned(database)], time, NullLogger<RetentionService>.Instance, database);

        await retention.StartAsync(Cancel);
        await Eventually.TrueAsync(() => database.Status.Compacted is not null, "the database is made smaller");
        await retention.StopAsync(Cancel);

        var after = new FileInfo(_folder.File("runner.db")).Length;
        Assert.True(after < before / 5, $"{before} bytes before, {after} after");
        Assert.True(database.Status.Compacted!.After < database.Status.Compacted.Before / 5);
        await Works(database);
        await database.DisposeAsync();
        Assert.False(File.Exists(_folder.File("runner-compact.db")));

        await using var again = Database.Open(_folder.Path);
        await Works(again);
        Assert.Equal(format, again.Read(db => db.UserVersion));

        async Task Works(Database database)
        {
            Assert.Equal(Enumerable.Range(0, Kept), database.Read(db => db.GetCollection("notes").Query().OrderBy("Number").Select("Number").ToList()).Select(note => note["Number"].AsInt32));
            Assert.Contains("INDEX SEEK(Number", database.Read(db => db.GetCollection("notes").Query().Where("Number = 3").GetPlan()).ToString(), StringComparison.Ordinal);
            Assert.Equal(DateTimeKind.Utc, database.Read(db => db.GetCollection("few").FindAll().Single()["at"].AsDateTime).Kind);
            await database.WriteAsync(db => db.GetCollection("notes").Upsert(Note(3)), Cancel);
        }
    }

    [Fact]
    public async Task Written_and_read_meanwhile_nothing_is_lost_nor_comes_back()
    {
        await using var database = Database.Open(_folder.Path);
        await FillAsync(database, 3000);
        using var stop = new CancellationTokenSource();
        var expected = Enumerable.Range(0, 3000).ToDictionary(number => number, _ => 0);
        var seen = 0;
        var reader = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                Assert.NotNull(database.Read(db => db.GetCollection("notes").FindById(0)));
                seen++;
            }
        }, Cancel);
        var writer = Task.Run(async () =>
        {
            var random = new Random(7);
            for (var i = 1; !stop.IsCancellationRequested; i++)
            {
                var (number, version) = (random.Next(1, 4000), i);
                switch (i % 4)
                {
                    case 0:
                        await database.WriteAsync(db => db.GetCollection("notes").Delete(number), Cancel);
                        expected.Remove(number);
                        break;
                    case 1:
                        // Undone: neither the old file nor the new one may have it.
                        await Assert.ThrowsAsync<InvalidOperationException>(() => database.WriteAsync<int>(
                            db =>
                            {
                                db.GetCollection("notes").Upsert(Note(number, -1));
                                throw new InvalidOperationException();
                            },
                            Cancel));
                        break;
                    case 2:
                        await database.WriteAsync(db => db.GetCollection("notes").DeleteMany("Number = @0", number), Cancel);
                        expected.Remove(number);
                        break;
                    default:
                        await database.WriteAsync(db => db.GetCollection("notes").Upsert(Note(number, version)), Cancel);
                        expected[number] = version;
                        break;
                }
            }
        }, Cancel);

        var done = 0;
        for (var round = 0; round < 5; round++)
        {
            done += await database.CompactAsync(Cancel) is null ? 0 : 1;
        }

        await stop.CancelAsync();
        await Task.WhenAll(reader, writer);

        Assert.Equal(5, done);
        Assert.True(seen > 0);
        Assert.Equal(expected.OrderBy(note => note.Key), Notes(database));
        await database.DisposeAsync();
        await using var again = Database.Open(_folder.Path);
        Assert.Equal(expected.OrderBy(note => note.Key), Notes(again));

        static IEnumerable<KeyValuePair<int, int>> Notes(Database database) =>
            database.Read(db => db.GetCollection("notes").FindAll().ToList()).Select(note => KeyValuePair.Create(note["_id"].AsInt32, note["Version"].AsInt32));
    }

    [Fact]
    public async Task Given_up_in_the_middle_the_database_goes_on_and_leaves_nothing_behind()
    {
        await using var database = Database.Open(_folder.Path);
        await FillAsync(database, 500);
        await File.WriteAllTextAsync(_folder.File("runner-compact.db"), "left by one that died", Cancel);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => database.CompactAsync(stop.Token));
        await database.WriteAsync(db => db.GetCollection("notes").Upsert(Note(500)), Cancel);

        Assert.Equal(501, database.Read(db => db.GetCollection("notes").Count()));
        Assert.NotNull(await database.CompactAsync(Cancel));
        Assert.Equal(501, database.Read(db => db.GetCollection("notes").Count()));
    }

    [Fact]
    public async Task A_small_or_a_full_file_is_left_as_it_is()
    {
        await using var database = Database.Open(_folder.Path);
        await FillAsync(database, 100);
        Assert.Null(await database.CompactIfWorthwhileAsync(Cancel));
        await FillAsync(database, 1500);
        Assert.Null(await database.CompactIfWorthwhileAsync(Cancel));
        Assert.True(database.Status.Room!.UsedBytes > database.Status.Room.FileBytes / 2);
    }

    private static BsonDocument Note(int number, int version = 0) => new() { ["_id"] = number, ["Number"] = number, ["Version"] = version, ["Padding"] = new string('x', 3000) };

    private static async Task FillAsync(Database database, int notes)
    {
        await database.WriteAsync(db => db.GetCollection("notes").Upsert(Enumerable.Range(0, notes).Select(number => Note(number))), Cancel);
        await database.CopyToAsync(Path.Combine(database.Folder, "copy.unfinished"), Cancel);
    }

    private sealed class Pruned(Database database) : IPrunable
    {
        public string What => "notes";

        public TimeSpan KeptFor => TimeSpan.FromDays(1);

        public Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken) => database.WriteAsync(db => db.GetCollection("notes").DeleteMany("_id >= @0", Kept), cancellationToken);
    }
}
