using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>A change that a replica made alone and that is not there any more, because of what others did meanwhile.</summary>
/// <param name="Before">What it was made from; null for a new one.</param>
/// <param name="After">What it made of it; null for a removal.</param>
public sealed record StateLeft(string Collection, BsonDocument? Before, BsonDocument? After);

/// <summary>
/// Brings what a replica did alone to what the others did meanwhile. What the others have not touched becomes what it became alone. What was changed at both sides is as the
/// others have it, but for fields that only one side has changed where a collection is merged by them; what was removed at either side is gone. What was added and has a
/// number gets the next one; a name that is taken stays with whoever of the others has it.
/// </summary>
internal sealed class StateMeeting
{
    private readonly Dictionary<string, Action<StateCollection, BsonDocument, BsonDocument?>> _guards = new(StringComparer.Ordinal);
    private readonly List<Action<StateTransaction, IReadOnlyList<StateLeft>>> _witnesses = [];

    /// <summary>Asks before a document of a collection is changed or removed; what throws is not done.</summary>
    public void Guard(string collection, Action<StateCollection, BsonDocument, BsonDocument?> guard) => _guards.Add(collection, guard);

    /// <summary>Tells what was left, in the same transaction.</summary>
    public void Witness(Action<StateTransaction, IReadOnlyList<StateLeft>> witness) => _witnesses.Add(witness);

    /// <summary>Does again what was done alone.</summary>
    /// <param name="transaction">On what the others have.</param>
    /// <param name="alone">In the order in which it was done.</param>
    /// <returns>What was not done.</returns>
    public IReadOnlyList<StateLeft> Bring(StateTransaction transaction, IReadOnlyList<PendingChange> alone)
    {
        var left = new List<StateLeft>();
        var leftIds = new HashSet<(string Collection, BsonValue Id)>();
        foreach (var (name, rule) in StateCollections.All.Where(pair => !pair.Value.IsOwn))
        {
            var documents = transaction.Collection(name);
            foreach (var change in alone.Where(change => change.Collection == name))
            {
                if (rule.BelongsTo is { } owner && change.After is { } owned && leftIds.Contains((owner.Collection, owned[owner.Field])))
                {
                    left.Add(new(name, change.Before, change.After));
                }
                else if (!Take(documents, rule, change))
                {
                    left.Add(new(name, change.Before, change.After));
                    leftIds.Add((name, change.Id));
                }
            }
        }

        if (left.Count > 0)
        {
            _witnesses.ForEach(witness => witness(transaction, left));
        }

        return left;
    }

    private static bool Same(BsonDocument? one, BsonDocument? other) => one is null || other is null ? one is null && other is null : one.CompareTo(other) == 0;

    /// <returns>False where something of the change is left.</returns>
    private bool Take(StateCollection documents, StateRule rule, PendingChange change)
    {
        var current = documents.FindById(change.Id);
        if (Same(current, change.After))
        {
            return true;
        }

        if (rule.IsNumbered && change.Before is null && change.After is { } added)
        {
            var last = documents.Find(Query.All(Query.Descending), 0, 1) is [var newest] ? newest["_id"] : change.Id.IsInt32 ? new BsonValue(0) : new BsonValue(0L);
            added["_id"] = last.IsInt32 ? new BsonValue(last.AsInt32 + 1) : new BsonValue(last.AsInt64 + 1);
            documents.Insert(added);
            return true;
        }

        if (Same(current, change.Before))
        {
            return May(documents, rule, current, change.After) && Put(documents, change.Id, change.After);
        }

        if (change.After is not { } after)
        {
            return rule.IsRemovalKept && May(documents, rule, current, null) && Put(documents, change.Id, null);
        }

        if (!rule.ByField || current is null)
        {
            return false;
        }

        var (merged, whole) = Merge(rule, change.Before ?? [], current, after);
        return Same(merged, current) ? whole : May(documents, rule, current, merged) && Put(documents, change.Id, merged) && whole;
    }

    /// <summary>Changes what only one side has changed; of the rest the others' counts.</summary>
    private static (BsonDocument Merged, bool Whole) Merge(StateRule rule, BsonDocument before, BsonDocument current, BsonDocument after)
    {
        var merged = new BsonDocument(current.ToDictionary(field => field.Key, field => field.Value));
        var whole = true;
        foreach (var field in after.Keys.Where(field => after[field] != before[field] && after[field] != current[field]))
        {
            if (current[field] == before[field])
            {
                merged[field] = after[field];
            }
            else
            {
                whole &= rule.Quiet.Contains(field);
            }
        }

        return (merged, whole);
    }

    private bool May(StateCollection documents, StateRule rule, BsonDocument? current, BsonDocument? after)
    {
        if (rule.Unique is { } field && after?[field] is { IsString: true } value
            && documents.FindAll().Exists(other => other["_id"] != after["_id"] && other[field].IsString && other[field].AsString.Equals(value.AsString, StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        if (current is null || !_guards.TryGetValue(documents.Name, out var guard))
        {
            return true;
        }

        try
        {
            guard(documents, current, after);
            return true;
        }
#pragma warning disable CA1031 // Whatever it has against it, it stays as the others have it, and that is told.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    private static bool Put(StateCollection documents, BsonValue id, BsonDocument? document)
    {
        if (document is null)
        {
            documents.Delete(id);
        }
        else
        {
            documents.Upsert(document);
        }

        return true;
    }
}
