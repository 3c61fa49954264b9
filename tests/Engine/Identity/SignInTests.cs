using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Support;
using Runner.Web.Identity;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Identity;

public sealed partial class SignInTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_right_password_opens_the_console_with_a_cookie_that_scripts_and_other_sites_do_not_get()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = host.Browser();

        using var before = await browser.GetAsync("/api/console/audit", Cancel);
        using var answer = await RunnerHost.SignInAsync(browser, "Admin", RunnerHost.AdminPassword, "/sign-in?returnUrl=%2Fworkloads");
        using var after = await browser.GetAsync("/api/console/audit", Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, before.StatusCode);
        Assert.Equal("/workloads", answer.Headers.Location?.ToString());
        var cookie = answer.Headers.GetValues("Set-Cookie").Single(value => value.StartsWith("runner.session=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
    }

    [Fact]
    public async Task An_unknown_user_and_a_wrong_password_get_the_same_answer()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = host.Browser();

        using var unknown = await RunnerHost.SignInAsync(browser, "nobody", RunnerHost.AdminPassword);
        using var wrong = await RunnerHost.SignInAsync(browser, "admin", "wrong horse battery");

        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
        Assert.Equal(unknown.StatusCode, wrong.StatusCode);
        Assert.Equal(await BareAsync(unknown, "nobody"), await BareAsync(wrong, "admin"));
        Assert.DoesNotContain(unknown.Headers, header => header.Key == "Set-Cookie" && header.Value.Any(value => value.StartsWith("runner.session", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_form_that_another_site_sends_signs_nobody_in()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = host.Browser();
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("User", "admin"), KeyValuePair.Create("Password", RunnerHost.AdminPassword)]);

        using var answer = await browser.PostAsync("/account/sign-in", form, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.False(answer.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(value => value.StartsWith("runner.session", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("javascript:alert(1)")]
    public async Task A_return_address_outside_the_console_leads_home(string returnUrl)
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = host.Browser();

        using var answer = await RunnerHost.SignInAsync(browser, "admin", RunnerHost.AdminPassword, "/sign-in?returnUrl=" + Uri.EscapeDataString(returnUrl));

        Assert.Equal("/", answer.Headers.Location?.ToString());
    }

    [Fact]
    public async Task A_session_is_over_at_once_when_the_user_s_sessions_are_ended_or_the_user_is_gone()
    {
        await using var host = await RunnerHost.StartAsync();
        var users = host.Get<UserDirectory>();
        var ann = await users.CreateAsync("ann", "a password of ann", ConsoleRole.Administrator, Cancel);
        using var first = await host.SignedInAsync("ann", "a password of ann");
        await users.EndSessionsAsync(ann.Id, Cancel);
        using var ended = await first.GetAsync("/api/console/audit", Cancel);

        using var second = await host.SignedInAsync("ann", "a password of ann");
        using var open = await second.GetAsync("/api/console/audit", Cancel);
        await users.DeleteAsync(ann.Id, Cancel);
        using var gone = await second.GetAsync("/api/console/audit", Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, ended.StatusCode);
        Assert.Equal(HttpStatusCode.OK, open.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, gone.StatusCode);
    }

    [Fact]
    public async Task Ending_one_session_leaves_the_others_and_a_session_ends_by_itself_when_it_is_not_used_or_has_lasted_a_week()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var host = await RunnerHost.StartAsync(time: time);
        var sessions = host.Get<SessionRegistry>();
        using var first = await host.SignedInAsync();
        using var second = await host.SignedInAsync();
        await sessions.EndAsync(sessions.All.OrderBy(session => session.StartedAt).First().Id, Cancel);
        var one = new[] { await StatusAsync(first), await StatusAsync(second) };

        // The clock is put forward without the program's timers going off a million times on the way; those of the last hours do.
        for (var hours = 0; hours < 6 * 24; hours += 10)
        {
            time.AdjustTime(time.GetUtcNow() + TimeSpan.FromHours(10));
            await StatusAsync(first);
            await StatusAsync(second);
        }

        var used = new[] { await StatusAsync(first), await StatusAsync(second) };
        time.AdjustTime(time.GetUtcNow() + TimeSpan.FromDays(1.1));
        using var third = await host.SignedInAsync();
        time.Advance(SessionRegistry.Idle + TimeSpan.FromMinutes(1));

        Assert.Single(one, HttpStatusCode.OK);
        Assert.Single(used, HttpStatusCode.OK);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (await StatusAsync(first), await StatusAsync(second), await StatusAsync(third)));
        Assert.Empty(sessions.All);
    }

    [Theory]
    [InlineData(30 * 24, HttpStatusCode.Unauthorized)]
    [InlineData(1, HttpStatusCode.OK)]
    public async Task A_session_that_began_by_a_clock_that_was_far_ahead_ends_when_the_clock_is_put_right(int hours, HttpStatusCode after)
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var host = await RunnerHost.StartAsync(time: time);
        time.AdjustTime(time.GetUtcNow() + TimeSpan.FromHours(hours));
        using var browser = await host.SignedInAsync();
        var before = await StatusAsync(browser);

        time.AdjustTime(time.GetUtcNow() - TimeSpan.FromHours(hours));

        Assert.Equal((HttpStatusCode.OK, after), (before, await StatusAsync(browser)));
    }

    [Fact]
    public async Task Signing_out_ends_the_session_and_not_only_the_cookie()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = host.Browser();
        using var answer = await RunnerHost.SignInAsync(browser, "admin", RunnerHost.AdminPassword);
        var cookie = answer.Headers.GetValues("Set-Cookie").Single(value => value.StartsWith("runner.session=", StringComparison.Ordinal)).Split(';')[0];
        using var copy = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = host.Address };
        copy.DefaultRequestHeaders.Add("Cookie", cookie);
        var before = await StatusAsync(copy);

        using var gone = await RunnerHost.SignOutAsync(browser);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Redirect, HttpStatusCode.Unauthorized), (before, gone.StatusCode, await StatusAsync(copy)));
    }

    [Fact]
    public async Task An_open_page_too_is_signed_out_within_seconds_when_the_sessions_end()
    {
        await using var host = await RunnerHost.StartAsync();
        var users = host.Get<UserDirectory>();
        var admin = users.FindByName("admin")!;
        await using var circuit = host.App.Services.CreateAsyncScope();
        var session = circuit.ServiceProvider.GetRequiredService<AuthenticationStateProvider>();
        ((IHostEnvironmentAuthenticationStateProvider)session).SetAuthenticationState(Task.FromResult(new AuthenticationState(ConsoleSession.Create(admin, await host.Get<SessionRegistry>().StartAsync(admin, "", "", SignInMethod.Password, Cancel)))));
        Assert.True((await session.GetAuthenticationStateAsync()).User.Identity!.IsAuthenticated);

        await users.EndSessionsAsync(admin.Id, Cancel);

        await Eventually.TrueAsync(async () => !(await session.GetAuthenticationStateAsync()).User.Identity!.IsAuthenticated, "the circuit's user is signed out", 30);
    }

    [Fact]
    public async Task The_first_start_s_link_signs_in_once()
    {
        await using var host = await RunnerHost.StartAsync();
        var secret = await host.Get<OneTimeLinks>().CreateAsync(host.Get<UserDirectory>().FindByName("admin")!.Id, LinkPurpose.SignIn, Cancel);
        using var browser = host.Browser();
        using var other = host.Browser();

        using var looked = await other.GetAsync("/sign-in?link=" + secret, Cancel);
        using var first = await RunnerHost.SignInAsync(browser, "", "", "/sign-in?link=" + secret);
        using var again = await RunnerHost.SignInAsync(other, "", "", "/sign-in?link=" + secret);

        Assert.Equal(HttpStatusCode.OK, looked.StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, first.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, again.StatusCode);
    }

    [Fact]
    public async Task A_changed_configured_password_takes_over_and_an_unchanged_one_leaves_what_was_set_since()
    {
        using var folder = new TemporaryFolder();
        await using (var host = await RunnerHost.StartOnAsync(folder.Path))
        {
            var users = host.Get<UserDirectory>();
            await users.SetPasswordAsync(users.FindByName("admin")!.Id, "set in the console", Cancel);
        }

        await using (var host = await RunnerHost.StartOnAsync(folder.Path))
        {
            Assert.NotNull(host.Get<UserDirectory>().Authenticate("admin", "set in the console"));
        }

        await using (var host = await RunnerHost.StartOnAsync(folder.Path, options => options with { AdminPassword = "a new configured one" }))
        {
            Assert.NotNull(host.Get<UserDirectory>().Authenticate("admin", "a new configured one"));
            Assert.Null(host.Get<UserDirectory>().Authenticate("admin", "set in the console"));
        }
    }

    [Fact]
    public async Task A_session_outlives_a_restart_of_the_program()
    {
        using var folder = new TemporaryFolder();
        string cookie;
        await using (var host = await RunnerHost.StartOnAsync(folder.Path))
        {
            using var browser = host.Browser();
            using var answer = await RunnerHost.SignInAsync(browser, "admin", RunnerHost.AdminPassword);
            cookie = answer.Headers.GetValues("Set-Cookie").Single(value => value.StartsWith("runner.session=", StringComparison.Ordinal)).Split(';')[0];
        }

        await using var again = await RunnerHost.StartOnAsync(folder.Path);
        using var client = new HttpClient { BaseAddress = again.Address };
        client.DefaultRequestHeaders.Add("Cookie", cookie);
        using var after = await client.GetAsync("/api/console/audit", Cancel);

        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
    }

    [Fact]
    public async Task Signing_in_failing_to_and_signing_out_are_in_the_audit_log()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = host.Browser();
        (await RunnerHost.SignInAsync(browser, "mallory", "let me in please")).Dispose();
        (await RunnerHost.SignInAsync(browser, "admin", RunnerHost.AdminPassword)).Dispose();

        var entries = host.Get<AuditLog>().Read(10).Where(entry => entry.Action == AuditActions.SignIn).ToList();

        Assert.Equal([("admin", AuditOutcome.Done), ("mallory", AuditOutcome.Refused)], entries.Select(entry => (entry.Who, entry.Outcome)));
        Assert.All(entries, entry => Assert.Equal("127.0.0.1", entry.RemoteAddress));
    }

    [Fact]
    public async Task The_sign_in_page_speaks_the_browser_s_language()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = host.Browser();
        browser.DefaultRequestHeaders.AcceptLanguage.ParseAdd("zh-CN,zh;q=0.9");

        Assert.Contains("登录", WebUtility.HtmlDecode(await browser.GetStringAsync("/sign-in", Cancel)), StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client)
    {
        using var answer = await client.GetAsync("/api/console/audit", Cancel);
        return answer.StatusCode;
    }

    private static async Task<string> BareAsync(HttpResponseMessage answer, string name) =>
        FormToken().Replace(await answer.Content.ReadAsStringAsync(Cancel), "").Replace($"value=\"{name}\"", "", StringComparison.Ordinal);

    [GeneratedRegex("""name="__RequestVerificationToken" value="[^"]*" """)]
    private static partial Regex FormToken();
}
