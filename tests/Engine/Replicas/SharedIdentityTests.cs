using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using k8s;
using LiteDB;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Storage;
using Runner.Engine.Values;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Identity;
using Runner.Web.Identity;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.Tokens;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Replicas;

/// <summary>Whoever is known at one replica is known at the other, and what is good once is good once at both together.</summary>
public sealed class SharedIdentityTests(ReplicaPair pair) : IClassFixture<ReplicaPair>
{
    private const string Password = "a lovely long password";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RunnerHost First => pair.First;

    private RunnerHost Second => pair.Second;

    [Fact]
    public async Task Replicas_that_start_at_the_same_moment_have_one_administrator_and_the_same_keys()
    {
        Assert.Equal(First.Get<UserDirectory>().FindByName("admin")!.Id, Second.Get<UserDirectory>().FindByName("admin")!.Id);
        await SameKeysAsync(First, Second);
    }

    [Fact]
    public async Task A_key_that_is_made_just_while_the_state_begins_or_is_taken_over_is_everybodys()
    {
        await pair.MakeNamespaceAsync("late");
        await using var first = await pair.StartAsync("late", app =>
        {
            // As if there had been none yet when the folder was read for the beginning of the state, and one comes right after.
            app.Services.GetRequiredService<SharedKeys>();
            app.Services.GetRequiredService<SharedState>().AtBeginning(transaction =>
            {
                transaction.Collection(StateCollections.Keys).DeleteMany(Query.StartsWith("_id", "key-"));
                app.Services.GetRequiredService<KeyFolder>().Directory.EnumerateFiles("key-*").ToList().ForEach(file => file.Delete());
                MakeKey(app);
            });
        });
        await using var second = await pair.StartAsync("late", app =>
        {
            // The others' keys were just taken over.
            app.Services.GetRequiredService<SharedKeys>();
            app.Services.GetRequiredService<SharedState>().ChangedElsewhere += MakeOne;

            void MakeOne(IReadOnlySet<string> changed)
            {
                app.Services.GetRequiredService<SharedState>().ChangedElsewhere -= MakeOne;
                MakeKey(app);
            }
        });

        await SameKeysAsync(first, second);
        Assert.Contains(KeysOf(first), file => file.StartsWith("key-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Certificates_that_two_replicas_make_as_they_start_again_become_the_same()
    {
        using var one = new TemporaryFolder();
        using var two = new TemporaryFolder();
        await pair.MakeNamespaceAsync("again");
        await using (await pair.StartOnAsync(one.Path, shares: true, @namespace: "again"))
        await using (await pair.StartOnAsync(two.Path, shares: true, @namespace: "again"))
        {
        }

        var later = new LaterClock(TokenCertificates.Period - TokenCertificates.Ahead);
        var starting = new[] { one, two }.Select(folder => pair.StartOnAsync(folder.Path, shares: true, @namespace: "again", time: later)).ToArray();
        await using var first = await starting[0];
        await using var second = await starting[1];

        await SameKeysAsync(first, second);
        Assert.Equal(2, KeysOf(first).Count(file => file.StartsWith("token-signing-", StringComparison.Ordinal)));
        Assert.Equal(Signing(first), Signing(second));

        static List<string> Signing(RunnerHost host) => [.. host.Get<TokenCertificates>().Of(TokenKeyUse.Signing).Select(certificate => certificate.Thumbprint)];
    }

    [Fact]
    public async Task A_cookie_of_one_replica_opens_the_other_and_a_session_that_ends_there_has_ended_here()
    {
        using var browser = First.Browser();
        using var signedIn = await RunnerHost.SignInAsync(browser, "admin", RunnerHost.AdminPassword);
        var session = First.Get<SessionRegistry>().All.MaxBy(session => session.StartedAt)!;
        using var other = With(Second, signedIn.Headers.GetValues("Set-Cookie").Single(value => value.StartsWith("runner.session=", StringComparison.Ordinal)).Split(';')[0]);

        using var opened = await other.GetAsync("/api/console/audit", Cancel);
        await Second.Get<SessionRegistry>().EndAsync(session.Id, Cancel);
        await Eventually.TrueAsync(() => First.Get<SessionRegistry>().Find(session.Id) is null, "the session has ended at the first replica too");
        using var closed = await browser.GetAsync("/api/console/audit", Cancel);

        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);
    }

    [Fact]
    public async Task A_user_made_at_one_replica_signs_in_at_the_other_and_a_changed_password_holds_at_both()
    {
        var user = await First.Get<UserDirectory>().CreateAsync("vera", Password, ConsoleRole.Viewer, Cancel);
        await Eventually.TrueAsync(() => Second.Get<UserDirectory>().FindByName("vera") is not null, "the second replica knows the user");
        using var browser = await Second.SignedInAsync("vera", Password);

        await Second.Get<UserDirectory>().SetPasswordAsync(user.Id, Password + "!", Cancel);
        await Eventually.TrueAsync(() => First.Get<UserDirectory>().Authenticate("vera", Password) is null, "the old password is refused at the first replica");
        using var again = await First.SignedInAsync("vera", Password + "!");
    }

    [Fact]
    public async Task Of_two_users_of_one_name_made_at_two_replicas_at_once_one_is_refused()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            try
            {
                await (i % 2 == 0 ? First : Second).Get<UserDirectory>().CreateAsync("twin", Password, ConsoleRole.Viewer, Cancel);
                return true;
            }
            catch (UserRefusedException refused) when (refused.Reason == UserRefusal.NameTaken)
            {
                return false;
            }
        }));

        Assert.Single(outcomes, made => made);
    }

    [Fact]
    public async Task A_code_and_a_refresh_token_are_taken_once_when_both_replicas_are_asked_at_the_same_moment()
    {
        using var browser = await First.SignedInAsync();
        var (one, two) = (new TokenClient(First), new TokenClient(Second, First));
        var code = TokenClient.CodeIn(await one.AuthorizeAsync(browser, "openid offline_access audit.read"));

        var redeemed = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? one : two).RedeemAsync(code, one.Verifier)));

        var taken = Assert.Single(redeemed, Answered);
        Assert.All(redeemed.Where(answer => !Answered(answer)), answer => Assert.Equal("invalid_grant", answer.GetProperty("error").GetString()));

        // The double use ended what the code had given, as it must; a fresh code goes on.
        var fresh = await two.RedeemAsync(TokenClient.CodeIn(await one.AuthorizeAsync(browser, "openid offline_access audit.read")), one.Verifier);
        var refresh = fresh.GetProperty("refresh_token").GetString()!;
        Assert.Equal(200, await one.ReadAuditAsync(fresh.GetProperty("access_token").GetString()!));
        var refreshed = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? one : two).RefreshAsync(refresh)));
        Assert.Single(refreshed, Answered);
        Assert.NotEqual(JsonValueKind.Undefined, taken.ValueKind);
    }

    [Fact]
    public async Task Whoever_has_no_role_at_the_provider_any_more_is_out_at_every_replica_whichever_heard_of_it()
    {
        var user = await First.Get<UserDirectory>().TakeOverAsync("https://id.example", "x", "outsider", ConsoleRole.Viewer, Cancel);
        var session = await First.Get<SessionRegistry>().StartAsync(user, "192.0.2.9", "Browser", SignInMethod.Provider, Cancel);
        var person = ConsoleSession.Create(user, session);
        Assert.NotNull(First.Get<ConsoleSession>().UserOf(person));

        // At once: the second may not have heard of the account yet.
        var ended = await Second.Get<UserDirectory>().EndOutsideAsync("https://id.example", "x", Cancel);
        var nobody = await Second.Get<UserDirectory>().EndOutsideAsync("https://id.example", "y", Cancel);

        Assert.Equal(("outsider", null), (ended?.Name, nobody?.Name));
        await Eventually.TrueAsync(() => First.Get<ConsoleSession>().UserOf(person) is null, "the session has ended at the first replica too");
    }

    [Fact]
    public async Task A_one_time_link_works_once_at_whichever_replica()
    {
        var user = await First.Get<UserDirectory>().InviteAsync("linked", ConsoleRole.Viewer, Cancel);
        var secret = await First.Get<OneTimeLinks>().CreateAsync(user.Id, LinkPurpose.Password, Cancel);

        var redeemed = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? First : Second).Get<OneTimeLinks>().RedeemAsync(secret, LinkPurpose.Password, Cancel)));

        Assert.Equal(user.Id, Assert.Single(redeemed.OfType<string>()));
    }

    [Fact]
    public async Task Guesses_at_two_replicas_are_counted_together()
    {
        using var one = First.Browser();
        using var two = Second.Browser();
        for (var i = 0; i < 5; i++)
        {
            using var wrong = await RunnerHost.SignInAsync(i % 2 == 0 ? one : two, "guessed", "wrong horse battery");
            Assert.Null(wrong.Headers.RetryAfter);
        }

        using var paused = await RunnerHost.SignInAsync(two, "guessed", "wrong horse battery");

        Assert.NotNull(paused.Headers.RetryAfter);
    }

    [Fact]
    public async Task Both_replicas_show_one_audit_log_and_one_history_of_the_configuration()
    {
        await First.Get<AuditLog>().WriteAsync("ann", "", AuditActions.Purge, "first", AuditOutcome.Done, AuditDetail.None, Cancel);
        await Second.Get<AuditLog>().WriteAsync("bob", "", AuditActions.Purge, "second", AuditOutcome.Done, AuditDetail.None, Cancel);
        await Eventually.TrueAsync(
            () => new[] { First, Second }.All(host => host.Get<AuditLog>().Read(100).Where(entry => entry.Target is "first" or "second").Select(entry => entry.Who).SequenceEqual(["bob", "ann"])),
            "both entries are at both replicas, the newest first");

        var based = First.Get<ConfigurationStore>().Newest?.Number ?? 0;
        var saved = await Task.WhenAll(SaveAsync(First), SaveAsync(Second));
        Assert.Single(saved, done => done);
        await Eventually.TrueAsync(() => Second.Get<ConfigurationStore>().Newest?.Number == based + 1 && First.Get<ConfigurationStore>().Newest?.Number == based + 1, "both have the one version");
        Assert.Equal(First.Get<ConfigurationStore>().Text(based + 1), Second.Get<ConfigurationStore>().Text(based + 1));

        async Task<bool> SaveAsync(RunnerHost host)
        {
            try
            {
                await host.Get<ConfigurationStore>().SaveAsync("name: " + host.Address.Port, ChartVersion.Newest, "ann", "", based, Cancel);
                return true;
            }
            catch (ConfigurationConflictException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_replica_that_comes_later_with_an_empty_folder_knows_everybody_also_after_the_state_was_written_anew()
    {
        // Enough for many segments and the whole.
        var users = First.Get<UserDirectory>();
        var user = await users.CreateAsync("busy", Password, ConsoleRole.Viewer, Cancel);
        var audit = First.Get<AuditLog>();
        var noise = new Random(1);
        for (var i = 0; i < 60; i++)
        {
            var bytes = new byte[16 * 1024];
            noise.NextBytes(bytes);
            await audit.WriteAsync("busy", "", AuditActions.Purge, "", AuditOutcome.Done, AuditDetail.Quoted(Convert.ToBase64String(bytes)), Cancel);
        }

        await users.SetRoleAsync(user.Id, ConsoleRole.Operator, Cancel);
        await using var third = await pair.StartAsync();

        Assert.Equal(ConsoleRole.Operator, third.Get<UserDirectory>().FindByName("busy")!.Role);
        Assert.True(third.Get<AuditLog>().Read(200).Count(entry => entry.Who == "busy" && entry.Detail.Length > 1000) == 60);
        await SameKeysAsync(First, third);
        using var browser = await third.SignedInAsync("busy", Password);
    }

    [Fact]
    public async Task A_folder_that_was_used_alone_meanwhile_goes_on_from_there_unless_others_have_written()
    {
        using var folder = new TemporaryFolder();
        await using (var alone = await pair.StartOnAsync(folder.Path, shares: false))
        {
            await alone.Get<UserDirectory>().CreateAsync("stranger", Password, ConsoleRole.Viewer, Cancel);
        }

        await using var joined = await pair.StartOnAsync(folder.Path, shares: true);
        Assert.Null(joined.Get<UserDirectory>().FindByName("stranger"));
        Assert.Equal(First.Get<UserDirectory>().FindByName("admin")!.Id, joined.Get<UserDirectory>().FindByName("admin")!.Id);
        await SameKeysAsync(First, joined);
    }

    [Fact]
    public async Task While_the_cluster_does_not_answer_sessions_go_on_people_sign_in_and_what_must_be_agreed_on_is_refused()
    {
        using var folder = new TemporaryFolder();
        var user = await First.Get<UserDirectory>().CreateAsync("patient", Password, ConsoleRole.Viewer, Cancel);
        (pair.Cluster.Faults.ErrorRate, pair.Cluster.Faults.ErrorStatus) = (1, 503);
        try
        {
            var refused = await Assert.ThrowsAsync<StateUnavailableException>(() => First.Get<UserDirectory>().SetRoleAsync(user.Id, ConsoleRole.Operator, Cancel));
            Assert.Contains("cannot be written now", refused.Message, StringComparison.Ordinal);
            using var browser = await First.SignedInAsync("patient", Password);
            using var opened = await browser.GetAsync("/api/console/capacity", Cancel);
            Assert.NotEqual(HttpStatusCode.Unauthorized, opened.StatusCode);
        }
        finally
        {
            pair.Cluster.Faults.ErrorRate = 0;
        }

        await Eventually.TrueAsync(() => Second.Get<SessionRegistry>().All.Any(session => session.UserId == user.Id), "the session is handed on to the other replica", 30);
        await Eventually.TrueAsync(() => First.Get<SharedState>().Status.Problem.Length == 0, "the state can be written again", 30);
        await First.Get<UserDirectory>().SetRoleAsync(user.Id, ConsoleRole.Operator, Cancel);
    }

    [Fact]
    public async Task No_Secret_comes_near_its_limit_and_none_is_readable_as_it_is()
    {
        using var client = new Kubernetes(pair.Configuration());
        var secrets = await client.CoreV1.ListNamespacedSecretAsync("csghub", labelSelector: "runner.opencsg.com/state", cancellationToken: Cancel);

        Assert.NotEmpty(secrets.Items);
        Assert.All(secrets.Items, secret => Assert.InRange(secret.Data["state"].Length, 1, 900_000));
    }

    private static bool Answered(JsonElement answer) => answer.TryGetProperty("access_token", out _);

    private static Task SameKeysAsync(RunnerHost one, RunnerHost other) => Eventually.TrueAsync(
        () => KeysOf(one) is { Count: > 0 } keys && keys.SequenceEqual(KeysOf(other)), () => $"both have the same keys: {string.Join(", ", KeysOf(one))} and {string.Join(", ", KeysOf(other))}");

    /// <summary>Each file by its name and the hash of what is in it.</summary>
    private static List<string> KeysOf(RunnerHost host)
    {
        var folder = host.Get<KeyFolder>();
        lock (folder.Lock)
        {
            return [.. folder.Directory.EnumerateFiles().Select(file => $"{file.Name} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file.FullName)))}").Order(StringComparer.Ordinal)];
        }
    }

    private static void MakeKey(WebApplication app)
    {
        var now = TimeProvider.System.GetUtcNow();
        app.Services.GetRequiredService<IKeyManager>().CreateNewKey(now, now.AddDays(90));
    }

    private static HttpClient With(RunnerHost host, string cookie)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = host.Address };
        client.DefaultRequestHeaders.Add("Cookie", cookie);
        return client;
    }

    private sealed class LaterClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
