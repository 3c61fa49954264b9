using LiteDB;
using Runner.Engine.Storage;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Runner.Web.Identity.Stores;

/// <summary>Finding and revoking by some of the fields.</summary>
internal static class Match
{
    /// <summary>A query for documents in which every field that is not null has that value.</summary>
    public static Query Fields(params ReadOnlySpan<(string Field, string? Value)> fields)
    {
        var query = new Query();
        foreach (var (field, value) in fields)
        {
            if (value is not null)
            {
                query.Where.Add(Query.EQ(field, value));
            }
        }

        return query;
    }

    /// <summary>Marks every document that the query finds as revoked.</summary>
    /// <returns>How many there were.</returns>
    public static async ValueTask<long> RevokeAsync(IStateStore state, string collection, Query query, CancellationToken cancellationToken) =>
        await state.WriteAsync(
            db =>
            {
                var documents = db.Collection(collection);
                var found = documents.Find(query);
                foreach (var document in found)
                {
                    document[nameof(TokenEntity.Status)] = Statuses.Revoked;
                    document[nameof(StoredEntity.ConcurrencyToken)] = Guid.NewGuid().ToString("N");
                    documents.Update(document);
                }

                return (long)found.Count;
            },
            cancellationToken).ConfigureAwait(false);
}
