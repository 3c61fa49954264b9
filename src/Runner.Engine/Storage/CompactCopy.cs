using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>
/// A copy of the database without the room that deleted documents left, made beside it while it is written to. Documents are read a lot at a time, in the order of
/// their ids; what changes meanwhile is noted by <see cref="RecordingEngine"/> and brought over afterwards.
/// </summary>
internal sealed class CompactCopy(string folder, DatabaseEngine copy) : IDisposable
{
    private const int Lot = 500;
    private const long LargeLog = 4 * 1024 * 1024;

    /// <summary>The finished copy.</summary>
    public DatabaseEngine Engine => copy;

    /// <summary>Begins an empty copy in place of what an earlier attempt left.</summary>
    public static CompactCopy Begin(string folder, BsonMapper mapper)
    {
        Discard(folder);
        return new(folder, DatabaseEngine.Open(folder, mapper, DatabaseFileNames.Compact));
    }

    /// <summary>Removes what an attempt left that did not come to its end.</summary>
    public static void Discard(string folder)
    {
        File.Delete(Path.Combine(folder, DatabaseFileNames.Compact.Data));
        File.Delete(Path.Combine(folder, DatabaseFileNames.Compact.Log));
    }

    /// <summary>Copies everything.</summary>
    /// <param name="database">Is read lot by lot, so that no reader stands long in the way of a checkpoint.</param>
    public void Fill(Database database, CancellationToken cancellationToken)
    {
        copy.Database.UserVersion = database.Read(db => db.UserVersion);
        foreach (var index in database.Read(db => db.Execute("SELECT $ FROM $indexes").ToList().Select(row => row.AsDocument).ToList()))
        {
            // Also where the collection is empty; the index of ids makes the collection by itself.
            if (index["name"] != "_id")
            {
                copy.Database.GetCollection(index["collection"]).EnsureIndex(index["name"], BsonExpression.Create(index["expression"]), index["unique"]);
            }
        }

        foreach (var collection in database.Read(db => db.GetCollectionNames().ToList()))
        {
            Copy(collection, database, cancellationToken);
        }
    }

    /// <summary>Brings over documents as they are now. Their old state goes first, so that it is in nobody's way.</summary>
    public void Apply(Changes changes, Func<string, BsonValue, BsonDocument?> find)
    {
        foreach (var (name, ids) in changes.All)
        {
            var collection = copy.Database.GetCollection(name);
            copy.Database.BeginTrans();
            foreach (var id in ids)
            {
                collection.Delete(id);
            }

            collection.Insert(ids.Select(id => find(name, id)).OfType<BsonDocument>().ToList());
            copy.Database.Commit();
            CheckpointWhenLarge();
        }
    }

    /// <summary>Returns when all of it is in the data file and on the disk, and the log is empty.</summary>
    public void Finish() => copy.Checkpoint();

    public void Dispose()
    {
        copy.Dispose();
        Discard(folder);
    }

    private void Copy(string name, Database database, CancellationToken cancellationToken)
    {
        var collection = copy.Database.GetCollection(name);
        BsonValue last = BsonValue.MinValue;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var from = last;
            var lot = database.Read(db => db.GetCollection(name).Query().Where("_id > @0", from).OrderBy("_id").Limit(Lot).ToList());
            if (lot.Count == 0)
            {
                return;
            }

            copy.Database.BeginTrans();
            collection.Insert(lot);
            copy.Database.Commit();
            CheckpointWhenLarge();
            last = lot[^1]["_id"];
        }
    }

    private void CheckpointWhenLarge()
    {
        if (copy.LogLength > LargeLog)
        {
            copy.Checkpoint();
        }
    }
}
