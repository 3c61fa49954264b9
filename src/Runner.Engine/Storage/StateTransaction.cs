using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>One transaction on the state: what it reads and changes. Not thread-safe; of no use after the transaction.</summary>
public sealed class StateTransaction
{
    private readonly ILiteDatabase _database;
    private readonly StateChanges? _record;

    /// <param name="record">Takes down what is changed; null where nobody else has to know.</param>
    internal StateTransaction(ILiteDatabase database, StateChanges? record = null) => (_database, _record) = (database, record);

    /// <param name="name">One of <see cref="StateCollections"/>.</param>
    public StateCollection Collection(string name) => _record is null || StateCollections.All.ContainsKey(name)
        ? new(_database.GetCollection(name), name, _record)
        : throw new ArgumentException($"The collection '{name}' is not among those that replicas share.", nameof(name));
}

/// <summary>A collection of documents in a <see cref="StateTransaction"/>.</summary>
public sealed class StateCollection
{
    private readonly ILiteCollection<BsonDocument> _documents;
    private readonly string _name;
    private readonly StateChanges? _record;

    internal StateCollection(ILiteCollection<BsonDocument> documents, string name, StateChanges? record) => (_documents, _name, _record) = (documents, name, record);

    /// <summary>One of <see cref="StateCollections"/>.</summary>
    public string Name => _name;

    /// <summary>The document with that id; null where there is none.</summary>
    public BsonDocument? FindById(BsonValue id) => _documents.FindById(id);

    public List<BsonDocument> FindAll() => [.. _documents.FindAll()];

    public List<BsonDocument> Find(BsonExpression where) => [.. _documents.Find(where)];

    public List<BsonDocument> Find(Query query, int skip = 0, int take = int.MaxValue) => [.. _documents.Find(query, skip, take)];

    public bool Exists(BsonExpression where) => _documents.Exists(where);

    /// <summary>Adds a document, which must have its id already: every replica must come to the same one.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="LiteException">There is one with that id.</exception>
    public BsonValue Insert(BsonDocument document)
    {
        if (document["_id"].IsNull)
        {
            throw new ArgumentException("The document has no _id.", nameof(document));
        }

        _record?.Begin(_name, document["_id"], () => null);
        _documents.Insert(document);
        _record?.Put(_name, document);
        return document["_id"];
    }

    /// <returns>False where there is no document with that id.</returns>
    public bool Update(BsonDocument document)
    {
        Begin(document["_id"]);
        if (!_documents.Update(document))
        {
            return false;
        }

        _record?.Put(_name, document);
        return true;
    }

    public bool Upsert(BsonDocument document)
    {
        Begin(document["_id"]);
        var added = _documents.Upsert(document);
        _record?.Put(_name, document);
        return added;
    }

    /// <returns>False where there is no document with that id.</returns>
    public bool Delete(BsonValue id)
    {
        Begin(id);
        if (!_documents.Delete(id))
        {
            return false;
        }

        _record?.Remove(_name, id);
        return true;
    }

    /// <returns>How many were deleted.</returns>
    public int DeleteMany(BsonExpression where) => Find(where).Count(document => Delete(document["_id"]));

    private void Begin(BsonValue id) => _record?.Begin(_name, id, () => _documents.FindById(id));
}
