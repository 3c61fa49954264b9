using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OpenIddict.Abstractions;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Support;
using Runner.Web.Identity;
using Runner.Web.Identity.Access;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Identity;

public sealed class TokenTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_machine_gets_a_token_for_its_scopes_and_reaches_what_they_allow()
    {
        await using var host = await RunnerHost.StartAsync();
        await TokenClient.AddMachineAsync(host, "auditor", "audit.read");
        await TokenClient.AddMachineAsync(host, "watcher", "live.read");
        var client = new TokenClient(host);

        var auditor = Text(await client.ClientCredentialsAsync("auditor", "audit.read"), "access_token");
        var watcher = Text(await client.ClientCredentialsAsync("watcher", "live.read"), "access_token");
        var beyond = await client.ClientCredentialsAsync("watcher", "audit.read");
        var guessed = await client.ClientCredentialsAsync("auditor", "audit.read", "another secret");

        Assert.Equal(200, await client.ReadAuditAsync(auditor));
        Assert.Equal(403, await client.ReadAuditAsync(watcher));
        Assert.Contains("'audit.read'", await client.RefusalAsync(watcher), StringComparison.Ordinal);
        Assert.Equal(401, await client.ReadAuditAsync(auditor + "x"));
        Assert.Equal("invalid_request", Text(beyond, "error"));
        Assert.Equal("invalid_client", Text(guessed, "error"));
    }

    [Fact]
    public async Task A_scope_of_an_earlier_version_is_dropped_at_the_start_and_the_client_goes_on_with_its_others()
    {
        using var folder = new TemporaryFolder();
        await using (var before = await RunnerHost.StartOnAsync(folder.Path))
        {
            await TokenClient.AddMachineAsync(before, "old", "workloads.write", "audit.read", "newer.read");
            await using var circuit = before.App.Services.CreateAsyncScope();
            await circuit.ServiceProvider.GetRequiredService<IOpenIddictScopeManager>().CreateAsync(new OpenIddictScopeDescriptor { Name = "workloads.write" }, Cancel);
        }

        await using var host = await RunnerHost.StartOnAsync(folder.Path);
        await using var scope = host.App.Services.CreateAsyncScope();
        var client = new TokenClient(host);

        Assert.Null(await scope.ServiceProvider.GetRequiredService<IOpenIddictScopeManager>().FindByNameAsync("workloads.write", Cancel));
        Assert.Equal(
            ["audit.read", "newer.read"],
            (await scope.ServiceProvider.GetRequiredService<ApiClients>().ListAsync(Cancel)).Single(known => known.ClientId == "old").Scopes);
        Assert.Equal(200, await client.ReadAuditAsync(Text(await client.ClientCredentialsAsync("old", "audit.read"), "access_token")));
    }

    [Fact]
    public async Task A_signed_in_user_s_code_becomes_a_token_that_acts_with_the_user_s_role()
    {
        await using var host = await RunnerHost.StartAsync();
        await host.Get<UserDirectory>().CreateAsync("vera", "a password of vera", ConsoleRole.Viewer, Cancel);
        using var administrator = await host.SignedInAsync();
        using var viewer = await host.SignedInAsync("vera", "a password of vera");
        var client = new TokenClient(host);

        var tokens = await client.RedeemAsync(TokenClient.CodeIn(await client.AuthorizeAsync(administrator, "openid offline_access audit.read")));
        var viewers = await client.RedeemAsync(TokenClient.CodeIn(await client.AuthorizeAsync(viewer, "openid audit.read")));

        Assert.Equal(200, await client.ReadAuditAsync(Text(tokens, "access_token")));
        Assert.Equal(403, await client.ReadAuditAsync(Text(viewers, "access_token")));
        Assert.Contains("role", await client.RefusalAsync(Text(viewers, "access_token")), StringComparison.Ordinal);
        Assert.True(tokens.TryGetProperty("id_token", out _));
        Assert.True(tokens.TryGetProperty("refresh_token", out _));
    }

    [Fact]
    public async Task Nobody_signed_in_is_led_to_sign_in_and_back()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = host.Browser();
        var client = new TokenClient(host);

        var to = await client.AuthorizeAsync(browser, "openid");
        using var signedIn = await RunnerHost.SignInAsync(browser, "admin", RunnerHost.AdminPassword, to.PathAndQuery);
        using var back = await browser.GetAsync(signedIn.Headers.Location, Cancel);

        Assert.Equal("/sign-in", to.AbsolutePath);
        Assert.StartsWith(TokenClient.Redirect + "?code=", back.Headers.Location?.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_works_once_even_when_many_redeem_it_at_the_same_moment()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var client = new TokenClient(host);
        var code = TokenClient.CodeIn(await client.AuthorizeAsync(browser, "openid"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => client.RedeemAsync(code)));

        Assert.Single(answers, answer => answer.TryGetProperty("access_token", out _));
        Assert.All(answers.Where(answer => !answer.TryGetProperty("access_token", out _)), answer => Assert.Equal("invalid_grant", Text(answer, "error")));
    }

    [Fact]
    public async Task A_code_needs_the_verifier_of_whoever_asked_for_it_and_goes_to_no_other_address()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var client = new TokenClient(host);
        var code = TokenClient.CodeIn(await client.AuthorizeAsync(browser, "openid"));

        var stolen = await client.RedeemAsync(code, verifier: new string('a', 64));

        Assert.Equal("invalid_grant", Text(stolen, "error"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.AuthorizeAsync(browser, "openid", "https://evil.example/callback"));
    }

    [Fact]
    public async Task A_refresh_token_works_once_and_ends_with_the_user_s_sessions_as_access_tokens_do()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var users = host.Get<UserDirectory>();
        var client = new TokenClient(host);
        var first = await client.RedeemAsync(TokenClient.CodeIn(await client.AuthorizeAsync(browser, "openid offline_access audit.read")));

        var second = await client.RefreshAsync(Text(first, "refresh_token"));
        var before = await client.ReadAuditAsync(Text(second, "access_token"));
        await users.EndSessionsAsync(users.FindByName("admin")!.Id, Cancel);
        var after = await client.ReadAuditAsync(Text(second, "access_token"));
        var third = await client.RefreshAsync(Text(second, "refresh_token"));

        Assert.Equal(200, before);
        Assert.Equal(403, after);
        Assert.Equal("invalid_grant", Text(third, "error"));
    }

    [Fact]
    public async Task Refreshing_goes_on_no_longer_than_a_session_may_last()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var host = await RunnerHost.StartAsync(time: time);
        using var browser = await host.SignedInAsync();
        var client = new TokenClient(host);
        var tokens = await client.RedeemAsync(TokenClient.CodeIn(await client.AuthorizeAsync(browser, "openid offline_access audit.read")));

        time.Advance(SessionRegistry.Longest - TimeSpan.FromHours(1));
        var within = await client.RefreshAsync(Text(tokens, "refresh_token"));
        time.Advance(TimeSpan.FromHours(2));
        var beyond = await client.RefreshAsync(Text(within, "refresh_token"));

        Assert.True(within.TryGetProperty("access_token", out _));
        Assert.Equal("invalid_grant", Text(beyond, "error"));
    }

    [Fact]
    public async Task A_refresh_token_is_taken_once_even_when_many_send_it_at_the_same_moment()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = await host.SignedInAsync();
        var client = new TokenClient(host);
        var first = await client.RedeemAsync(TokenClient.CodeIn(await client.AuthorizeAsync(browser, "openid offline_access audit.read")));
        var refresh = Text(first, "refresh_token");

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => client.RefreshAsync(refresh)));

        Assert.Single(answers, answer => answer.TryGetProperty("access_token", out _));
        Assert.All(answers.Where(answer => !answer.TryGetProperty("access_token", out _)), answer => Assert.Equal("invalid_grant", Text(answer, "error")));
        Assert.Equal("invalid_grant", Text(await client.RefreshAsync(refresh), "error"));
    }

    [Fact]
    public async Task A_revoked_token_is_refused_at_once_and_introspection_says_so()
    {
        await using var host = await RunnerHost.StartAsync();
        await TokenClient.AddMachineAsync(host, "auditor", "audit.read");
        var client = new TokenClient(host);
        var token = Text(await client.ClientCredentialsAsync("auditor", "audit.read"), "access_token");
        (string, string)[] about = [("client_id", "auditor"), ("client_secret", TokenClient.Secret), ("token", token)];

        var active = await client.PostAsync("/connect/introspect", about);
        using (var program = host.Program())
        using (var form = new FormUrlEncodedContent(about.Select(field => KeyValuePair.Create(field.Item1, field.Item2))))
        {
            (await program.PostAsync("/connect/revoke", form, Cancel)).EnsureSuccessStatusCode();
        }

        var revoked = await client.PostAsync("/connect/introspect", about);

        Assert.True(active.GetProperty("active").GetBoolean());
        Assert.False(revoked.GetProperty("active").GetBoolean());
        Assert.Equal(401, await client.ReadAuditAsync(token));
    }

    [Fact]
    public async Task Tokens_outlive_a_restart_of_the_program()
    {
        using var folder = new TemporaryFolder();
        string token;
        await using (var host = await RunnerHost.StartOnAsync(folder.Path))
        {
            await TokenClient.AddMachineAsync(host, "auditor", "audit.read");
            token = Text(await new TokenClient(host).ClientCredentialsAsync("auditor", "audit.read"), "access_token");

            // The issuer is the address; behind a gateway it stays the same, here the port is taken again.
            await host.App.StopAsync(Cancel);
            await using var again = await RestartAsync(host, folder.Path);
            Assert.Equal(200, await new TokenClient(again).ReadAuditAsync(token));
        }
    }

    [Fact]
    public async Task The_discovery_document_names_the_endpoints_and_demands_proof_keys()
    {
        await using var host = await RunnerHost.StartAsync();
        using var client = host.Program();

        var document = await client.GetFromJsonAsync<JsonElement>("/.well-known/openid-configuration", Cancel);

        Assert.EndsWith("/connect/token", Text(document, "token_endpoint"), StringComparison.Ordinal);
        Assert.Equal(["S256"], document.GetProperty("code_challenge_methods_supported").EnumerateArray().Select(method => method.GetString()!));
        Assert.Contains("config.values", document.GetProperty("scopes_supported").EnumerateArray().Select(scope => scope.GetString()!));
    }

    private static async Task<RunnerHost> RestartAsync(RunnerHost host, string folder)
    {
        await host.App.DisposeAsync();
        return await RunnerHost.StartOnAsync(folder, options => options with { Port = host.Address.Port });
    }

    private static string Text(JsonElement answer, string name) =>
        answer.TryGetProperty(name, out var value) ? value.GetString()! : throw new InvalidOperationException($"No {name} in {answer}");
}
