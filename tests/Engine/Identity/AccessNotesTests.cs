using System.Net;
using Microsoft.Extensions.Time.Testing;
using Runner.Tests.Engine.Host;
using Runner.Web.Identity;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Identity;

/// <summary>What of refused calls and of tokens is in the audit log.</summary>
public sealed class AccessNotesTests
{
    private const string Guess = "a secret that is not the one";

    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_refusal_of_somebody_known_and_each_token_of_a_client_is_noted_and_a_flood_of_them_only_counted()
    {
        await using var host = await RunnerHost.StartAsync(time: _time);
        await host.Get<UserDirectory>().CreateAsync("vera", "three odd tables", ConsoleRole.Viewer, Cancel);
        using var vera = await host.SignedInAsync("vera", "three odd tables");
        await TokenClient.AddMachineAsync(host, "watcher", "live.read");
        var tokens = new TokenClient(host);

        await tokens.ClientCredentialsAsync("watcher", "live.read", Guess);
        await tokens.ClientCredentialsAsync("watcher", "audit.read");
        var token = (await tokens.ClientCredentialsAsync("watcher", "live.read")).GetProperty("access_token").GetString()!;
        Assert.Equal(403, await tokens.ReadAuditAsync(token));
        Assert.Equal(401, await tokens.ReadAuditAsync(token + "x"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(vera));

        await Eventually.TrueAsync(() => Notes(host).Count >= 5, "the refusals are in the audit log");
        Assert.Equal(
            [
                (AuditActions.Refused, "vera", "GET /api/console/audit", AuditOutcome.Refused),
                (AuditActions.Refused, "watcher", "GET /api/console/audit", AuditOutcome.Refused),
                (AuditActions.Token, "watcher", "", AuditOutcome.Done),
                (AuditActions.Token, "watcher", "", AuditOutcome.Refused),
                (AuditActions.Token, "watcher", "", AuditOutcome.Refused),
            ],
            Notes(host).Select(entry => (entry.Action, entry.Who, entry.Target, entry.Outcome)).Order());
        Assert.Contains(Notes(host), entry => entry.Detail.English.StartsWith("invalid_client", StringComparison.Ordinal) && entry.RemoteAddress.Length > 0);
        Assert.DoesNotContain(Notes(host), entry => entry.Detail.English.Contains(Guess, StringComparison.Ordinal) || entry.Detail.English.Contains(TokenClient.Secret, StringComparison.Ordinal));

        for (var call = 0; call < AccessNotes.Burst; call++)
        {
            Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(vera));
        }

        await Eventually.TrueAsync(() => Notes(host).Count(entry => entry.Action == AuditActions.Refused) == AccessNotes.Burst, "as many are noted as may be");
        _time.Advance(AccessNotes.Summary);
        await Eventually.TrueAsync(() => Notes(host).Any(entry => entry is { Action: AuditActions.Refused, Who: "system", Detail.English: "2 more of these were left out of the log." }), "it is said how many were left out");
        Assert.Equal(AccessNotes.Burst + 1, Notes(host).Count(entry => entry.Action == AuditActions.Refused));
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient client)
    {
        using var answer = await client.GetAsync("/api/console/audit?take=5", Cancel);
        return answer.StatusCode;
    }

    private static List<AuditEntry> Notes(RunnerHost host) => [.. host.Get<AuditLog>().Read(500).Where(entry => entry.Action is AuditActions.Refused or AuditActions.Token)];
}
