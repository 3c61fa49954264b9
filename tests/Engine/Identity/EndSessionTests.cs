using System.Net;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Support;
using Runner.Web.Identity;
using Runner.Web.Identity.Tokens;
using Runner.Web.Identity.Users;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Runner.Tests.Engine.Identity;

/// <summary>Signing out as OpenID Connect clients ask for it: who it is that asks decides whether the person is asked.</summary>
public sealed class EndSessionTests
{
    private const string Path = "/connect/end-session";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_mere_link_asks_and_ends_nothing_until_the_person_says_so()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = await host.SignedInAsync();

        using var asked = await browser.GetAsync(Path, Cancel);
        using var chinese = new HttpRequestMessage(HttpMethod.Get, Path) { Headers = { { "Accept-Language", "zh-Hans" } } };
        using var inChinese = await browser.SendAsync(chinese, Cancel);
        using var noForm = new FormUrlEncodedContent([]);
        using var forged = await browser.PostAsync(Path, noForm, Cancel);
        var page = await asked.Content.ReadAsStringAsync(Cancel);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK), (asked.StatusCode, inChinese.StatusCode, forged.StatusCode));
        Assert.Contains("<h1>Sign out?</h1>", page, StringComparison.Ordinal);
        Assert.Contains("as admin.", page, StringComparison.Ordinal);
        Assert.Contains("要退出登录吗？", WebUtility.HtmlDecode(await inChinese.Content.ReadAsStringAsync(Cancel)), StringComparison.Ordinal);
        Assert.True(await IsSignedInAsync(browser));

        using var confirmed = await RunnerHost.SendFormAsync(browser, page, Path);
        Assert.Equal((HttpStatusCode.Redirect, "/sign-in"), (confirmed.StatusCode, confirmed.Headers.Location?.OriginalString));
        Assert.False(await IsSignedInAsync(browser));
        Assert.Contains(host.Get<AuditLog>().Read(50), entry => entry.Action == AuditActions.SignOut);
    }

    [Fact]
    public async Task A_client_that_shows_the_identity_token_of_whoever_is_signed_in_signs_out_at_once_and_one_with_anothers_does_not()
    {
        await using var host = await RunnerHost.StartAsync();
        await host.Get<UserDirectory>().CreateAsync("vera", "a password of vera", ConsoleRole.Viewer, Cancel);
        using var administrator = await host.SignedInAsync();
        using var viewer = await host.SignedInAsync("vera", "a password of vera");
        var client = new TokenClient(host);
        var token = (await client.RedeemAsync(TokenClient.CodeIn(await client.AuthorizeAsync(viewer, "openid")))).GetProperty("id_token").GetString()!;

        using var wrong = await administrator.GetAsync($"{Path}?id_token_hint={token}", Cancel);
        using var made = await viewer.GetAsync($"{Path}?id_token_hint={token}x", Cancel);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (wrong.StatusCode, made.StatusCode));
        Assert.True(await IsSignedInAsync(administrator) && await IsSignedInAsync(viewer));

        using var right = await viewer.GetAsync($"{Path}?id_token_hint={token}", Cancel);
        Assert.Equal((HttpStatusCode.Redirect, "/sign-in"), (right.StatusCode, right.Headers.Location?.OriginalString));
        Assert.False(await IsSignedInAsync(viewer));
    }

    [Fact]
    public async Task What_another_site_posts_is_asked_about_where_the_browser_has_the_session_and_the_client_gets_the_person_back()
    {
        const string Back = "https://client.example/bye";
        await using var host = await RunnerHost.StartAsync();
        await using (var scope = host.App.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>().CreateAsync(
                new OpenIddictApplicationDescriptor { ClientId = "portal", ClientType = ClientTypes.Public, PostLogoutRedirectUris = { new Uri(Back) }, Permissions = { Permissions.Endpoints.EndSession } }, Cancel);
        }

        using var browser = await host.SignedInAsync();
        using var crossSite = host.Browser();
        using var form = new FormUrlEncodedContent([new("client_id", "portal"), new("post_logout_redirect_uri", Back), new("state", "s 1"), new("returnUrl", "/elsewhere")]);

        using var led = await crossSite.PostAsync(Path, form, Cancel);
        Assert.Equal(HttpStatusCode.SeeOther, led.StatusCode);
        using var asked = await browser.GetAsync(led.Headers.Location, Cancel);
        using var confirmed = await RunnerHost.SendFormAsync(browser, await asked.Content.ReadAsStringAsync(Cancel), Path);

        Assert.DoesNotContain("elsewhere", led.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.DoesNotContain("form-action", asked.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal(Back + "?state=s%201", confirmed.Headers.Location?.AbsoluteUri.Replace("s+1", "s%201", StringComparison.Ordinal));
        Assert.False(await IsSignedInAsync(browser));
    }

    [Fact]
    public async Task The_command_lines_client_of_an_earlier_version_may_sign_out_after_an_upgrade()
    {
        using var folder = new TemporaryFolder();
        await using (var before = await RunnerHost.StartOnAsync(folder.Path))
        {
            await using var circuit = before.App.Services.CreateAsyncScope();
            var manager = circuit.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>();
            var known = (await manager.FindByClientIdAsync(TokenSetup.CommandLineClient, Cancel))!;
            var descriptor = new OpenIddictApplicationDescriptor();
            await manager.PopulateAsync(descriptor, known, Cancel);
            descriptor.Permissions.Remove(Permissions.Endpoints.EndSession);
            await manager.UpdateAsync(known, descriptor, Cancel);
        }

        await using var host = await RunnerHost.StartOnAsync(folder.Path);
        using var browser = await host.SignedInAsync();
        var client = new TokenClient(host);
        var token = (await client.RedeemAsync(TokenClient.CodeIn(await client.AuthorizeAsync(browser, "openid audit.read")))).GetProperty("id_token").GetString();

        using var answer = await browser.GetAsync($"{Path}?client_id=runner-cli&id_token_hint={token}", Cancel);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.False(await IsSignedInAsync(browser));
    }

    private static async Task<bool> IsSignedInAsync(HttpClient browser)
    {
        using var answer = await browser.GetAsync("/api/console/audit?take=1", Cancel);
        return answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Forbidden;
    }
}
