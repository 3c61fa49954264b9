using System.Security.Claims;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Host;
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
            await new AuditLog(database, time).WriteAsync(ann, AuditActions.Purge, "embedded/Service/spaces/web", AuditOutcome.Failed, AuditDetail.Quoted("The API server refused."), Cancel);
        }

        await using var again = Database.Open(folder.Path);

        Assert.Equal(
            [new AuditEntry(time.GetUtcNow(), "ann", AuditActions.Purge, "embedded/Service/spaces/web", AuditOutcome.Failed, "192.0.2.1", LocalText.Verbatim("The API server refused."))],
            new AuditLog(again, time).Read(10));
    }

    [Fact]
    public async Task A_detail_is_kept_as_facts_told_in_both_languages_and_found_by_either()
    {
        using var folder = new TemporaryFolder();
        await using var database = Database.Open(folder.Path);
        var log = new AuditLog(database, TimeProvider.System);
        await log.WriteAsync("ann", "", AuditActions.UserRole, "ben", AuditOutcome.Done, new(AuditSentence.RoleFromNowOn, nameof(ConsoleRole.Operator)), Cancel);
        await database.WriteAsync(
            database => database.GetCollection("audit").Insert(new LiteDB.BsonDocument
            {
                ["_id"] = 1L, ["time"] = DateTime.UnixEpoch, ["who"] = "old", ["action"] = AuditActions.Purge, ["target"] = "web", ["outcome"] = "Refused", ["remote"] = "", ["detail"] = "The role does not allow it.",
            }),
            Cancel);

        Assert.Equal([new("Operator from now on.", "从现在起为操作员。"), new LocalText("The role does not allow it.", "角色不允许。")], log.Read(10).Select(entry => entry.Detail));
        Assert.Equal("ben", Assert.Single(All(log, new(Text: "操作员"))).Target);
        Assert.Equal("ben", Assert.Single(All(log, new(Text: "operator"))).Target);
    }

    [Fact]
    public async Task It_keeps_the_newest_entries_and_does_not_grow_without_end()
    {
        using var folder = new TemporaryFolder();
        await using var database = Database.Open(folder.Path);
        var log = new AuditLog(database, TimeProvider.System, capacity: 100);

        await Task.WhenAll(Enumerable.Range(1, 1000).Select(number => log.WriteAsync("ann", "", AuditActions.Stop, $"{number}", AuditOutcome.Done, AuditDetail.None, Cancel)));

        var kept = log.Read(AuditLog.Capacity);
        Assert.Equal(Enumerable.Range(901, 100).Reverse().Select(number => $"{number}"), kept.Select(entry => entry.Target));
        Assert.Equal(["999", "998"], log.Read(2, skip: 1).Select(entry => entry.Target));
    }

    [Fact]
    public async Task A_filter_finds_by_every_field_and_reading_on_finds_each_entry_once()
    {
        using var folder = new TemporaryFolder();
        await using var database = Database.Open(folder.Path);
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 9, 30, 0, TimeSpan.Zero));
        var log = new AuditLog(database, time);
        for (var number = 0; number < 300; number++)
        {
            await log.WriteAsync(number % 3 == 0 ? "ann" : "ben", "192.0.2.7", number % 2 == 0 ? AuditActions.Stop : AuditActions.SignIn, $"web-{number}", (AuditOutcome)(number % 3), AuditDetail.None, Cancel);
            time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(100, All(log, new(Who: "ANN")).Count);
        Assert.Equal(150, All(log, new(Action: AuditActions.SignIn)).Count);
        Assert.Equal(100, All(log, new(Outcome: AuditOutcome.Refused)).Count);
        Assert.Equal("web-42", Assert.Single(All(log, new(Text: "web-42"))).Target);
        Assert.Equal(60, All(log, new(From: time.GetUtcNow().AddHours(-1))).Count);
        Assert.Equal(240, All(log, new(Until: time.GetUtcNow().AddHours(-1))).Count);
        Assert.Equal(Enumerable.Range(0, 300).Reverse().Select(number => $"web-{number}"), All(log, AuditFilter.None).Select(entry => entry.Target));
        Assert.Equal(Enumerable.Range(0, 300).Select(number => $"web-{number}"), All(log, AuditFilter.None, reverse: true).Select(entry => entry.Target));
    }

    [Fact]
    public async Task What_is_older_than_it_is_kept_for_goes_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        await using var database = Database.Open(folder.Path);
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 9, 30, 0, TimeSpan.Zero));
        var log = new AuditLog(database, time);
        for (var day = 0; day < 10; day++)
        {
            await log.WriteAsync("ann", "", AuditActions.Stop, $"{day}", AuditOutcome.Done, AuditDetail.None, Cancel);
            time.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal(6, await log.PruneAsync(time.GetUtcNow().AddDays(-4).AddHours(-1), Cancel));
        Assert.Equal(0, await log.PruneAsync(time.GetUtcNow().AddDays(-4).AddHours(-1), Cancel));
        Assert.Equal(["9", "8", "7", "6"], log.Read(100).Select(entry => entry.Target));
    }

    [Fact]
    public async Task An_export_holds_all_that_the_filter_takes_and_is_audited_itself()
    {
        await using var host = await RunnerHost.StartAsync();
        var log = host.Get<AuditLog>();
        for (var number = 0; number < 1200; number++)
        {
            await log.WriteAsync("=cmd|' /c calc'!A1", "192.0.2.7", AuditActions.Stop, $"web-{number}", AuditOutcome.Done, AuditDetail.Quoted("with \"quotes\", and\nlines"), Cancel);
        }

        using var browser = await host.SignedInAsync();
        var csv = await browser.GetStringAsync("/api/console/audit/export?format=csv&action=stop", Cancel);
        using var json = System.Text.Json.JsonDocument.Parse(await browser.GetStringAsync("/api/console/audit/export?format=json&action=stop", Cancel));
        using var unknown = await browser.GetAsync("/api/console/audit/export?format=xml", Cancel);

        Assert.Equal(1200, csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length - 1);
        Assert.Contains("'=cmd|' /c calc'!A1,stop,web-7,Done,192.0.2.7,\"with \"\"quotes\"\", and\nlines\"", csv, StringComparison.Ordinal);
        Assert.Equal(1200, json.RootElement.GetArrayLength());
        Assert.Equal("web-1199", json.RootElement[0].GetProperty("target").GetString());
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, unknown.StatusCode);
        Assert.Equal(2, log.Read(new AuditFilter(Action: AuditActions.AuditExport), 10).Entries.Count);
    }

    [Fact]
    public async Task By_who_and_by_act_it_is_read_a_page_at_a_time_from_any_place_of_the_newest_first_of_each()
    {
        using var folder = new TemporaryFolder();
        await using var database = Database.Open(folder.Path);
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 9, 30, 0, TimeSpan.Zero));
        var log = new AuditLog(database, time);
        string[] people = ["ben", "Ann", "", "ann", "anna", "zoé", new('x', 3000), "李雷"];
        string[] acts = [AuditActions.Stop, AuditActions.SignIn, AuditActions.Purge];
        async Task WriteAsync(int from)
        {
            for (var number = from; number < from + 40; number++)
            {
                await log.WriteAsync(people[number % people.Length], "", acts[number % acts.Length], $"{number}", AuditOutcome.Done, AuditDetail.None, Cancel);
                time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        // A log of before there were indexes has them from the next start on, and what is written afterwards is in them too.
        await WriteAsync(0);
        await AuditKey.EnsureIndexesAsync(database, Cancel);
        await AuditKey.EnsureIndexesAsync(database, Cancel);
        await WriteAsync(40);

        var byWho = All(log, AuditFilter.None, AuditOrder.Who);
        Assert.Equal(["", "ann", "anna", "ben", people[6], "zoé", "李雷"], byWho.Select(entry => entry.Who.ToLowerInvariant()).Aggregate(new List<string>(), (groups, who) => groups.LastOrDefault() == who ? groups : [.. groups, who]));
        Assert.Equal(byWho.AsEnumerable().Reverse(), All(log, AuditFilter.None, AuditOrder.Who, reverse: true));
        Assert.All(byWho.GroupBy(entry => entry.Who, StringComparer.OrdinalIgnoreCase), one => Assert.Equal(one.OrderByDescending(entry => entry.Time), one));
        Assert.Equal(80, byWho.Distinct().Count());

        var byAct = All(log, new(Who: "ann"), AuditOrder.Act);
        Assert.Equal(log.Read(80).Where(entry => entry.Who.StartsWith("ann", StringComparison.OrdinalIgnoreCase)).OrderBy(entry => entry.Action, StringComparer.Ordinal), byAct);

        // What stands at the end of a page may be gone by the time that it is turned.
        var first = log.Read(AuditFilter.None, 20, null, AuditOrder.Who);
        await log.PruneAsync(time.GetUtcNow() - TimeSpan.FromSeconds(40), Cancel);
        Assert.Equal(
            byWho.Skip(20).Where(entry => entry.Time >= time.GetUtcNow() - TimeSpan.FromSeconds(40)),
            log.Read(AuditFilter.None, 80, first.Next, AuditOrder.Who).Entries);
        Assert.Equal(40, log.Read(AuditFilter.None, 80, "no place at all").Entries.Count);
    }

    private static List<AuditEntry> All(AuditLog log, AuditFilter filter, AuditOrder order = AuditOrder.Time, bool reverse = false)
    {
        var all = new List<AuditEntry>();
        for (string? after = null; ;)
        {
            var page = log.Read(filter, 7, after, order, reverse);
            all.AddRange(page.Entries);
            if (page.Next is null)
            {
                return all;
            }

            after = page.Next;
        }
    }
}
