using System.Collections.Immutable;
using System.Globalization;
using LiteDB;
using OpenIddict.Abstractions;
using Runner.Engine.Storage;

namespace Runner.Web.Identity.Stores;

/// <summary>Scopes of the token server.</summary>
internal sealed class ScopeStore(IStateStore state)
    : LiteStore<ScopeEntity>(state, Collections.Scopes), IOpenIddictScopeStore<ScopeEntity>
{
    public ValueTask<ScopeEntity?> FindByNameAsync(string name, CancellationToken cancellationToken) => FindAsync(nameof(ScopeEntity.Name), name, cancellationToken);

    public IAsyncEnumerable<ScopeEntity> FindByNamesAsync(ImmutableArray<string> names, CancellationToken cancellationToken) =>
        Read(Query.In(nameof(ScopeEntity.Name), names.Select(name => new BsonValue(name)))).ToAsyncEnumerable();

    public IAsyncEnumerable<ScopeEntity> FindByResourceAsync(string resource, CancellationToken cancellationToken) =>
        Read(Query.All()).Where(scope => scope.Resources.Contains(resource)).ToAsyncEnumerable();

    public ValueTask<string?> GetDescriptionAsync(ScopeEntity scope, CancellationToken cancellationToken) => new(scope.Description);

    public ValueTask<ImmutableDictionary<CultureInfo, string>> GetDescriptionsAsync(ScopeEntity scope, CancellationToken cancellationToken) =>
        new(ToNames(scope.Descriptions));

    public ValueTask<string?> GetDisplayNameAsync(ScopeEntity scope, CancellationToken cancellationToken) => new(scope.DisplayName);

    public ValueTask<ImmutableDictionary<CultureInfo, string>> GetDisplayNamesAsync(ScopeEntity scope, CancellationToken cancellationToken) =>
        new(ToNames(scope.DisplayNames));

    public ValueTask<string?> GetNameAsync(ScopeEntity scope, CancellationToken cancellationToken) => new(scope.Name);

    public ValueTask<ImmutableArray<string>> GetResourcesAsync(ScopeEntity scope, CancellationToken cancellationToken) => new([.. scope.Resources]);

    public ValueTask SetDescriptionAsync(ScopeEntity scope, string? description, CancellationToken cancellationToken) => Done(scope.Description = description);

    public ValueTask SetDescriptionsAsync(ScopeEntity scope, ImmutableDictionary<CultureInfo, string> descriptions, CancellationToken cancellationToken) =>
        Done(scope.Descriptions = ToDictionary(descriptions));

    public ValueTask SetDisplayNameAsync(ScopeEntity scope, string? name, CancellationToken cancellationToken) => Done(scope.DisplayName = name);

    public ValueTask SetDisplayNamesAsync(ScopeEntity scope, ImmutableDictionary<CultureInfo, string> names, CancellationToken cancellationToken) =>
        Done(scope.DisplayNames = ToDictionary(names));

    public ValueTask SetNameAsync(ScopeEntity scope, string? name, CancellationToken cancellationToken) => Done(scope.Name = name);

    public ValueTask SetResourcesAsync(ScopeEntity scope, ImmutableArray<string> resources, CancellationToken cancellationToken) =>
        Done(scope.Resources = ToList(resources));

    protected override (string Field, string? Value) UniqueBy(ScopeEntity entity) => (nameof(ScopeEntity.Name), entity.Name);
}
