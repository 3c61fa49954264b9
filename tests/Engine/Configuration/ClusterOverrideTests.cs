using Runner.Engine.Configuration;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Configuration;

/// <summary>What the hub sets for clusters is in effect as it is kept.</summary>
public sealed class ClusterOverrideTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly LiveSettings _settings = new(new RunnerOptions(), "main");
    private Database _database = null!;
    private ClusterOverrideStore _store = null!;

    public ValueTask InitializeAsync()
    {
        _database = Database.Open(_folder.Path);
        _store = new(_database, _settings);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Of_changes_at_once_all_are_in_effect()
    {
        for (var round = 0; round < 100; round++)
        {
            var value = $"of-{round}";
            await Task.WhenAll(
                ChangeAsync(new(value, null, null, null, null)),
                ChangeAsync(new(null, value, null, null, null)),
                ChangeAsync(new(null, null, value, null, null)),
                ChangeAsync(new(null, null, null, null, value)));

            var settings = _settings.Of("main");
            Assert.Equal((value, value, value, value), (settings.Region, settings.Zone, settings.Provider, settings.StorageClass));
        }
    }

    [Fact]
    public async Task What_is_not_kept_any_more_is_not_in_effect_either()
    {
        await ChangeAsync(new("south", "zone-a", null, false, null));
        Assert.False(_settings.Of("main").Enabled);

        // As where this replica takes over what the others have.
        await _database.WriteAsync(db => db.GetCollection("cluster_overrides").DeleteAll(), TestContext.Current.CancellationToken);
        _store.Load();

        Assert.Equal((true, ""), (_settings.Of("main").Enabled, _settings.Of("main").Zone));
    }

    private Task ChangeAsync(ClusterChange change) => Task.Run(() => _store.ChangeAsync("main", change, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
}
