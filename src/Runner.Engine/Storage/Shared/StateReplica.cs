using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>A backup that a data folder was restored from.</summary>
/// <param name="Of">The moment of which it is.</param>
/// <param name="Overwrites">Whether somebody has said that it takes the place of what the replicas share.</param>
/// <param name="Journal">Which state it begins then: once it is there, it has been done.</param>
internal sealed record RestoredState(DateTimeOffset Of, bool Overwrites, string Journal);

/// <summary>This process's copy of the shared state, in its own database, and how far it has come.</summary>
internal sealed class StateReplica
{
    private const string Facts = "state_replica";
    private const string RestoredMark = "state_restored";
    private const int ChunkBytes = 768 * 1024;
    private const int MostHandedBytes = 256 * 1024;

    private readonly Database _database;

    public StateReplica(Database database)
    {
        _database = database;
        Pending = new StatePending(database);
        Restored = database.Read(db => db.GetCollection(RestoredMark).FindById(1)) is { } mark ? new(new DateTimeOffset(mark["of"].AsDateTime.ToUniversalTime()), mark["overwrites"].AsBoolean, mark["journal"].AsString) : null;
        var known = database.Read(db => db.GetCollection(Facts).FindById(1));
        (Journal, Position, WentAlone) = known is null ? ("", -1, false) : (known["journal"].AsString, known["position"].AsInt64, known["alone"].AsBoolean);
    }

    /// <summary>Which state it is a copy of; empty for none.</summary>
    public string Journal { get; private set; }

    /// <summary>How far it has come; -1 for nothing.</summary>
    public long Position { get; private set; }

    /// <summary>Whether the folder was used by a process alone since: it may have gone on from <see cref="Position"/> by itself.</summary>
    public bool WentAlone { get; private set; }

    /// <summary>Of which backup the folder was restored since it was used last; null for none.</summary>
    public RestoredState? Restored { get; private set; }

    /// <summary>What was done alone and is not among what the replicas have.</summary>
    public StatePending Pending { get; }

    /// <summary>Decides what becomes of it.</summary>
    public StateMeeting Meeting { get; } = new();

    /// <summary>Notes in a database that nobody uses that it comes from a backup.</summary>
    public static void MarkRestored(ILiteDatabase database, RestoredState restored) =>
        database.GetCollection(RestoredMark).Upsert(new BsonDocument { ["_id"] = 1, ["of"] = restored.Of.UtcDateTime, ["overwrites"] = restored.Overwrites, ["journal"] = restored.Journal });

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

    /// <summary>
    /// Takes entries over, in their order, under what was done alone and they do not have: that is brought to what there is then. When it returns they are on the disk: what all
    /// replicas have is not left half taken.
    /// </summary>
    /// <param name="whole">Whether they are all there is: what else the copy holds goes.</param>
    /// <param name="handed">What was <see cref="DoAloneAsync">done alone</see> up to this number is among them.</param>
    /// <returns>The collections that may have changed, and what was done alone and is left.</returns>
    public async Task<(IReadOnlySet<string> Changed, IReadOnlyList<StateLeft> Left)> ApplyAsync(
        IReadOnlyCollection<StateEntry> entries, bool whole, string journal, long position, long handed = 0)
    {
        var outcome = await _database.WriteAsync(
            db =>
            {
                var pending = StatePending.Read(db);
                var alone = pending.Where(change => change.Number > handed).ToList();
                Set(db, alone.AsEnumerable().Reverse().Select(change => new StateChange(change.Collection, change.Id, change.Before)));
                foreach (var name in whole ? StateCollections.All.Where(pair => pair.Value.Newest is null).Select(pair => pair.Key) : [])
                {
                    db.GetCollection(name).DeleteAll();
                }

                Set(db, entries.SelectMany(entry => entry.Changes).Where(change => StateCollections.All.ContainsKey(change.Collection)));
                var left = pending.Count > 0 ? Bring(db, alone) : [];
                db.GetCollection(RestoredMark).DeleteAll();
                db.GetCollection(Facts).Upsert(new BsonDocument { ["_id"] = 1, ["journal"] = journal, ["position"] = position, ["alone"] = false });
                IEnumerable<string> changed = whole ? StateCollections.All.Keys : entries.SelectMany(entry => entry.Changes).Select(change => change.Collection).Concat(alone.Select(change => change.Collection));
                return ((IReadOnlySet<string>)changed.ToHashSet(StringComparer.Ordinal), left);
            },
            CancellationToken.None).ConfigureAwait(false);
        (Journal, Position, WentAlone, Restored) = (journal, position, false, null);
        return outcome;
    }

    /// <summary>Carries a write out here, and notes what it changed until it can be handed on.</summary>
    public Task<T> DoAloneAsync<T>(Func<StateTransaction, T> write, CancellationToken cancellationToken) => _database.WriteAsync(
        db =>
        {
            var changes = new StateChanges(keepsBefore: true);
            var result = write(new StateTransaction(db, changes));
            Pending.Note(db, changes);
            return result;
        },
        cancellationToken);

    /// <summary>The oldest of what was done alone, as much as belongs into one entry; null for nothing. What is done from now on is not among it.</summary>
    public (StateChanges Changes, long UpTo)? ReadPending()
    {
        var (changes, size, upTo) = (new StateChanges(), 0, 0L);
        foreach (var change in _database.Read(StatePending.Read))
        {
            upTo = change.Number;
            if (StateCollections.All.TryGetValue(change.Collection, out var rule) && !rule.IsOwn)
            {
                if (change.After is { } document)
                {
                    changes.Put(change.Collection, document);
                    size += BsonSerializer.Serialize(document).Length;
                }
                else
                {
                    changes.Remove(change.Collection, change.Id);
                }
            }

            if (size > MostHandedBytes)
            {
                break;
            }
        }

        return upTo == 0 ? null : (changes, upTo);
    }

    /// <summary>The whole copy, in pieces that fit into a Secret.</summary>
    public IReadOnlyList<byte[]> ReadWhole(long position)
    {
        var pieces = new List<byte[]>();
        var piece = new StateChanges();
        var size = 0;
        foreach (var (name, rule) in StateCollections.All)
        {
            var query = rule.Newest is null ? Query.All() : Query.All(Query.Descending);
            foreach (var document in _database.Read(db => db.GetCollection(name).Find(query, 0, rule.Newest ?? int.MaxValue).ToList()))
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

    private static void Set(ILiteDatabase db, IEnumerable<StateChange> changes)
    {
        foreach (var change in changes)
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
    }

    /// <summary>Does again what was done alone. Of what a new replica would not be given either, the oldest stays here.</summary>
    private IReadOnlyList<StateLeft> Bring(ILiteDatabase db, IReadOnlyList<PendingChange> alone)
    {
        StatePending.Clear(db);
        var stays = alone.GroupBy(change => change.Collection)
            .SelectMany(group => StateCollections.All.TryGetValue(group.Key, out var rule) ? group.Reverse().Skip(rule.Newest ?? int.MaxValue) : group).ToHashSet();
        Set(db, stays.Select(change => new StateChange(change.Collection, change.Id, change.After)));
        var record = new StateChanges(keepsBefore: true);
        var left = Meeting.Bring(new StateTransaction(db, record), [.. alone.Where(change => !stays.Contains(change))]);
        Pending.Note(db, record);
        return left;
    }

    /// <summary>Undoes a transaction that was only to be tried.</summary>
    private sealed class TriedException : Exception;
}
