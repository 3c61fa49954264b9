using System.Globalization;
using LiteDB;
using Runner.Engine.Storage;

namespace Runner.Web.Identity;

/// <summary>What entries of the audit log are ordered by; the newest first of those that are alike.</summary>
public enum AuditOrder
{
    /// <summary>When it was, the newest first.</summary>
    Time,

    /// <summary>Who did it, by the first 40 letters, without regard to case.</summary>
    Who,

    /// <summary>What was done, by the id of the act.</summary>
    Act,
}

/// <summary>
/// How entries are read in an order, from any place in it: by a key that no two entries have the same of, which the database keeps an index of. A page then costs what is on it,
/// however long the log is.
/// </summary>
/// <param name="Expression">The key, in the words of the database.</param>
/// <param name="Falling">Whether what has the highest key comes first.</param>
internal sealed record AuditKey(BsonExpression Expression, bool Falling)
{
    private const int Letters = 40;

    // The id is the time: what is left of it to the largest one puts the newest first. Of a fixed length, so that a name that another one begins with keeps its entries together.
    private static readonly Dictionary<AuditOrder, AuditKey> All = new()
    {
        [AuditOrder.Time] = new(BsonExpression.Create("$._id"), Falling: true),
        [AuditOrder.Who] = NewestOf("who"),
        [AuditOrder.Act] = NewestOf("action"),
    };

    public static AuditKey Of(AuditOrder order) => All[order];

    /// <summary>Makes the indexes that are missing. A log of an earlier version is read once for it; what is there already costs nothing.</summary>
    public static Task EnsureIndexesAsync(Database database, CancellationToken cancellationToken) => database.WriteAsync(
        db =>
        {
            foreach (var (order, key) in All.Where(one => one.Key != AuditOrder.Time))
            {
                db.GetCollection(AuditLog.Collection).EnsureIndex($"by_{order}", key.Expression);
            }

            return true;
        },
        cancellationToken);

    /// <summary>Everything behind a place, in the order or its reverse.</summary>
    /// <param name="after">From <see cref="PlaceOf"/>; null, or what no place can be, for the beginning.</param>
    public Query From(string? after, bool reverse)
    {
        var falling = Falling != reverse;
        var query = new Query { OrderBy = Expression, Order = falling ? Query.Descending : Query.Ascending };
        if (Read(after) is { } place)
        {
            query.Where.Add(BsonExpression.Create($"{Expression.Source} {(falling ? '<' : '>')} @0", place));
        }

        return query;
    }

    /// <summary>Where an entry stands, for <see cref="From"/>; of use also when the entry is gone.</summary>
    public string PlaceOf(BsonDocument entry, Collation collation) =>
        Expression.ExecuteScalar(entry, collation) is { IsString: true } key ? key.AsString : entry["_id"].AsInt64.ToString(CultureInfo.InvariantCulture);

    private BsonValue? Read(string? after) =>
        string.IsNullOrEmpty(after) ? null
        : this != All[AuditOrder.Time] ? new BsonValue(after)
        : long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? new BsonValue(id) : null;

    private static AuditKey NewestOf(string field) =>
        new(BsonExpression.Create(string.Create(CultureInfo.InvariantCulture, $"SUBSTRING(RPAD($.{field},{Letters},' '),0,{Letters})+LPAD(STRING({long.MaxValue}-$._id),19,'0')")), Falling: false);
}

/// <summary>Sees to it at every start that the audit log can be read in each of its orders.</summary>
internal sealed class AuditIndexes(Database database) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => AuditKey.EnsureIndexesAsync(database, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
