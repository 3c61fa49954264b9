using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Storage;
using Runner.Engine.Values;

namespace Runner.Tests.Engine.Values;

/// <summary>Versions of the configuration on a real database.</summary>
public sealed class ConfigurationStoreTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_version_stays_as_it_was_saved_and_any_is_restored_as_a_new_one()
    {
        using var folder = new TemporaryFolder();
        var time = new FakeTimeProvider(new(2026, 5, 1, 8, 0, 0, TimeSpan.Zero));
        string[] texts = ["\uFEFFa: 1 # é\r\n", "", "a: 2\n"];
        await using (var database = Database.Open(folder.Path))
        {
            var store = new ConfigurationStore(database, time);
            Assert.Null(store.Newest);
            foreach (var (text, number) in texts.Select((text, index) => (text, index + 1)))
            {
                var saved = await store.SaveAsync(text, ChartVersion.Parse("2.4.1"), "ann", $"reason {number}", number - 1, Cancel);
                Assert.Equal(number, saved.Number);
                time.Advance(TimeSpan.FromHours(1));
            }
        }

        await using (var database = Database.Open(folder.Path))
        {
            var store = new ConfigurationStore(database, time);
            var restored = await store.RestoreAsync(1, "bob", "", 3, Cancel);
            Assert.Equal((4, "bob", 1), (restored.Number, restored.Who, restored.RestoredFrom!.Value));
            Assert.Equal([texts[0], .. texts[1..], texts[0]], Enumerable.Range(1, 4).Select(number => store.Text(number)));
            Assert.Equal([4, 3, 2, 1], store.List().Select(version => version.Number));
            Assert.Equal(("ann", "reason 1", new DateTimeOffset(2026, 5, 1, 8, 0, 0, TimeSpan.Zero), "2.4.1"), store.List().Where(version => version.Number == 1).Select(version => (version.Who, version.Why, version.When, version.Chart.ToString())).Single());
            Assert.Null(store.Text(9));
        }
    }

    [Fact]
    public async Task Of_two_who_save_at_once_one_is_told_of_the_other()
    {
        using var folder = new TemporaryFolder();
        await using var database = Database.Open(folder.Path);
        var store = new ConfigurationStore(database, TimeProvider.System);
        var saves = await Task.WhenAll(Enumerable.Range(0, 8).Select(async user =>
        {
            try
            {
                await store.SaveAsync($"a: {user}\n", ChartVersion.Newest, $"user {user}", "", 0, Cancel);
                return true;
            }
            catch (ConfigurationConflictException exception)
            {
                Assert.Equal(1, exception.Newest.Number);
                return false;
            }
        }));
        Assert.Single(saves, saved => saved);
        Assert.Equal("a: " + store.Newest!.Who[^1] + "\n", store.Text(1));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => store.RestoreAsync(7, "x", "", 1, Cancel));
    }
}
