using System.Net;
using System.Web;
using Runner.Tests.Engine.Host;
using Runner.Web.Identity;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Identity.Provider;

/// <summary>Signing in with a real OpenID Connect provider, and all that must not sign anybody in.</summary>
public sealed class ProviderSignInTests(SharedProvider shared) : IClassFixture<SharedProvider>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ann", ConsoleRole.Administrator)]
    [InlineData("oscar", ConsoleRole.Operator)]
    [InlineData("vera", ConsoleRole.Viewer)]
    public async Task Whoever_the_provider_knows_comes_in_with_the_role_of_the_group(string name, ConsoleRole role)
    {
        var provider = await shared.AsFromTheStartAsync();
        await using var host = await provider.StartConsoleAsync();
        using var browser = host.Browser();

        using var back = await browser.GetAsync(await OutsideProvider.WalkAsync(browser, name, "/workloads?filter=x"), Cancel);
        using var audit = await browser.GetAsync("/api/console/audit", Cancel);

        Assert.Equal("/workloads?filter=x", back.Headers.Location?.OriginalString);
        Assert.Equal(role == ConsoleRole.Administrator ? HttpStatusCode.OK : HttpStatusCode.Forbidden, audit.StatusCode);
        var user = host.Get<UserDirectory>().FindByName(name)!;
        Assert.Equal((role, false, true), (user.Role, user.IsLocal, user.LastSignIn is not null));
        Assert.Contains(host.Get<AuditLog>().Read(5), entry => entry is { Action: AuditActions.SignIn, Outcome: AuditOutcome.Done } && entry.Who == name);
    }

    [Fact]
    public async Task A_role_that_was_taken_away_there_is_gone_here_at_the_next_sign_in_and_the_sessions_before_end()
    {
        var provider = await shared.AsFromTheStartAsync();
        await using var host = await provider.StartConsoleAsync();
        using var before = host.Browser();
        (await before.GetAsync(await OutsideProvider.WalkAsync(before, "ann"), Cancel)).Dispose();
        await provider.BeAsync("demoted");
        using var after = host.Browser();

        (await after.GetAsync(await OutsideProvider.WalkAsync(after, "ann"), Cancel)).Dispose();

        Assert.Equal(ConsoleRole.Viewer, host.Get<UserDirectory>().FindByName("ann")!.Role);
        using var old = await before.GetAsync("/api/console/audit", Cancel);
        using var now = await after.GetAsync("/api/console/audit", Cancel);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden), (old.StatusCode, now.StatusCode));
    }

    [Fact]
    public async Task Whoever_has_no_role_there_any_more_keeps_neither_session_nor_token_here()
    {
        var provider = await shared.AsFromTheStartAsync();
        await using var host = await provider.StartConsoleAsync();
        using var before = host.Browser();
        (await before.GetAsync(await OutsideProvider.WalkAsync(before, "ann"), Cancel)).Dispose();
        var client = new TokenClient(host);
        var tokens = await client.RedeemAsync(TokenClient.CodeIn(await client.AuthorizeAsync(before, "openid offline_access audit.read")));
        Assert.Equal(200, await client.ReadAuditAsync(tokens.GetProperty("access_token").GetString()!));
        await provider.BeAsync("roleless");
        using var after = host.Browser();

        await ExpectRefusedAsync(after, await OutsideProvider.WalkAsync(after, "ann"), HttpStatusCode.Forbidden, "none of your groups");

        using var old = await before.GetAsync("/api/console/audit", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, old.StatusCode);
        Assert.Equal(403, await client.ReadAuditAsync(tokens.GetProperty("access_token").GetString()!));
        Assert.Equal("invalid_grant", (await client.RefreshAsync(tokens.GetProperty("refresh_token").GetString()!)).GetProperty("error").GetString());
        Assert.Contains(host.Get<AuditLog>().Read(20), entry => entry is { Action: AuditActions.SessionEnd, Target: "ann", Outcome: AuditOutcome.Done });
    }

    [Fact]
    public async Task Nobody_without_a_role_comes_in_nor_whoever_the_provider_refuses_nor_a_disabled_account()
    {
        var provider = await shared.AsFromTheStartAsync();
        await using var host = await provider.StartConsoleAsync();
        using var nora = host.Browser();
        using var mallory = host.Browser();
        using var refused = host.Browser();
        using var vera = host.Browser();
        (await vera.GetAsync(await OutsideProvider.WalkAsync(vera, "vera"), Cancel)).Dispose();
        await host.Get<UserDirectory>().SetDisabledAsync(host.Get<UserDirectory>().FindByName("vera")!.Id, true, Cancel);
        using var again = host.Browser();

        await ExpectRefusedAsync(nora, await OutsideProvider.WalkAsync(nora, "nora"), HttpStatusCode.Forbidden, "none of your groups");

        // In a group whose name looks like a list with another one's.
        await ExpectRefusedAsync(mallory, await OutsideProvider.WalkAsync(mallory, "mallory"), HttpStatusCode.Forbidden, "none of your groups");
        await ExpectRefusedAsync(refused, await OutsideProvider.WalkAsync(refused, "refuse"), HttpStatusCode.BadRequest, "refused");
        await ExpectRefusedAsync(again, await OutsideProvider.WalkAsync(again, "vera"), HttpStatusCode.Forbidden, "disabled");
        Assert.Null(host.Get<UserDirectory>().FindByName("nora"));
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("audience")]
    [InlineData("issuer")]
    [InlineData("nonce")]
    [InlineData("signature")]
    [InlineData("unsigned")]
    [InlineData("subject")]
    public async Task A_token_that_does_not_hold_signs_nobody_in(string fault)
    {
        var provider = await shared.AsFromTheStartAsync();
        await using var host = await provider.StartConsoleAsync();
        using var browser = host.Browser();
        var callback = await OutsideProvider.WalkAsync(browser, "vera");
        await provider.BeAsync(fault);

        await ExpectRefusedAsync(browser, callback, HttpStatusCode.BadRequest, "refused");

        Assert.Equal("admin", Assert.Single(host.Get<UserDirectory>().All).Name);
    }

    [Fact]
    public async Task A_code_signs_in_once_and_only_the_browser_that_asked_for_it()
    {
        var provider = await shared.AsFromTheStartAsync();
        await using var host = await provider.StartConsoleAsync();
        using var victim = host.Browser();
        using var thief = host.Browser();
        using var other = host.Browser();
        var callback = await OutsideProvider.WalkAsync(victim, "ann");
        var othersCallback = await OutsideProvider.WalkAsync(other, "vera");

        // Somebody else's browser, with the whole address; and a code put under another request's state.
        await ExpectRefusedAsync(thief, callback, HttpStatusCode.BadRequest, "refused");
        await ExpectRefusedAsync(other, With(othersCallback, "code", HttpUtility.ParseQueryString(callback.Query)["code"]!), HttpStatusCode.BadRequest, "refused");
        await ExpectRefusedAsync(other, With(othersCallback, "state", "made-up"), HttpStatusCode.BadRequest, "refused");
        using var first = await victim.GetAsync(await OutsideProvider.WalkAsync(victim, "ann"), Cancel);
        Assert.Equal(HttpStatusCode.Redirect, first.StatusCode);
    }

    [Fact]
    public async Task A_callback_that_is_opened_again_signs_nobody_in_even_many_times_at_once()
    {
        var provider = await shared.AsFromTheStartAsync();
        await using var host = await provider.StartConsoleAsync();
        using var browser = host.Browser();
        var callback = await OutsideProvider.WalkAsync(browser, "ann");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var answer = await browser.GetAsync(callback, Cancel);
            return answer.StatusCode;
        }));

        Assert.True(answers.Count(status => status == HttpStatusCode.Redirect) <= 1, string.Join(", ", answers));
        await ExpectRefusedAsync(browser, callback, HttpStatusCode.BadRequest, "refused");
    }

    [Fact]
    public async Task A_provider_that_is_down_or_none_is_told_and_local_sign_in_still_works()
    {
        await using var provider = await OutsideProvider.StartAsync();
        await using var host = await provider.StartConsoleAsync();
        using var browser = host.Browser();
        await provider.BeAsync("broken");
        await ExpectRefusedAsync(browser, new Uri(host.Address, "/account/oidc"), HttpStatusCode.BadGateway, "does not answer as it should");
        await provider.StopAsync();
        await ExpectRefusedAsync(browser, new Uri(host.Address, "/account/oidc"), HttpStatusCode.BadGateway, "does not answer as it should");

        using var signedIn = await host.SignedInAsync();
    }

    [Fact]
    public async Task Signing_out_goes_on_at_the_provider_and_comes_back()
    {
        var provider = await shared.AsFromTheStartAsync();
        await using var host = await provider.StartConsoleAsync();
        using var browser = host.Browser();
        (await browser.GetAsync(await OutsideProvider.WalkAsync(browser, "vera"), Cancel)).Dispose();
        using var answer = await RunnerHost.SignOutAsync(browser);
        var html = await answer.Content.ReadAsStringAsync(Cancel);
        var next = new Uri(WebUtility.HtmlDecode(html.Split("0; url=")[1].Split('"')[0]));
        var question = await browser.GetStringAsync(next, Cancel);
        using var confirmed = await RunnerHost.SendFormAsync(browser, question, Action(question), ("xsrf", Field(question, "xsrf")), ("logout", "yes"));
        using var back = await browser.GetAsync(new Uri(next, confirmed.Headers.Location!), Cancel);
        using var after = await browser.GetAsync("/api/console/audit", Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.StartsWith(provider.Issuer + "session/end", next.AbsoluteUri, StringComparison.Ordinal);
        Assert.Contains("id_token_hint=", next.Query, StringComparison.Ordinal);
        Assert.Equal("/account/oidc/signed-out", new Uri(next, confirmed.Headers.Location!).AbsolutePath);
        Assert.Equal("/sign-in", back.Headers.Location?.OriginalString);
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
    }

    private static async Task ExpectRefusedAsync(HttpClient browser, Uri callback, HttpStatusCode status, string saying)
    {
        using var answer = await browser.GetAsync(callback, Cancel);
        var html = WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Cancel));
        Assert.True(answer.StatusCode == status, $"{answer.StatusCode}: {html}");
        Assert.Contains(saying, html, StringComparison.Ordinal);
        Assert.False(answer.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(cookie => cookie.StartsWith("runner.session=", StringComparison.Ordinal)));
    }

    private static Uri With(Uri address, string name, string value)
    {
        var query = HttpUtility.ParseQueryString(address.Query);
        query[name] = value;
        return new UriBuilder(address) { Query = query.ToString() }.Uri;
    }

    private static string Action(string html) => WebUtility.HtmlDecode(html.Split("action=\"")[1].Split('"')[0]);

    private static string Field(string html, string name) => html.Split($"name=\"{name}\"")[1].Split("value=\"")[1].Split('"')[0];
}
