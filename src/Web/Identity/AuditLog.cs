using System.Security.Claims;
using LiteDB;
using Runner.Engine.Storage;

namespace Runner.Web.Identity;

/// <summary>Who did what, when, to what and how it ended. Kept in the database, the oldest entries dropped beyond <see cref="Capacity"/>.</summary>
public sealed class AuditLog
{
    /// <summary>Most entries kept.</summary>
    public const int Capacity = 20_000;

    // Entries are dropped in lots, so that not every write pays for it.
    private const int Lot = 500;

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

    private static AuditEntry FromDocument(BsonDocument document) => new(
        new DateTimeOffset(document["time"].AsDateTime.ToUniversalTime()),
        document["who"].AsString,
        document["action"].AsString,
        document["target"].AsString,
        Enum.Parse<AuditOutcome>(document["outcome"].AsString),
        document["remote"].AsString,
        document["detail"].AsString);
}
