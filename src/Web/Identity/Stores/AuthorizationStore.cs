using System.Collections.Immutable;
using LiteDB;
using OpenIddict.Abstractions;
using Runner.Engine.Storage;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Runner.Web.Identity.Stores;

/// <summary>Consents of the token server.</summary>
internal sealed class AuthorizationStore(IStateStore state)
    : LiteStore<AuthorizationEntity>(state, Collections.Authorizations), IOpenIddictAuthorizationStore<AuthorizationEntity>
{
    public IAsyncEnumerable<AuthorizationEntity> FindAsync(
        string? subject, string? client, string? status, string? type, ImmutableArray<string>? scopes, CancellationToken cancellationToken) =>
        Read(Match.Fields(
            (nameof(AuthorizationEntity.Subject), subject),
            (nameof(AuthorizationEntity.ApplicationId), client),
            (nameof(AuthorizationEntity.Status), status),
            (nameof(AuthorizationEntity.Type), type)))
        .Where(authorization => scopes is not { } asked || asked.All(authorization.Scopes.Contains))
        .ToAsyncEnumerable();

    public IAsyncEnumerable<AuthorizationEntity> FindByApplicationIdAsync(string identifier, CancellationToken cancellationToken) =>
        Read(Query.EQ(nameof(AuthorizationEntity.ApplicationId), identifier)).ToAsyncEnumerable();

    public IAsyncEnumerable<AuthorizationEntity> FindBySubjectAsync(string subject, CancellationToken cancellationToken) =>
        Read(Query.EQ(nameof(AuthorizationEntity.Subject), subject)).ToAsyncEnumerable();

    /// <summary>Removes consents older than <paramref name="threshold"/> that are no longer valid, and one-time ones whose tokens are all gone.</summary>
    public async ValueTask<long> PruneAsync(DateTimeOffset threshold, CancellationToken cancellationToken)
    {
        var before = threshold.UtcDateTime;
        return await State.WriteAsync(
            db =>
            {
                var tokens = db.Collection(Collections.Tokens);
                var authorizations = db.Collection(Collections.Authorizations);
                var gone = authorizations.Find(Query.LT(nameof(AuthorizationEntity.CreationDate), before)).Select(Collections.ToEntity<AuthorizationEntity>)
                    .ToList()
                    .Where(authorization => authorization.Status != Statuses.Valid
                        || (authorization.Type == AuthorizationTypes.AdHoc && !tokens.Exists(Query.EQ(nameof(TokenEntity.AuthorizationId), authorization.Id))))
                    .ToList();
                foreach (var authorization in gone)
                {
                    DeleteDependents(db, authorization);
                    authorizations.Delete(authorization.Id);
                }

                return (long)gone.Count;
            },
            cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<long> RevokeAsync(string? subject, string? client, string? status, string? type, CancellationToken cancellationToken) => Match.RevokeAsync(
        State,
        Collections.Authorizations,
        Match.Fields(
            (nameof(AuthorizationEntity.Subject), subject),
            (nameof(AuthorizationEntity.ApplicationId), client),
            (nameof(AuthorizationEntity.Status), status),
            (nameof(AuthorizationEntity.Type), type)),
        cancellationToken);

    public ValueTask<long> RevokeByApplicationIdAsync(string identifier, CancellationToken cancellationToken) =>
        RevokeAsync(null, identifier, null, null, cancellationToken);

    public ValueTask<long> RevokeBySubjectAsync(string subject, CancellationToken cancellationToken) =>
        RevokeAsync(subject, null, null, null, cancellationToken);

    public ValueTask<string?> GetApplicationIdAsync(AuthorizationEntity authorization, CancellationToken cancellationToken) => new(authorization.ApplicationId);

    public ValueTask<DateTimeOffset?> GetCreationDateAsync(AuthorizationEntity authorization, CancellationToken cancellationToken) =>
        new(ToOffset(authorization.CreationDate));

    public ValueTask<ImmutableArray<string>> GetScopesAsync(AuthorizationEntity authorization, CancellationToken cancellationToken) =>
        new([.. authorization.Scopes]);

    public ValueTask<string?> GetStatusAsync(AuthorizationEntity authorization, CancellationToken cancellationToken) => new(authorization.Status);

    public ValueTask<string?> GetSubjectAsync(AuthorizationEntity authorization, CancellationToken cancellationToken) => new(authorization.Subject);

    public ValueTask<string?> GetTypeAsync(AuthorizationEntity authorization, CancellationToken cancellationToken) => new(authorization.Type);

    public ValueTask SetApplicationIdAsync(AuthorizationEntity authorization, string? identifier, CancellationToken cancellationToken) =>
        Done(authorization.ApplicationId = identifier);

    public ValueTask SetCreationDateAsync(AuthorizationEntity authorization, DateTimeOffset? date, CancellationToken cancellationToken) =>
        Done(authorization.CreationDate = date?.UtcDateTime);

    public ValueTask SetScopesAsync(AuthorizationEntity authorization, ImmutableArray<string> scopes, CancellationToken cancellationToken) =>
        Done(authorization.Scopes = ToList(scopes));

    public ValueTask SetStatusAsync(AuthorizationEntity authorization, string? status, CancellationToken cancellationToken) =>
        Done(authorization.Status = status);

    public ValueTask SetSubjectAsync(AuthorizationEntity authorization, string? subject, CancellationToken cancellationToken) =>
        Done(authorization.Subject = subject);

    public ValueTask SetTypeAsync(AuthorizationEntity authorization, string? type, CancellationToken cancellationToken) =>
        Done(authorization.Type = type);

    protected override void DeleteDependents(StateTransaction db, AuthorizationEntity entity) =>
        db.Collection(Collections.Tokens).DeleteMany(Query.EQ(nameof(TokenEntity.AuthorizationId), entity.Id));
}
