using System.Security.Claims;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Support;
using Runner.Web.Identity;

namespace Runner.Tests.Engine.Identity;

public sealed class AuditLogTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_act_tells_who_when_what_to_what_and_how_it_ended_also_after_a_restart()
    {
        using var folder = new TemporaryFolder();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 9, 30, 0, TimeSpan.Zero));
        var ann = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "ann"), new Claim(ConsoleClaims.RemoteAddress, "192.0.2.1")], "test"));
        await using (var database = Database.Open(folder.Path))
        {
            await new AuditLog(database, time).WriteAsync(ann, AuditActions.Purge, "embedded/Service/spaces/web", AuditOutcome.Failed, "The API server refused.", Cancel);
        }

        await using var again = Database.Open(folder.Path);

        Assert.Equal(
            [new AuditEntry(time.GetUtcNow(), "ann", AuditActions.Purge, "embedded/Service/spaces/web", AuditOutcome.Failed, "192.0.2.1", "The API server refused.")],
            new AuditLog(again, time).Read(10));
    }

    [Fact]
    public async Task It_keeps_the_newest_entries_and_does_not_grow_without_end()
    {
        using var folder = new TemporaryFolder();
        await using var database = Database.Open(folder.Path);
        var log = new AuditLog(database, TimeProvider.System, capacity: 100);

        await Task.WhenAll(Enumerable.Range(1, 1000).Select(number => log.WriteAsync("ann", "", AuditActions.Stop, $"{number}", AuditOutcome.Done, "", Cancel)));

        var kept = log.Read(AuditLog.Capacity);
        Assert.Equal(Enumerable.Range(901, 100).Reverse().Select(number => $"{number}"), kept.Select(entry => entry.Target));
        Assert.Equal(["999", "998"], log.Read(2, skip: 1).Select(entry => entry.Target));
    }
}
