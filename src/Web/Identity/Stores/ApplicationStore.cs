using System.Collections.Immutable;
using System.Globalization;
using LiteDB;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using Runner.Engine.Storage;

namespace Runner.Web.Identity.Stores;

/// <summary>Clients of the token server.</summary>
internal sealed class ApplicationStore(IStateStore state)
    : LiteStore<ApplicationEntity>(state, Collections.Applications), IOpenIddictApplicationStore<ApplicationEntity>
{
    public ValueTask<ApplicationEntity?> FindByClientIdAsync(string identifier, CancellationToken cancellationToken) =>
        FindAsync(nameof(ApplicationEntity.ClientId), identifier, cancellationToken);

    public IAsyncEnumerable<ApplicationEntity> FindByRedirectUriAsync(string uri, CancellationToken cancellationToken) =>
        Read(Query.All()).Where(application => application.RedirectUris.Contains(uri)).ToAsyncEnumerable();

    public IAsyncEnumerable<ApplicationEntity> FindByPostLogoutRedirectUriAsync(string uri, CancellationToken cancellationToken) =>
        Read(Query.All()).Where(application => application.PostLogoutRedirectUris.Contains(uri)).ToAsyncEnumerable();

    public ValueTask<string?> GetApplicationTypeAsync(ApplicationEntity application, CancellationToken cancellationToken) => new(application.ApplicationType);

    public ValueTask<string?> GetClientIdAsync(ApplicationEntity application, CancellationToken cancellationToken) => new(application.ClientId);

    public ValueTask<string?> GetClientSecretAsync(ApplicationEntity application, CancellationToken cancellationToken) => new(application.ClientSecret);

    public ValueTask<string?> GetClientTypeAsync(ApplicationEntity application, CancellationToken cancellationToken) => new(application.ClientType);

    public ValueTask<string?> GetConsentTypeAsync(ApplicationEntity application, CancellationToken cancellationToken) => new(application.ConsentType);

    public ValueTask<string?> GetDisplayNameAsync(ApplicationEntity application, CancellationToken cancellationToken) => new(application.DisplayName);

    public ValueTask<ImmutableDictionary<CultureInfo, string>> GetDisplayNamesAsync(ApplicationEntity application, CancellationToken cancellationToken) =>
        new(ToNames(application.DisplayNames));

    public ValueTask<JsonWebKeySet?> GetJsonWebKeySetAsync(ApplicationEntity application, CancellationToken cancellationToken) =>
        new(string.IsNullOrEmpty(application.JsonWebKeySet) ? null : JsonWebKeySet.Create(application.JsonWebKeySet));

    public ValueTask<ImmutableArray<string>> GetPermissionsAsync(ApplicationEntity application, CancellationToken cancellationToken) =>
        new([.. application.Permissions]);

    public ValueTask<ImmutableArray<string>> GetPostLogoutRedirectUrisAsync(ApplicationEntity application, CancellationToken cancellationToken) =>
        new([.. application.PostLogoutRedirectUris]);

    public ValueTask<ImmutableArray<string>> GetRedirectUrisAsync(ApplicationEntity application, CancellationToken cancellationToken) =>
        new([.. application.RedirectUris]);

    public ValueTask<ImmutableArray<string>> GetRequirementsAsync(ApplicationEntity application, CancellationToken cancellationToken) =>
        new([.. application.Requirements]);

    public ValueTask<ImmutableDictionary<string, string>> GetSettingsAsync(ApplicationEntity application, CancellationToken cancellationToken) =>
        new(application.Settings.ToImmutableDictionary());

    public ValueTask SetApplicationTypeAsync(ApplicationEntity application, string? type, CancellationToken cancellationToken) =>
        Done(application.ApplicationType = type);

    public ValueTask SetClientIdAsync(ApplicationEntity application, string? identifier, CancellationToken cancellationToken) =>
        Done(application.ClientId = identifier);

    public ValueTask SetClientSecretAsync(ApplicationEntity application, string? secret, CancellationToken cancellationToken) =>
        Done(application.ClientSecret = secret);

    public ValueTask SetClientTypeAsync(ApplicationEntity application, string? type, CancellationToken cancellationToken) =>
        Done(application.ClientType = type);

    public ValueTask SetConsentTypeAsync(ApplicationEntity application, string? type, CancellationToken cancellationToken) =>
        Done(application.ConsentType = type);

    public ValueTask SetDisplayNameAsync(ApplicationEntity application, string? name, CancellationToken cancellationToken) =>
        Done(application.DisplayName = name);

    public ValueTask SetDisplayNamesAsync(ApplicationEntity application, ImmutableDictionary<CultureInfo, string> names, CancellationToken cancellationToken) =>
        Done(application.DisplayNames = ToDictionary(names));

    public ValueTask SetJsonWebKeySetAsync(ApplicationEntity application, JsonWebKeySet? set, CancellationToken cancellationToken) =>
        Done(application.JsonWebKeySet = set is null ? null : System.Text.Json.JsonSerializer.Serialize(set));

    public ValueTask SetPermissionsAsync(ApplicationEntity application, ImmutableArray<string> permissions, CancellationToken cancellationToken) =>
        Done(application.Permissions = ToList(permissions));

    public ValueTask SetPostLogoutRedirectUrisAsync(ApplicationEntity application, ImmutableArray<string> uris, CancellationToken cancellationToken) =>
        Done(application.PostLogoutRedirectUris = ToList(uris));

    public ValueTask SetRedirectUrisAsync(ApplicationEntity application, ImmutableArray<string> uris, CancellationToken cancellationToken) =>
        Done(application.RedirectUris = ToList(uris));

    public ValueTask SetRequirementsAsync(ApplicationEntity application, ImmutableArray<string> requirements, CancellationToken cancellationToken) =>
        Done(application.Requirements = ToList(requirements));

    public ValueTask SetSettingsAsync(ApplicationEntity application, ImmutableDictionary<string, string> settings, CancellationToken cancellationToken) =>
        Done(application.Settings = settings?.ToDictionary() ?? []);

    protected override void DeleteDependents(StateTransaction db, ApplicationEntity entity)
    {
        db.Collection(Collections.Tokens).DeleteMany(Query.EQ(nameof(TokenEntity.ApplicationId), entity.Id));
        db.Collection(Collections.Authorizations).DeleteMany(Query.EQ(nameof(AuthorizationEntity.ApplicationId), entity.Id));
    }

    protected override (string Field, string? Value) UniqueBy(ApplicationEntity entity) => (nameof(ApplicationEntity.ClientId), entity.ClientId);
}
