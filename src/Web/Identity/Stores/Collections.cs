using LiteDB;
using Runner.Engine.Storage;

namespace Runner.Web.Identity.Stores;

/// <summary>Names of the token server's collections and the mapping of their documents.</summary>
internal static class Collections
{
    public const string Applications = "openid_applications";
    public const string Authorizations = "openid_authorizations";
    public const string Scopes = "openid_scopes";
    public const string Tokens = "openid_tokens";

    // A mapper of our own: the shared one trims strings, and building a mapping is not safe on two threads at once.
    private static readonly BsonMapper Mapper = Warm(new BsonMapper { TrimWhitespace = false, EmptyStringToNull = false });

    private static readonly (string Collection, string[] Fields)[] Indexes =
    [
        (Applications, [nameof(ApplicationEntity.ClientId)]),
        (Authorizations, [nameof(AuthorizationEntity.Subject), nameof(AuthorizationEntity.ApplicationId)]),
        (Scopes, [nameof(ScopeEntity.Name)]),
        (Tokens, [nameof(TokenEntity.ReferenceId), nameof(TokenEntity.Subject), nameof(TokenEntity.AuthorizationId), nameof(TokenEntity.ApplicationId)]),
    ];

    public static BsonDocument ToDocument<TEntity>(TEntity entity)
        where TEntity : StoredEntity => Mapper.ToDocument(entity);

    public static TEntity ToEntity<TEntity>(BsonDocument document)
        where TEntity : StoredEntity => Mapper.ToObject<TEntity>(document);

    /// <summary>Makes the indexes that lookups go by.</summary>
    public static Task EnsureIndexesAsync(Database database, CancellationToken cancellationToken) => database.WriteAsync(
        db =>
        {
            foreach (var (collection, fields) in Indexes)
            {
                foreach (var field in fields)
                {
                    db.GetCollection(collection).EnsureIndex(field);
                }
            }

            return true;
        },
        cancellationToken);

    private static BsonMapper Warm(BsonMapper mapper)
    {
        mapper.ToObject<ApplicationEntity>(mapper.ToDocument(new ApplicationEntity()));
        mapper.ToObject<AuthorizationEntity>(mapper.ToDocument(new AuthorizationEntity()));
        mapper.ToObject<ScopeEntity>(mapper.ToDocument(new ScopeEntity()));
        mapper.ToObject<TokenEntity>(mapper.ToDocument(new TokenEntity()));
        return mapper;
    }
}
