using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>What became of a document.</summary>
/// <param name="Document">Null when it was removed.</param>
/// <param name="Before">As it was; null when it is new, and where nobody asked.</param>
internal sealed record StateChange(string Collection, BsonValue Id, BsonDocument? Document, BsonDocument? Before = null);

/// <summary>What one or several transactions changed: of each document what became of it last. Not thread-safe.</summary>
/// <param name="keepsBefore">Whether it is taken down what documents were before.</param>
internal sealed class StateChanges(bool keepsBefore = false)
{
    private readonly Dictionary<(string Collection, BsonValue Id), StateChange> _changes = [];
    private readonly Dictionary<(string Collection, BsonValue Id), BsonDocument?> _before = [];

    public IReadOnlyCollection<StateChange> All => _changes.Values;

    public int Count => _changes.Count;

    /// <summary>Called before a document is changed for the first time, with what it is.</summary>
    public void Begin(string collection, BsonValue id, Func<BsonDocument?> before)
    {
        if (keepsBefore && !_before.ContainsKey((collection, id)))
        {
            _before.Add((collection, id), before());
        }
    }

    public void Put(string collection, BsonDocument document) => Note(collection, document["_id"], Copy(document));

    public void Remove(string collection, BsonValue id) => Note(collection, id, null);

    private void Note(string collection, BsonValue id, BsonDocument? document) => _changes[(collection, id)] = new(collection, id, document, _before.GetValueOrDefault((collection, id)));

    /// <summary>What the caller does to its document afterwards must not change what was written.</summary>
    private static BsonDocument Copy(BsonDocument document) => BsonSerializer.Deserialize(BsonSerializer.Serialize(document));
}

/// <summary>One step of the state, from which every replica comes to the next position.</summary>
/// <param name="Id">Random: by it a replica that got no answer recognises its own.</param>
internal sealed record StateEntry(string Id, long Position, IReadOnlyCollection<StateChange> Changes);

/// <summary>A piece of the state that lies beside the head, in a Secret of its own.</summary>
/// <param name="From">Position of its first entry; 0 for a piece of a whole, which begins with nothing.</param>
/// <param name="UpTo">Position that it leads to.</param>
internal sealed record StatePart(string Name, long From, long UpTo);

/// <summary>
/// Where the state stands. The whole of it is: the parts in their order, then the entries. It lies in one Secret that is never removed, so that writing it against
/// its resourceVersion is the one decision which of several replicas goes next.
/// </summary>
/// <param name="Journal">Random: which state it is, should the Secrets be deleted and another one begin.</param>
internal sealed record StateHead(string Journal, long Position, IReadOnlyList<StatePart> Parts, IReadOnlyList<StateEntry> Entries, IReadOnlyList<string> Recent)
{
    /// <summary>Ids of so many entries are remembered, for those that got no answer.</summary>
    public const int RecentKept = 64;

    /// <summary>With one entry more.</summary>
    public StateHead With(StateEntry entry) => this with
    {
        Position = entry.Position,
        Entries = [.. Entries, entry],
        Recent = [.. Recent.Skip(Math.Max(0, Recent.Count + 1 - RecentKept)), entry.Id],
    };
}
