using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.Time.Testing;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Identity;
using Runner.Web.Identity;
using Runner.Web.Identity.Users;
using Runner.Web.Live.Hub;

namespace Runner.Tests.Engine.Live;

/// <summary>What the live hub refuses to somebody who is connected is in the audit log.</summary>
public sealed class LiveHubRefusalTests
{
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_method_that_the_scope_or_the_role_does_not_open_is_noted_and_a_flood_of_them_only_counted()
    {
        await using var host = await RunnerHost.StartAsync(time: _time);
        await TokenClient.AddMachineAsync(host, "watcher", "live.read");
        var token = (await new TokenClient(host).ClientCredentialsAsync("watcher", "live.read")).GetProperty("access_token").GetString();
        await using var watcher = LiveHubClient.Connection(host, token);
        await watcher.StartAsync(Cancel);
        var users = host.Get<UserDirectory>();
        await users.CreateAsync("vera", "three odd tables", ConsoleRole.Viewer, Cancel);
        await using var vera = LiveHubClient.Connection(host, null, await LiveHubClient.CookieAsync(host, "vera", "three odd tables"));
        await vera.StartAsync(Cancel);

        // A right that ends while the connection stays.
        await users.EndSessionsAsync(users.FindByName("vera")!.Id, Cancel);
        await RefusedAsync(vera, "Workloads");
        await RefusedAsync(watcher, "Logs", new LogsRequest { Labels = "app=a-word-of-the-caller" });

        await Eventually.TrueAsync(() => Refusals(host).Count >= 2, "both are in the audit log");
        Assert.Equal(
            [
                ("vera", "/live Workloads", AuditWords.Say(new AuditDetail(AuditSentence.YourRole)).English),
                ("watcher", "/live Logs", AuditWords.Say(new AuditDetail(AuditSentence.ScopeMissing, "workloads.read")).English),
            ],
            Refusals(host).Select(entry => (entry.Who, entry.Target, entry.Detail.English)).Order());
        Assert.All(Refusals(host), entry => Assert.True(entry.RemoteAddress.Length > 0 && entry.Outcome == AuditOutcome.Refused));

        for (var call = 0; call < AccessNotes.Burst; call++)
        {
            await RefusedAsync(watcher, "Logs", new LogsRequest());
        }

        await Eventually.TrueAsync(() => Refusals(host).Count == AccessNotes.Burst, "as many are noted as may be");
        _time.Advance(AccessNotes.Summary);
        await Eventually.TrueAsync(() => Refusals(host).Any(entry => entry is { Who: "system", Detail.English: "2 more of these were left out of the log." }), "it is said how many were left out");
        Assert.Equal(AccessNotes.Burst + 1, Refusals(host).Count);
    }

    private static async Task RefusedAsync(HubConnection connection, string method, params object?[] arguments) =>
        await Assert.ThrowsAsync<HubException>(async () => await connection.StreamAsyncCore<object>(method, arguments, Cancel).GetAsyncEnumerator(Cancel).MoveNextAsync());

    private static List<AuditEntry> Refusals(RunnerHost host) => [.. host.Get<AuditLog>().Read(500).Where(entry => entry.Action == AuditActions.Refused)];
}
