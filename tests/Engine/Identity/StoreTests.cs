using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using OpenIddict.Abstractions;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Support;
using Runner.Web.Identity.Stores;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Runner.Tests.Engine.Identity;

public sealed class StoreTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private Database _database = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _database = Database.Open(_folder.Path);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Of_many_updates_from_one_state_only_one_succeeds()
    {
        var store = new TokenStore(_database, TimeProvider.System);
        await store.CreateAsync(new TokenEntity { Id = "t", Status = Statuses.Valid }, Cancel);

        var readers = new List<TokenEntity>();
        for (var reader = 0; reader < 32; reader++)
        {
            readers.Add((await store.FindByIdAsync("t", Cancel))!);
        }

        var outcomes = await Task.WhenAll(readers.Select(async (token, number) =>
        {
            await Task.Yield();
            token.Subject = $"writer {number}";
            try
            {
                await store.UpdateAsync(token, Cancel);
                return token.Subject;
            }
            catch (OpenIddictExceptions.ConcurrencyException)
            {
                return null;
            }
        }));

        var winner = Assert.Single(outcomes, outcome => outcome is not null);
        Assert.Equal(winner, (await store.FindByIdAsync("t", Cancel))!.Subject);
    }

    [Fact]
    public async Task What_was_read_before_another_s_change_can_be_neither_updated_nor_deleted()
    {
        var store = new ApplicationStore(_database);
        await store.CreateAsync(new ApplicationEntity { Id = "a", ClientId = "one" }, Cancel);
        var mine = (await store.FindByIdAsync("a", Cancel))!;
        var theirs = (await store.FindByIdAsync("a", Cancel))!;
        theirs.DisplayName = "changed";
        await store.UpdateAsync(theirs, Cancel);

        await Assert.ThrowsAsync<OpenIddictExceptions.ConcurrencyException>(async () => await store.UpdateAsync(mine, Cancel));
        await Assert.ThrowsAsync<OpenIddictExceptions.ConcurrencyException>(async () => await store.DeleteAsync(mine, Cancel));
        await store.DeleteAsync(theirs, Cancel);
        Assert.Null(await store.FindByClientIdAsync("one", Cancel));
    }

    [Fact]
    public async Task Everything_a_client_is_described_with_comes_back_as_it_was_stored()
    {
        var store = new ApplicationStore(_database);
        var application = await store.InstantiateAsync(Cancel);
        var names = ImmutableDictionary<CultureInfo, string>.Empty.Add(new("zh-Hans"), " 命令行 ");
        var properties = JsonSerializer.Deserialize<ImmutableDictionary<string, JsonElement>>("""{"team":{"name":"ops","size":3}}""")!;
        await store.SetClientIdAsync(application, "Cli", Cancel);
        await store.SetClientSecretAsync(application, "", Cancel);
        await store.SetDisplayNamesAsync(application, names, Cancel);
        await store.SetPropertiesAsync(application, properties, Cancel);
        await store.SetRedirectUrisAsync(application, ["http://127.0.0.1/callback", "http://localhost/callback"], Cancel);
        await store.SetSettingsAsync(application, ImmutableDictionary<string, string>.Empty.Add("tkn_lft:act", "00:05:00"), Cancel);
        await store.CreateAsync(application, Cancel);

        var read = (await store.FindByIdAsync(application.Id, Cancel))!;

        Assert.Equal("Cli", await store.GetClientIdAsync(read, Cancel));
        Assert.Equal("", await store.GetClientSecretAsync(read, Cancel));
        Assert.Equal(names, await store.GetDisplayNamesAsync(read, Cancel));
        Assert.Equal(3, (await store.GetPropertiesAsync(read, Cancel))["team"].GetProperty("size").GetInt32());
        Assert.Equal(["http://127.0.0.1/callback", "http://localhost/callback"], await store.GetRedirectUrisAsync(read, Cancel));
        Assert.Equal("00:05:00", (await store.GetSettingsAsync(read, Cancel))["tkn_lft:act"]);
        Assert.Equal(["Cli"], await store.FindByRedirectUriAsync("http://localhost/callback", Cancel).Select(found => found.ClientId!).ToListAsync(Cancel));
    }

    [Fact]
    public async Task A_client_takes_its_consents_and_tokens_along()
    {
        var applications = new ApplicationStore(_database);
        var authorizations = new AuthorizationStore(_database);
        var tokens = new TokenStore(_database, TimeProvider.System);
        var application = new ApplicationEntity { ClientId = "one" };
        await applications.CreateAsync(application, Cancel);
        var authorization = new AuthorizationEntity { ApplicationId = application.Id };
        await authorizations.CreateAsync(authorization, Cancel);
        await tokens.CreateAsync(new TokenEntity { Id = "with", ApplicationId = application.Id, AuthorizationId = authorization.Id }, Cancel);
        await tokens.CreateAsync(new TokenEntity { Id = "other", ApplicationId = "another" }, Cancel);

        await applications.DeleteAsync(application, Cancel);

        Assert.Equal(0, await authorizations.CountAsync(Cancel));
        Assert.Equal(["other"], await tokens.ListAsync(null, null, Cancel).Select(token => token.Id).ToListAsync(Cancel));
    }

    [Fact]
    public async Task Revoking_touches_what_matches_and_outdates_what_was_read_before()
    {
        var tokens = new TokenStore(_database, TimeProvider.System);
        await tokens.CreateAsync(new TokenEntity { Id = "1", Subject = "ann", Status = Statuses.Valid, AuthorizationId = "x" }, Cancel);
        await tokens.CreateAsync(new TokenEntity { Id = "2", Subject = "ann", Status = Statuses.Redeemed }, Cancel);
        await tokens.CreateAsync(new TokenEntity { Id = "3", Subject = "bob", Status = Statuses.Valid }, Cancel);
        var read = (await tokens.FindByIdAsync("1", Cancel))!;

        var revoked = await tokens.RevokeAsync("ann", null, Statuses.Valid, null, Cancel);

        Assert.Equal(1, revoked);
        Assert.Equal(
            [("1", Statuses.Revoked), ("2", Statuses.Redeemed), ("3", Statuses.Valid)],
            (await tokens.ListAsync(null, null, Cancel).ToListAsync(Cancel)).Select(token => (token.Id, token.Status!)).Order());
        await Assert.ThrowsAsync<OpenIddictExceptions.ConcurrencyException>(async () => await tokens.UpdateAsync(read, Cancel));
    }

    [Fact]
    public async Task Pruning_removes_old_ones_that_nobody_can_use_and_keeps_the_rest()
    {
        var now = TimeProvider.System.GetUtcNow();
        var (old, fresh) = (now.AddDays(-30).UtcDateTime, now.UtcDateTime);
        var tokens = new TokenStore(_database, TimeProvider.System);
        var authorizations = new AuthorizationStore(_database);
        await authorizations.CreateAsync(new AuthorizationEntity { Id = "used", CreationDate = old, Status = Statuses.Valid, Type = AuthorizationTypes.AdHoc }, Cancel);
        await authorizations.CreateAsync(new AuthorizationEntity { Id = "unused", CreationDate = old, Status = Statuses.Valid, Type = AuthorizationTypes.AdHoc }, Cancel);
        await authorizations.CreateAsync(new AuthorizationEntity { Id = "revoked", CreationDate = old, Status = Statuses.Revoked }, Cancel);
        await tokens.CreateAsync(new TokenEntity { Id = "in use", CreationDate = old, ExpirationDate = now.AddDays(1).UtcDateTime, Status = Statuses.Valid, AuthorizationId = "used" }, Cancel);
        await tokens.CreateAsync(new TokenEntity { Id = "expired", CreationDate = old, ExpirationDate = old, Status = Statuses.Valid }, Cancel);
        await tokens.CreateAsync(new TokenEntity { Id = "consent revoked", CreationDate = old, Status = Statuses.Valid, AuthorizationId = "revoked" }, Cancel);
        await tokens.CreateAsync(new TokenEntity { Id = "redeemed just now", CreationDate = fresh, Status = Statuses.Redeemed }, Cancel);

        await tokens.PruneAsync(now.AddDays(-15), Cancel);
        await authorizations.PruneAsync(now.AddDays(-15), Cancel);

        Assert.Equal(["in use", "redeemed just now"], (await tokens.ListAsync(null, null, Cancel).ToListAsync(Cancel)).Select(token => token.Id).Order());
        Assert.Equal(["used"], (await authorizations.ListAsync(null, null, Cancel).ToListAsync(Cancel)).Select(authorization => authorization.Id));
    }
}
