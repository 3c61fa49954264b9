using System.Security.Claims;
using LiteDB;
using Runner.Engine;
using Runner.Engine.Storage;

namespace Runner.Web.Identity;

/// <summary>Who did what, when, to what and how it ended. Kept in the database, pruned by age (<c>RUNNER_KEEP_AUDIT_DAYS</c>), and the
/// oldest entries dropped beyond <see cref="Capacity"/>.</summary>
public sealed class AuditLog
{
    /// <summary>Most entries kept.</summary>
    public const int Capacity = 200_000;

    // Entries are dropped in lots, so that not every write pays for it.
    private const int Lot = 500;

    // Of an id; the rest is the time.
    private const int RandomBits = 20;

    private const int MostLookedAt = 20_000;

    internal const string Collection = "audit";

    private readonly IStateStore _state;
    private readonly TimeProvider _time;
    private readonly int _capacity;
    private long _lastId;
    private int _count;

    /// <summary>Opens the log in <paramref name="state"/>.</summary>
    public AuditLog(IStateStore state, TimeProvider time)
        : this(state, time, Capacity)
    {
    }

    internal AuditLog(IStateStore state, TimeProvider time, int capacity)
    {
        _state = state;
        _time = time;
        _capacity = capacity;
        (_count, _lastId) = state.Read(db => db.GetCollection(Collection) is var entries && entries.Find(Query.All(Query.Descending), 0, 1).FirstOrDefault() is { } last
            ? (entries.Count(), last["_id"].AsInt64)
            : (0, 0L));
    }

    /// <summary>Adds an act of a signed-in user; returns when it is on disk.</summary>
    /// <param name="user">Who; the address is the one the session was signed in from.</param>
    /// <param name="action">One of <see cref="AuditActions"/>.</param>
    /// <param name="detail">Without secrets.</param>
    public Task WriteAsync(ClaimsPrincipal user, string action, string target, AuditOutcome outcome, AuditDetail detail, CancellationToken cancellationToken) =>
        WriteAsync(user.Identity?.Name ?? "", user.FindFirstValue(ConsoleClaims.RemoteAddress) ?? "", action, target, outcome, detail, cancellationToken);

    /// <summary>Adds an act of somebody who is not signed in, such as a refused sign-in; returns when it is on disk.</summary>
    public Task WriteAsync(
        string who, string remoteAddress, string action, string target, AuditOutcome outcome, AuditDetail detail, CancellationToken cancellationToken)
    {
        var document = NewDocument(who, remoteAddress, action, target, outcome, detail);
        var drop = Interlocked.Increment(ref _count) % Lot == 0;
        return _state.WriteAnywayAsync(
            transaction =>
            {
                var entries = transaction.Collection(Collection);
                entries.Insert(document);
                return drop && entries.Find(Query.All(Query.Descending), _capacity, 1) is [var oldest] ? entries.DeleteMany(Query.LTE("_id", oldest["_id"])) : 0;
            },
            cancellationToken);
    }

    /// <summary>Adds what the program itself did, together with what else a transaction changes.</summary>
    internal void Write(StateTransaction transaction, string action, string target, AuditOutcome outcome, AuditDetail detail) =>
        transaction.Collection(Collection).Insert(NewDocument("system", "", action, target, outcome, detail));

    /// <summary>The newest entries first.</summary>
    /// <param name="take">At most so many, 1 to <see cref="Capacity"/>.</param>
    public IReadOnlyList<AuditEntry> Read(int take, int skip = 0) => _state.Read(database =>
        database.GetCollection(Collection, BsonAutoId.Int64).Find(Query.All(Query.Descending), skip, take).Select(FromDocument).ToList());

    /// <summary>Reads on from a place in an order. Looks at a bounded number of entries at a time: a page may be empty though there is a next one.</summary>
    /// <param name="take">At most so many.</param>
    /// <param name="after">From <see cref="AuditPage.Next"/> of the same order; null to begin.</param>
    /// <param name="reverse">Whether the order is turned round.</param>
    public AuditPage Read(AuditFilter filter, int take, string? after = null, AuditOrder order = AuditOrder.Time, bool reverse = false) => _state.Read(database =>
    {
        var key = AuditKey.Of(order);
        var found = new List<AuditEntry>();
        BsonDocument? last = null;
        var looked = 0;
        foreach (var document in database.GetCollection(Collection, BsonAutoId.Int64).Find(key.From(after, reverse), 0, MostLookedAt))
        {
            looked++;
            last = document;
            if (FromDocument(document) is var entry && filter.Takes(entry))
            {
                found.Add(entry);
                if (found.Count == take)
                {
                    return new AuditPage(found, key.PlaceOf(document, database.Collation));
                }
            }
        }

        return new AuditPage(found, looked == MostLookedAt ? key.PlaceOf(last!, database.Collation) : null);
    });

    /// <summary>Removes what happened before a moment.</summary>
    /// <returns>How many entries were removed.</returns>
    public async Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        // Entries are in the order of time: up to the first one that stays everything goes.
        var last = _state.Read(database => database.GetCollection(Collection).Find(Query.All(Query.Ascending))
            .TakeWhile(entry => entry["time"].AsDateTime.ToUniversalTime() < before.UtcDateTime).Select(entry => entry["_id"].AsInt64).LastOrDefault(-1));
        return last < 0 ? 0 : await _state.WriteAsync(transaction => transaction.Collection(Collection).DeleteMany(Query.LTE("_id", last)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The time in milliseconds and a random part: ids of several replicas are different, and in the order of time. Those of one process grow, also within a
    /// millisecond and when the clock is set back.
    /// </summary>
    private long NextId(DateTimeOffset now)
    {
        var id = (now.ToUnixTimeMilliseconds() << RandomBits) + Random.Shared.Next(1 << RandomBits);
        while (true)
        {
            var last = Interlocked.Read(ref _lastId);
            var next = Math.Max(id, last + 1);
            if (Interlocked.CompareExchange(ref _lastId, next, last) == last)
            {
                return next;
            }
        }
    }

    private BsonDocument NewDocument(string who, string remoteAddress, string action, string target, AuditOutcome outcome, AuditDetail detail)
    {
        var now = _time.GetUtcNow();
        return new()
        {
            ["_id"] = NextId(now),
            ["time"] = now.UtcDateTime,
            ["who"] = who,
            ["action"] = action,
            ["target"] = target,
            ["outcome"] = outcome.ToString(),
            ["remote"] = remoteAddress,
            // In words too: for the programs of before, and for those that do not know the sentence.
            ["detail"] = AuditWords.Say(detail).English,
            ["sentence"] = detail.Sentence.ToString(),
            ["facts"] = new BsonArray(detail.Facts.Select(fact => new BsonValue(fact))),
        };
    }

    private static AuditEntry FromDocument(BsonDocument document) => new(
        new DateTimeOffset(document["time"].AsDateTime.ToUniversalTime()),
        document["who"].AsString,
        document["action"].AsString,
        document["target"].AsString,
        Enum.Parse<AuditOutcome>(document["outcome"].AsString),
        document["remote"].AsString,
        DetailOf(document));

    private static LocalText DetailOf(BsonDocument document) => Enum.TryParse<AuditSentence>(document["sentence"].AsString, out var sentence)
        ? AuditWords.Say(new AuditDetail(sentence, [.. document["facts"].AsArray.Select(fact => fact.AsString)]))
        : AuditWords.Recognise(document["detail"].AsString);
}
