using LiteDB;
using Runner.Engine.Storage;

namespace Runner.Engine.Hub;

/// <summary>
/// When the hub last took a heartbeat of each cluster, for the next process on the data folder. Where replicas share the state nothing is kept: it would be a call to the API server every interval,
/// and the Lease tells how long nobody spoke.
/// </summary>
internal sealed class HeartbeatTimes(IStateStore state)
{
    private const string Collection = "heartbeats";
    private const string At = "at";

    /// <returns>Null when that is not known.</returns>
    public DateTimeOffset? Find(string cluster) =>
        !state.IsShared && state.Read(db => db.GetCollection(Collection).FindById(cluster)) is { } found ? new(found[At].AsDateTime.ToUniversalTime()) : null;

    /// <exception cref="IOException">The disk refused.</exception>
    public Task NoteAsync(string cluster, DateTimeOffset taken, CancellationToken cancellationToken) => state.IsShared
        ? Task.CompletedTask
        : state.WriteAsync(transaction => transaction.Collection(Collection).Upsert(new BsonDocument { ["_id"] = cluster, [At] = taken.UtcDateTime }), cancellationToken);
}
