using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>This process's copy of the shared state, in its own database, and how far it has come.</summary>
internal sealed class StateReplica
{
    private const string Facts = "state_replica";
    private const string Pending = "state_pending";
    private const int ChunkBytes = 768 * 1024;

    private readonly Database _database;

    public StateReplica(Database database)
    {
        _database = database;
        var known = database.Read(db => db.GetCollection(Facts).FindById(1));
        (Journal, Position, WentAlone) = known is null ? ("", -1, false) : (known["journal"].AsString, known["position"].AsInt64, known["alone"].AsBoolean);
    }

    /// <summary>Which state it is a copy of; empty for none.</summary>
    public string Journal { get; private set; }

    /// <summary>How far it has come; -1 for nothing.</summary>
    public long Position { get; private set; }

    /// <summary>Whether the folder was used by a process alone since: it may have gone on from <see cref="Position"/> by itself.</summary>
    public bool WentAlone { get; private set; }

    /// <summary>Notes that a process uses the folder alone from now on.</summary>
    public static void GoAlone(Database database)
    {
        if (database.Read(db => db.GetCollection(Facts).FindById(1)) is { } known && !known["alone"].AsBoolean)
        {
            known["alone"] = true;
            database.WriteAsync(db => db.GetCollection(Facts).Update(known), CancellationToken.None).GetAwaiter().GetResult();
        }
    }

    /// <summary>Runs writes on the copy without keeping what they do.</summary>
    /// <returns>What they change; of one that threw, which, and why: then nothing is known of the others.</returns>
    public async Task<(StateChanges Changes, SharedWrite? Failed, Exception? Failure)> TryAsync(IReadOnlyList<SharedWrite> writes)
    {
        var changes = new StateChanges();
        SharedWrite? failed = null;
        try
        {
            await _database.WriteAsync<bool>(
                db =>
                {
                    var transaction = new StateTransaction(db, changes);
                    foreach (var write in writes)
                    {
                        failed = write;
                        write.Run(transaction);
                    }

                    failed = null;
                    throw new TriedException();
                },
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (TriedException)
        {
            return (changes, null, null);
        }
        catch (Exception exception) when (failed is not null)
        {
            return (changes, failed, exception);
        }

        throw new InvalidOperationException("A trial was kept.");
    }

    /// <summary>Takes entries over, in their order. When it returns they are on the disk: what all replicas have is not left half taken.</summary>
    /// <param name="whole">Whether they are all there is: what else the copy holds goes.</param>
    /// <param name="pending">What was <see cref="DoAloneAsync">done alone</see> up to this number is among them.</param>
    public async Task ApplyAsync(IReadOnlyCollection<StateEntry> entries, bool whole, string journal, long position, long pending = 0)
    {
        await _database.WriteAsync(
            db =>
            {
                foreach (var name in whole ? StateCollections.All.Where(pair => pair.Value is null).Select(pair => pair.Key) : [])
                {
                    db.GetCollection(name).DeleteAll();
                }

                foreach (var change in entries.SelectMany(entry => entry.Changes).Where(change => StateCollections.All.ContainsKey(change.Collection)))
                {
                    if (change.Document is { } document)
                    {
                        db.GetCollection(change.Collection).Upsert(document);
                    }
                    else
                    {
                        db.GetCollection(change.Collection).Delete(change.Id);
                    }
                }

                if (pending > 0)
                {
                    db.GetCollection(Pending).DeleteMany(Query.LTE("_id", pending));
                }

                return db.GetCollection(Facts).Upsert(new BsonDocument { ["_id"] = 1, ["journal"] = journal, ["position"] = position, ["alone"] = false });
            },
            CancellationToken.None).ConfigureAwait(false);
        (Journal, Position, WentAlone) = (journal, position, false);
    }

    /// <summary>Carries a write out here, and notes what it changed until it can be handed on.</summary>
    /// <param name="handOn">False where there is nobody to hand it on to.</param>
    public Task<T> DoAloneAsync<T>(Func<StateTransaction, T> write, bool handOn, CancellationToken cancellationToken) => _database.WriteAsync(
        db =>
        {
            var changes = new StateChanges();
            var result = write(new StateTransaction(db, changes));
            if (handOn && changes.Count > 0)
            {
                var entry = StateEncoding.Write([new StateEntry("", 0, changes.All)]);
                db.GetCollection(Pending, BsonAutoId.Int64).Insert(new BsonDocument { ["entry"] = entry });
            }

            return result;
        },
        cancellationToken);

    /// <summary>What was done alone and not handed on yet; null for nothing.</summary>
    public (StateChanges Changes, long UpTo)? ReadPending()
    {
        var documents = _database.Read(db => db.GetCollection(Pending, BsonAutoId.Int64).FindAll().ToList());
        if (documents.Count == 0)
        {
            return null;
        }

        var changes = new StateChanges();
        foreach (var change in documents.SelectMany(document => StateEncoding.ReadEntries(document["entry"].AsBinary)).SelectMany(entry => entry.Changes))
        {
            if (change.Document is { } document)
            {
                changes.Put(change.Collection, document);
            }
            else
            {
                changes.Remove(change.Collection, change.Id);
            }
        }

        return (changes, documents[^1]["_id"].AsInt64);
    }

    /// <summary>The whole copy, in pieces that fit into a Secret.</summary>
    public IReadOnlyList<byte[]> ReadWhole(long position)
    {
        var pieces = new List<byte[]>();
        var piece = new StateChanges();
        var size = 0;
        foreach (var (name, newest) in StateCollections.All)
        {
            var query = newest is null ? Query.All() : Query.All(Query.Descending);
            foreach (var document in _database.Read(db => db.GetCollection(name).Find(query, 0, newest ?? int.MaxValue).ToList()))
            {
                piece.Put(name, document);
                size += BsonSerializer.Serialize(document).Length;
                if (size > ChunkBytes)
                {
                    Close();
                }
            }
        }

        Close();
        return pieces;

        void Close()
        {
            pieces.Add(StateEncoding.Write([new StateEntry("", position, piece.All)]));
            (piece, size) = (new StateChanges(), 0);
        }
    }

    /// <summary>Changes the copy before it becomes the beginning of a shared state.</summary>
    public Task PrepareAsync(Action<StateTransaction> prepare, CancellationToken cancellationToken) => _database.WriteAsync(
        db =>
        {
            prepare(new StateTransaction(db));
            return true;
        },
        cancellationToken);

    /// <summary>Undoes a transaction that was only to be tried.</summary>
    private sealed class TriedException : Exception;
}
