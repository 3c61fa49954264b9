using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using LiteDB;
using OpenIddict.Abstractions;
using Runner.Engine.Storage;

namespace Runner.Web.Identity.Stores;

#pragma warning disable CA1822 // Members that need no state are still members: the store interfaces ask for them.

/// <summary>What the four stores of the token server have in common: one collection each, and updates that hold against the concurrency token.</summary>
internal abstract class LiteStore<TEntity>(IStateStore state, string collection)
    where TEntity : StoredEntity, new()
{
    protected IStateStore State { get; } = state;

    public ValueTask<long> CountAsync(CancellationToken cancellationToken) =>
        new(State.Read(db => db.GetCollection(collection).LongCount()));

    public ValueTask<long> CountAsync<TResult>(Func<IQueryable<TEntity>, IQueryable<TResult>> query, CancellationToken cancellationToken) =>
        new(query(Read(Query.All()).AsQueryable()).LongCount());

    public ValueTask<TResult?> GetAsync<TState, TResult>(
        Func<IQueryable<TEntity>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken) =>
        new(query(Read(Query.All()).AsQueryable(), state).FirstOrDefault());

    public IAsyncEnumerable<TEntity> ListAsync(int? count, int? offset, CancellationToken cancellationToken) =>
        Read(Query.All(), offset ?? 0, count ?? int.MaxValue).ToAsyncEnumerable();

    public IAsyncEnumerable<TResult> ListAsync<TState, TResult>(
        Func<IQueryable<TEntity>, TState, IQueryable<TResult>> query, TState state, CancellationToken cancellationToken) =>
        query(Read(Query.All()).AsQueryable(), state).ToList().ToAsyncEnumerable();

    public ValueTask<TEntity?> FindByIdAsync(string identifier, CancellationToken cancellationToken) => FindAsync("_id", identifier, cancellationToken);

    public ValueTask<TEntity> InstantiateAsync(CancellationToken cancellationToken) => new(new TEntity());

    public async ValueTask CreateAsync(TEntity entity, CancellationToken cancellationToken)
    {
        var document = Collections.ToDocument(entity);
        var (field, value) = UniqueBy(entity);
        await State.WriteAsync(
            db =>
            {
                // Asked in the transaction: of two that make the same at once, at whichever replicas, one is refused.
                var entities = db.Collection(collection);
                return field.Length > 0 && entities.Exists(Query.EQ(field, value))
                    ? throw new OpenIddictExceptions.ConcurrencyException($"A {typeof(TEntity).Name} '{value}' was made by somebody else meanwhile.")
                    : entities.Insert(document);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stores the object where it is still as it was read: the comparison and the write are one step on the writer thread.</summary>
    public async ValueTask UpdateAsync(TEntity entity, CancellationToken cancellationToken)
    {
        var expected = entity.ConcurrencyToken;
        var document = Collections.ToDocument(entity);
        var next = NewConcurrencyToken();
        document[nameof(StoredEntity.ConcurrencyToken)] = next;
        await ChangeAsync(entity, expected, (db, entities) => entities.Update(document), cancellationToken).ConfigureAwait(false);
        entity.ConcurrencyToken = next;
    }

    public async ValueTask DeleteAsync(TEntity entity, CancellationToken cancellationToken) => await ChangeAsync(
        entity,
        entity.ConcurrencyToken,
        (db, entities) =>
        {
            DeleteDependents(db, entity);
            return entities.Delete(entity.Id);
        },
        cancellationToken).ConfigureAwait(false);

    public ValueTask<string?> GetIdAsync(TEntity entity, CancellationToken cancellationToken) => new(entity.Id);

    public ValueTask<ImmutableDictionary<string, JsonElement>> GetPropertiesAsync(TEntity entity, CancellationToken cancellationToken) => new(
        string.IsNullOrEmpty(entity.Properties)
            ? ImmutableDictionary<string, JsonElement>.Empty
            : System.Text.Json.JsonSerializer.Deserialize<ImmutableDictionary<string, JsonElement>>(entity.Properties)!);

    public ValueTask SetPropertiesAsync(TEntity entity, ImmutableDictionary<string, JsonElement> properties, CancellationToken cancellationToken) =>
        Done(entity.Properties = properties is not { Count: > 0 } ? null : System.Text.Json.JsonSerializer.Serialize(properties));

    /// <summary>The field by which an object is known to people, which is given once, and its value; empty for none.</summary>
    protected virtual (string Field, string? Value) UniqueBy(TEntity entity) => ("", null);

    /// <summary>Removes what makes no sense without the object, in the same transaction.</summary>
    protected virtual void DeleteDependents(StateTransaction db, TEntity entity)
    {
    }

    /// <summary>An assignment that is an answer.</summary>
    protected static ValueTask Done<T>(T assigned)
    {
        _ = assigned;
        return ValueTask.CompletedTask;
    }

    protected static string NewConcurrencyToken() => Guid.NewGuid().ToString("N");

    protected static List<string> ToList(ImmutableArray<string> values) => values.IsDefaultOrEmpty ? [] : [.. values];

    protected static Dictionary<string, string> ToDictionary(ImmutableDictionary<CultureInfo, string>? names) =>
        names?.ToDictionary(name => name.Key.Name, name => name.Value) ?? [];

    protected static ImmutableDictionary<CultureInfo, string> ToNames(Dictionary<string, string> names) =>
        names.ToImmutableDictionary(name => CultureInfo.GetCultureInfo(name.Key), name => name.Value);

    protected static DateTimeOffset? ToOffset(DateTime? date) => date is { } known ? new DateTimeOffset(known.ToUniversalTime()) : null;

    /// <summary>Finds by a field that is unique. What is not known here may have been made at another replica a moment ago: the cluster is asked before it is said to be nothing.</summary>
    protected async ValueTask<TEntity?> FindAsync(string field, string value, CancellationToken cancellationToken)
    {
        if (First(field, value) is { } found)
        {
            return found;
        }

        await State.FreshenAsync(cancellationToken).ConfigureAwait(false);
        return First(field, value);
    }

    private TEntity? First(string field, string value) => Read(Query.EQ(field, value), 0, 1).FirstOrDefault();

    protected List<TEntity> Read(BsonExpression where) => Read(new Query { Where = { where } });

    protected List<TEntity> Read(Query query, int skip = 0, int take = int.MaxValue) => State.Read(db =>
        db.GetCollection(collection).Find(query, skip, take).Select(Collections.ToEntity<TEntity>).ToList());

    protected List<TEntity> Read(BsonExpression where, int skip, int take) => Read(new Query { Where = { where } }, skip, take);

    private async Task ChangeAsync(
        TEntity entity, string expected, Func<StateTransaction, StateCollection, bool> change, CancellationToken cancellationToken)
    {
        var changed = await State.WriteAsync(
            db =>
            {
                var entities = db.Collection(collection);
                return entities.FindById(entity.Id) is { } known
                    && known[nameof(StoredEntity.ConcurrencyToken)].AsString == expected
                    && change(db, entities);
            },
            cancellationToken).ConfigureAwait(false);
        if (!changed)
        {
            throw new OpenIddictExceptions.ConcurrencyException(
                $"The {typeof(TEntity).Name} was changed or removed by somebody else meanwhile. Read it again and repeat the change.");
        }
    }
}
