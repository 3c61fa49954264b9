using LiteDB;
using LiteDB.Engine;

namespace Runner.Engine.Storage;

/// <summary>
/// LiteDB's engine, with a note of which documents changed while somebody wants to know. Notes are of committed changes only, and are made after the commit: who takes
/// a note and then reads the document sees at least that change.
/// </summary>
internal sealed class RecordingEngine(LiteEngine engine) : ILiteEngine
{
    private readonly Lock _lock = new();
    private readonly Changes _open = new();
    private Changes? _committed;
    private bool _inTransaction;

    /// <summary>Takes notes from now on. Called on the writer thread, outside of transactions.</summary>
    public void Record()
    {
        lock (_lock)
        {
            _committed = new();
        }
    }

    /// <summary>Gives out what was noted since the last time, or since <see cref="Record"/>.</summary>
    public Changes Take()
    {
        lock (_lock)
        {
            var taken = _committed ?? new();
            _committed = new();
            return taken;
        }
    }

    /// <summary>Takes no more notes.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _committed = null;
        }
    }

    public int Checkpoint() => engine.Checkpoint();

    public long Rebuild(RebuildOptions options) => throw new NotSupportedException("LiteDB rebuilds files, and has streams here.");

    public bool BeginTrans() => _inTransaction = engine.BeginTrans();

    public bool Commit()
    {
        var done = engine.Commit();
        _inTransaction = false;
        Publish();
        return done;
    }

    public bool Rollback()
    {
        _inTransaction = false;
        _open.Clear();
        return engine.Rollback();
    }

    public IBsonDataReader Query(string collection, Query query) => engine.Query(collection, query);

    public int Insert(string collection, IEnumerable<BsonDocument> docs, BsonAutoId autoId) =>
        Noted(collection, docs.ToList(), list => engine.Insert(collection, list, autoId));

    public int Update(string collection, IEnumerable<BsonDocument> docs) => Noted(collection, docs.ToList(), list => engine.Update(collection, list));

    public int Upsert(string collection, IEnumerable<BsonDocument> docs, BsonAutoId autoId) =>
        Noted(collection, docs.ToList(), list => engine.Upsert(collection, list, autoId));

    public int Delete(string collection, IEnumerable<BsonValue> ids)
    {
        var list = ids.ToList();
        var deleted = engine.Delete(collection, list);
        Note(collection, list);
        return deleted;
    }

    /// <param name="predicate">Null for all, as LiteDB's own <c>DeleteAll</c> says it.</param>
    public int DeleteMany(string collection, BsonExpression? predicate)
    {
        var query = new Query { Select = "{i: _id}", ForUpdate = true };
        if (predicate is not null)
        {
            query.Where.Add(predicate);
        }

        var ids = new List<BsonValue>();
        using (var reader = engine.Query(collection, query))
        {
            while (reader.Read())
            {
                ids.Add(reader.Current["i"]);
            }
        }

        return ids.Count == 0 ? 0 : Delete(collection, ids);
    }

    public int UpdateMany(string collection, BsonExpression transform, BsonExpression predicate) => Remade(engine.UpdateMany(collection, transform, predicate));

    public bool DropCollection(string name) => Remade(engine.DropCollection(name));

    public bool RenameCollection(string name, string newName) => Remade(engine.RenameCollection(name, newName));

    public bool EnsureIndex(string collection, string name, BsonExpression expression, bool unique) => Remade(engine.EnsureIndex(collection, name, expression, unique));

    public bool DropIndex(string collection, string name) => Remade(engine.DropIndex(collection, name));

    public BsonValue Pragma(string name) => engine.Pragma(name);

    public bool Pragma(string name, BsonValue value) => Remade(engine.Pragma(name, value));

    public void Dispose() => engine.Dispose();

    private int Noted(string collection, List<BsonDocument> documents, Func<List<BsonDocument>, int> act)
    {
        // Ids are given while they are inserted.
        var done = act(documents);
        Note(collection, documents.Select(document => document["_id"]));
        return done;
    }

    private void Note(string collection, IEnumerable<BsonValue> ids)
    {
        if (Volatile.Read(ref _committed) is null)
        {
            return;
        }

        _open.Add(collection, ids);
        if (!_inTransaction)
        {
            Publish();
        }
    }

    /// <summary>Notes that more than documents may have changed.</summary>
    private bool Remade(bool changed)
    {
        if (changed && Volatile.Read(ref _committed) is not null)
        {
            _open.Remade = true;
            if (!_inTransaction)
            {
                Publish();
            }
        }

        return changed;
    }

    private int Remade(int changed)
    {
        Remade(changed > 0);
        return changed;
    }

    private void Publish()
    {
        lock (_lock)
        {
            _committed?.Add(_open);
        }

        _open.Clear();
    }
}

/// <summary>Documents that changed, by collection.</summary>
internal sealed class Changes
{
    private readonly Dictionary<string, HashSet<BsonValue>> _ids = new(StringComparer.Ordinal);

    /// <summary>How many documents.</summary>
    public int Count => _ids.Values.Sum(ids => ids.Count);

    /// <summary>True when collections, indexes or settings changed, so that a note of documents does not tell everything.</summary>
    public bool Remade { get; set; }

    public IEnumerable<(string Collection, IReadOnlyCollection<BsonValue> Ids)> All => _ids.Select(entry => (entry.Key, (IReadOnlyCollection<BsonValue>)entry.Value));

    public void Add(string collection, IEnumerable<BsonValue> ids)
    {
        if (!_ids.TryGetValue(collection, out var known))
        {
            _ids[collection] = known = [];
        }

        known.UnionWith(ids);
    }

    public void Add(Changes other)
    {
        Remade |= other.Remade;
        foreach (var (collection, ids) in other.All)
        {
            Add(collection, ids);
        }
    }

    public void Clear()
    {
        _ids.Clear();
        Remade = false;
    }
}
