using System.Security.Claims;
using LiteDB;
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

    private const int MostLookedAt = 20_000;

    private const string Collection = "audit";

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly int _capacity;

    /// <summary>Opens the log in <paramref name="database"/>.</summary>
    public AuditLog(Database database, TimeProvider time)
        : this(database, time, Capacity)
    {
    }

    internal AuditLog(Database database, TimeProvider time, int capacity)
    {
        _database = database;
        _time = time;
        _capacity = capacity;
    }

    /// <summary>Adds an act of a signed-in user; returns when it is on disk.</summary>
    /// <param name="user">Who; the address is the one the session was signed in from.</param>
    /// <param name="action">One of <see cref="AuditActions"/>.</param>
    /// <param name="detail">A sentence for people, without secrets.</param>
    public Task WriteAsync(ClaimsPrincipal user, string action, string target, AuditOutcome outcome, string detail, CancellationToken cancellationToken) =>
        WriteAsync(user.Identity?.Name ?? "", user.FindFirstValue(ConsoleClaims.RemoteAddress) ?? "", action, target, outcome, detail, cancellationToken);

    /// <summary>Adds an act of somebody who is not signed in, such as a refused sign-in; returns when it is on disk.</summary>
    public Task WriteAsync(
        string who, string remoteAddress, string action, string target, AuditOutcome outcome, string detail, CancellationToken cancellationToken)
    {
        var document = new BsonDocument
        {
            ["time"] = _time.GetUtcNow().UtcDateTime,
            ["who"] = who,
            ["action"] = action,
            ["target"] = target,
            ["outcome"] = outcome.ToString(),
            ["remote"] = remoteAddress,
            ["detail"] = detail,
        };
        return _database.WriteAsync(
            database =>
            {
                var entries = database.GetCollection(Collection, BsonAutoId.Int64);
                var id = entries.Insert(document).AsInt64;
                if (id % Lot == 0)
                {
                    entries.DeleteMany(Query.LTE("_id", id - _capacity));
                }

                return id;
            },
            cancellationToken);
    }

    /// <summary>The newest entries first.</summary>
    /// <param name="take">At most so many, 1 to <see cref="Capacity"/>.</param>
    public IReadOnlyList<AuditEntry> Read(int take, int skip = 0) => _database.Read(database =>
        database.GetCollection(Collection, BsonAutoId.Int64).Find(Query.All(Query.Descending), skip, take).Select(FromDocument).ToList());

    /// <summary>Reads on from an entry, the newest first. Looks at a bounded number of entries at a time: a page may be empty though there is a next one.</summary>
    /// <param name="take">At most so many.</param>
    /// <param name="before">From <see cref="AuditPage.Next"/>; null to begin.</param>
    public AuditPage Read(AuditFilter filter, int take, long? before = null) => _database.Read(database =>
    {
        var found = new List<AuditEntry>();
        long? last = null;
        var looked = 0;
        var query = Query.All(Query.Descending);
        if (before is not null)
        {
            query.Where.Add(Query.LT("_id", before.Value));
        }

        foreach (var document in database.GetCollection(Collection, BsonAutoId.Int64).Find(query, 0, MostLookedAt))
        {
            looked++;
            last = document["_id"].AsInt64;
            if (FromDocument(document) is var entry && filter.Takes(entry))
            {
                found.Add(entry);
                if (found.Count == take)
                {
                    return new AuditPage(found, last);
                }
            }
        }

        return new AuditPage(found, looked == MostLookedAt ? last : null);
    });

    /// <summary>Removes what happened before a moment.</summary>
    /// <returns>How many entries were removed.</returns>
    public Task<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken) => _database.WriteAsync(
        database =>
        {
            // Entries are in the order of time: up to the first one that stays everything goes.
            var entries = database.GetCollection(Collection, BsonAutoId.Int64);
            var last = entries.Find(Query.All(Query.Ascending)).TakeWhile(entry => entry["time"].AsDateTime.ToUniversalTime() < before.UtcDateTime).Select(entry => entry["_id"].AsInt64).LastOrDefault(-1);
            return last < 0 ? 0 : entries.DeleteMany(Query.LTE("_id", last));
        },
        cancellationToken);

    private static AuditEntry FromDocument(BsonDocument document) => new(
        new DateTimeOffset(document["time"].AsDateTime.ToUniversalTime()),
        document["who"].AsString,
        document["action"].AsString,
        document["target"].AsString,
        Enum.Parse<AuditOutcome>(document["outcome"].AsString),
        document["remote"].AsString,
        document["detail"].AsString);
}
