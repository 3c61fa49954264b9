using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>What became of a document while the cluster could not be asked.</summary>
/// <param name="Number">Grows with each change.</param>
/// <param name="Before">As it was before; null where there was none.</param>
/// <param name="After">As it is; null where it was removed.</param>
internal sealed record PendingChange(long Number, string Collection, BsonValue Id, BsonDocument? Before, BsonDocument? After);

/// <summary>
/// The changes that a replica made alone and has to bring to the others: of each document one, but for those that are on their way, so that they take no more room than what
/// was changed, however long it lasts. Used by the writer of the database alone.
/// </summary>
internal sealed class StatePending
{
    private const string Collection = "state_pending";

    private long _last;
    private long _handed;

    public StatePending(Database database) => _last = database.Read(Read) is [.., var newest] ? newest.Number : 0;

    /// <summary>The number of the newest one; 0 before the first.</summary>
    public long Last => Interlocked.Read(ref _last);

    /// <summary>All of them, in their order.</summary>
    public static IReadOnlyList<PendingChange> Read(ILiteDatabase db) =>
        [.. db.GetCollection(Collection).FindAll().SelectMany(Changes).OrderBy(change => change.Number)];

    /// <summary>Up to this number they are on their way: what is changed meanwhile is a change of its own.</summary>
    public void Hand(long upTo) => Interlocked.Exchange(ref _handed, upTo);

    /// <summary>Adds what a transaction has changed.</summary>
    public void Note(ILiteDatabase db, StateChanges changes)
    {
        var rows = db.GetCollection(Collection);
        foreach (var change in changes.All)
        {
            var (key, known) = Find(rows, $"{change.Collection}/{JsonSerializer.Serialize(change.Id)}");
            var before = known is null ? change.Before : Optional(known["was"]);
            if (before is null && change.Document is null)
            {
                rows.Delete(key);
                continue;
            }

            rows.Upsert(new BsonDocument
            {
                ["_id"] = key,
                ["n"] = Interlocked.Increment(ref _last),
                ["in"] = change.Collection,
                ["id"] = change.Id,
                ["was"] = before ?? BsonValue.Null,
                ["is"] = change.Document ?? BsonValue.Null,
            });
        }
    }

    /// <summary>Forgets all of them.</summary>
    public static void Clear(ILiteDatabase db) => db.GetCollection(Collection).DeleteAll();

    /// <summary>The row that takes one more change of a document, or the key of a new one.</summary>
    private (string Key, BsonDocument? Row) Find(ILiteCollection<BsonDocument> rows, string key)
    {
        while (rows.FindById(key) is { } row)
        {
            if (row["n"].AsInt64 > Interlocked.Read(ref _handed))
            {
                return (key, row);
            }

            key += "#";
        }

        return (key, null);
    }

    /// <summary>A runner before this one kept each transaction as an entry, and did alone only what is new.</summary>
    private static IEnumerable<PendingChange> Changes(BsonDocument row) => row["entry"] is { IsBinary: true } entry
        ? StateEncoding.ReadEntries(entry.AsBinary).SelectMany(old => old.Changes).Select(change => new PendingChange(row["_id"].AsInt64, change.Collection, change.Id, null, change.Document))
        : [new(row["n"].AsInt64, row["in"].AsString, row["id"], Optional(row["was"]), Optional(row["is"]))];

    private static BsonDocument? Optional(BsonValue value) => value.IsDocument ? value.AsDocument : null;
}
