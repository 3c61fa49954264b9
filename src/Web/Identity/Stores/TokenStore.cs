using LiteDB;
using OpenIddict.Abstractions;
using Runner.Engine.Storage;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Runner.Web.Identity.Stores;

/// <summary>Codes and tokens of the token server.</summary>
internal sealed class TokenStore(IStateStore state, TimeProvider time)
    : LiteStore<TokenEntity>(state, Collections.Tokens), IOpenIddictTokenStore<TokenEntity>
{
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(1);

    public IAsyncEnumerable<TokenEntity> FindAsync(string? subject, string? client, string? status, string? type, CancellationToken cancellationToken) =>
        Read(Fields(subject, client, status, type)).ToAsyncEnumerable();

    public IAsyncEnumerable<TokenEntity> FindByApplicationIdAsync(string identifier, CancellationToken cancellationToken) =>
        Read(Query.EQ(nameof(TokenEntity.ApplicationId), identifier)).ToAsyncEnumerable();

    public IAsyncEnumerable<TokenEntity> FindByAuthorizationIdAsync(string identifier, CancellationToken cancellationToken) =>
        Read(Query.EQ(nameof(TokenEntity.AuthorizationId), identifier)).ToAsyncEnumerable();

    public IAsyncEnumerable<TokenEntity> FindBySubjectAsync(string subject, CancellationToken cancellationToken) =>
        Read(Query.EQ(nameof(TokenEntity.Subject), subject)).ToAsyncEnumerable();

    public ValueTask<TokenEntity?> FindByReferenceIdAsync(string identifier, CancellationToken cancellationToken) =>
        FindAsync(nameof(TokenEntity.ReferenceId), identifier, cancellationToken);

    /// <summary>Removes tokens older than <paramref name="threshold"/> that nobody can use any more.</summary>
    public async ValueTask<long> PruneAsync(DateTimeOffset threshold, CancellationToken cancellationToken)
    {
        var before = threshold.UtcDateTime;
        var now = time.GetUtcNow().UtcDateTime;
        return await State.WriteAsync(
            db =>
            {
                var authorizations = db.Collection(Collections.Authorizations);
                var tokens = db.Collection(Collections.Tokens);
                var gone = tokens.FindAll().Select(Collections.ToEntity<TokenEntity>)
                    .Where(token => IsUseless(token, now) || (token.CreationDate?.ToUniversalTime() < before
                        && (token.Status is not (Statuses.Inactive or Statuses.Valid)
                            || token.ExpirationDate?.ToUniversalTime() < now
                            || !HasValidAuthorization(authorizations, token))))
                    .ToList();
                foreach (var token in gone)
                {
                    tokens.Delete(token.Id);
                }

                return (long)gone.Count;
            },
            cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<long> RevokeAsync(string? subject, string? client, string? status, string? type, CancellationToken cancellationToken) =>
        Match.RevokeAsync(State, Collections.Tokens, Fields(subject, client, status, type), cancellationToken);

    public ValueTask<long> RevokeByApplicationIdAsync(string identifier, CancellationToken cancellationToken) =>
        RevokeAsync(null, identifier, null, null, cancellationToken);

    public ValueTask<long> RevokeByAuthorizationIdAsync(string identifier, CancellationToken cancellationToken) =>
        Match.RevokeAsync(State, Collections.Tokens, Match.Fields((nameof(TokenEntity.AuthorizationId), identifier)), cancellationToken);

    public ValueTask<long> RevokeBySubjectAsync(string subject, CancellationToken cancellationToken) =>
        RevokeAsync(subject, null, null, null, cancellationToken);

    public ValueTask<string?> GetApplicationIdAsync(TokenEntity token, CancellationToken cancellationToken) => new(token.ApplicationId);

    public ValueTask<string?> GetAuthorizationIdAsync(TokenEntity token, CancellationToken cancellationToken) => new(token.AuthorizationId);

    public ValueTask<DateTimeOffset?> GetCreationDateAsync(TokenEntity token, CancellationToken cancellationToken) => new(ToOffset(token.CreationDate));

    public ValueTask<DateTimeOffset?> GetExpirationDateAsync(TokenEntity token, CancellationToken cancellationToken) => new(ToOffset(token.ExpirationDate));

    public ValueTask<string?> GetPayloadAsync(TokenEntity token, CancellationToken cancellationToken) => new(token.Payload);

    public ValueTask<DateTimeOffset?> GetRedemptionDateAsync(TokenEntity token, CancellationToken cancellationToken) => new(ToOffset(token.RedemptionDate));

    public ValueTask<string?> GetReferenceIdAsync(TokenEntity token, CancellationToken cancellationToken) => new(token.ReferenceId);

    public ValueTask<string?> GetStatusAsync(TokenEntity token, CancellationToken cancellationToken) => new(token.Status);

    public ValueTask<string?> GetSubjectAsync(TokenEntity token, CancellationToken cancellationToken) => new(token.Subject);

    public ValueTask<string?> GetTypeAsync(TokenEntity token, CancellationToken cancellationToken) => new(token.Type);

    public ValueTask SetApplicationIdAsync(TokenEntity token, string? identifier, CancellationToken cancellationToken) => Done(token.ApplicationId = identifier);

    public ValueTask SetAuthorizationIdAsync(TokenEntity token, string? identifier, CancellationToken cancellationToken) => Done(token.AuthorizationId = identifier);

    public ValueTask SetCreationDateAsync(TokenEntity token, DateTimeOffset? date, CancellationToken cancellationToken) => Done(token.CreationDate = date?.UtcDateTime);

    public ValueTask SetExpirationDateAsync(TokenEntity token, DateTimeOffset? date, CancellationToken cancellationToken) =>
        Done(token.ExpirationDate = date?.UtcDateTime);

    public ValueTask SetPayloadAsync(TokenEntity token, string? payload, CancellationToken cancellationToken) => Done(token.Payload = payload);

    public ValueTask SetRedemptionDateAsync(TokenEntity token, DateTimeOffset? date, CancellationToken cancellationToken) =>
        Done(token.RedemptionDate = date?.UtcDateTime);

    public ValueTask SetReferenceIdAsync(TokenEntity token, string? identifier, CancellationToken cancellationToken) => Done(token.ReferenceId = identifier);

    public ValueTask SetStatusAsync(TokenEntity token, string? status, CancellationToken cancellationToken) => Done(token.Status = status);

    public ValueTask SetSubjectAsync(TokenEntity token, string? subject, CancellationToken cancellationToken) => Done(token.Subject = subject);

    public ValueTask SetTypeAsync(TokenEntity token, string? type, CancellationToken cancellationToken) => Done(token.Type = type);

    // Programs ask for access tokens all day. One that has ended can be neither used nor used twice; codes and refresh tokens are remembered longer.
    private static bool IsUseless(TokenEntity token, DateTime now) => token.Type == TokenTypeIdentifiers.AccessToken && token.ExpirationDate?.ToUniversalTime() + Remembered < now;

    private static bool HasValidAuthorization(StateCollection authorizations, TokenEntity token) =>
        token.AuthorizationId is null || authorizations.FindById(token.AuthorizationId)?[nameof(AuthorizationEntity.Status)].AsString == Statuses.Valid;

    private static Query Fields(string? subject, string? client, string? status, string? type) => Match.Fields(
        (nameof(TokenEntity.Subject), subject), (nameof(TokenEntity.ApplicationId), client), (nameof(TokenEntity.Status), status), (nameof(TokenEntity.Type), type));
}
