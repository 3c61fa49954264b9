using System.Net;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OtpNet;
using Runner.Tests.Engine.Host;
using Runner.Web.Identity;
using Runner.Web.Identity.Access;
using Runner.Web.Identity.Sessions;
using Runner.Web.Identity.SignIn;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Identity;

public sealed class SecondFactorTests
{
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_a_second_factor_the_password_alone_opens_nothing_and_a_code_does_once()
    {
        await using var host = await RunnerHost.StartAsync(time: _time);
        var (offer, _) = await TurnOnAsync(host);
        _time.Advance(TimeSpan.FromMinutes(1));
        using var browser = host.Browser();
        using var other = host.Browser();

        var page = await PasswordAsync(browser);
        var second = await PasswordAsync(other);
        using var before = await browser.GetAsync("/api/console/audit", Cancel);
        var code = Code(offer);
        using var wrong = await RunnerHost.SendFormAsync(browser, page, "/account/code", ("Code", "000000"));
        using var right = await RunnerHost.SendFormAsync(browser, page, "/account/code", ("Code", code));
        using var replayed = await RunnerHost.SendFormAsync(other, second, "/account/code", ("Code", code));
        using var after = await browser.GetAsync("/api/console/audit", Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, before.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, right.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, replayed.StatusCode);
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
    }

    [Fact]
    public async Task A_recovery_code_works_once_even_for_many_at_the_same_moment()
    {
        await using var host = await RunnerHost.StartAsync(time: _time);
        var (_, codes) = await TurnOnAsync(host);
        var factor = host.Get<SecondFactor>();
        var id = Admin(host).Id;

        var taken = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => factor.VerifyAsync(id, codes[0].ToUpperInvariant(), Cancel)));

        Assert.Single(taken, result => result == FactorTaken.RecoveryCode);
        Assert.Equal((10, 9), (codes.Distinct().Count(), Admin(host).RecoveryCodesLeft));
        using var browser = host.Browser();
        using var signedIn = await RunnerHost.SendFormAsync(browser, await PasswordAsync(browser), "/account/code", ("Code", codes[1]));
        Assert.Equal(HttpStatusCode.Redirect, signedIn.StatusCode);
    }

    [Fact]
    public async Task A_code_of_long_ago_or_of_another_secret_is_refused_and_so_is_a_step_that_took_too_long()
    {
        await using var host = await RunnerHost.StartAsync(time: _time);
        var (offer, _) = await TurnOnAsync(host);
        var old = Code(offer);
        using var browser = host.Browser();
        var page = await PasswordAsync(browser);
        _time.Advance(TimeSpan.FromMinutes(3));

        using var late = await RunnerHost.SendFormAsync(browser, page, "/account/code", ("Code", old));
        using var foreign = await RunnerHost.SendFormAsync(browser, page, "/account/code", ("Code", Code(SecondFactor.Offer(Admin(host)))));
        _time.Advance(TimeSpan.FromMinutes(3));
        using var expired = await RunnerHost.SendFormAsync(browser, page, "/account/code", ("Code", Code(offer)));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (late.StatusCode, foreign.StatusCode, expired.StatusCode));
    }

    [Fact]
    public async Task Guessing_codes_meets_the_pauses_of_guessing_passwords()
    {
        await using var host = await RunnerHost.StartAsync(time: _time);
        await TurnOnAsync(host);
        using var browser = host.Browser();
        var page = await PasswordAsync(browser);
        var answers = new List<HttpStatusCode>();
        for (var attempt = 0; attempt < 6; attempt++)
        {
            using var answer = await RunnerHost.SendFormAsync(browser, page, "/account/code", ("Code", $"00000{attempt}"));
            answers.Add(answer.StatusCode);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1]);
        using var restarted = await RunnerHost.SignInAsync(browser, "admin", RunnerHost.AdminPassword);
        Assert.Equal(HttpStatusCode.TooManyRequests, restarted.StatusCode);
    }

    [Fact]
    public async Task Good_sign_ins_with_a_second_factor_bring_their_network_no_nearer_to_a_pause()
    {
        await using var host = await RunnerHost.StartAsync(time: _time);
        var (offer, _) = await TurnOnAsync(host);

        // One failure more, and the network has to wait.
        foreach (var (here, attempt) in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback }.SelectMany(here => Enumerable.Range(1, LockOut.OfNetwork.Free - 1).Select(attempt => (here, attempt))))
        {
            await host.Get<SignInGuard>().BeginAsync($"user {attempt}", here, Cancel);
        }

        for (var count = 1; count <= 3; count++)
        {
            // A code is taken once.
            _time.Advance(TimeSpan.FromSeconds(30));
            using var browser = host.Browser();
            using var answer = await RunnerHost.SendFormAsync(browser, await PasswordAsync(browser), "/account/code", ("Code", Code(offer)));
            Assert.True(answer.StatusCode == HttpStatusCode.Redirect, $"Sign-in {count} was answered {answer.StatusCode}, to be tried again in {answer.Headers.RetryAfter}.");
        }
    }

    [Fact]
    public async Task A_second_factor_is_replaced_only_by_whoever_knows_the_password()
    {
        await using var host = await RunnerHost.StartAsync(time: _time);
        var session = await host.Get<SessionRegistry>().StartAsync(Admin(host), "192.0.2.9", "Browser", SignInMethod.Password, Cancel);
        await using var circuit = host.App.Services.CreateAsyncScope();
        ((IHostEnvironmentAuthenticationStateProvider)circuit.ServiceProvider.GetRequiredService<AuthenticationStateProvider>()).SetAuthenticationState(
            Task.FromResult(new AuthenticationState(ConsoleSession.Create(Admin(host), session))));
        var profile = circuit.ServiceProvider.GetRequiredService<ProfileActions>();

        var first = SecondFactor.Offer(Admin(host));
        await profile.ConfirmSecondFactorAsync(first, Code(first), "", Cancel);
        var before = Admin(host);
        var other = SecondFactor.Offer(before);
        foreach (var wrong in new[] { "", "not the password" })
        {
            var refused = await Assert.ThrowsAsync<UserRefusedException>(() => profile.ConfirmSecondFactorAsync(other, Code(other), wrong, Cancel));
            Assert.Equal(UserRefusal.PasswordWrong, refused.Reason);
        }

        Assert.Equal((before.TotpSecret, before.RecoveryHashes), (Admin(host).TotpSecret, Admin(host).RecoveryHashes));
        Assert.Equal(2, host.Get<AuditLog>().Read(10).Count(entry => entry is { Action: AuditActions.SecondFactorOn, Outcome: AuditOutcome.Failed }));
        Assert.Equal(10, (await profile.ConfirmSecondFactorAsync(other, Code(other), RunnerHost.AdminPassword, Cancel)).Count);
        Assert.NotEqual(before.TotpSecret, Admin(host).TotpSecret);
    }

    [Fact]
    public async Task A_one_time_link_lets_a_password_be_chosen_once_and_ends_the_sessions_before()
    {
        await using var host = await RunnerHost.StartAsync(time: _time);
        var users = host.Get<UserDirectory>();
        var links = host.Get<OneTimeLinks>();
        var ann = await users.InviteAsync("ann", ConsoleRole.Viewer, Cancel);
        var older = await links.CreateAsync(ann.Id, LinkPurpose.Password, Cancel);
        var link = await links.CreateAsync(ann.Id, LinkPurpose.Password, Cancel);
        using var browser = host.Browser();
        using var none = await RunnerHost.SignInAsync(browser, "ann", "");

        using var replaced = await browser.GetAsync($"/account/password?link={older}", Cancel);
        var page = await browser.GetStringAsync($"/account/password?link={link}", Cancel);
        using var weak = await SetAsync("Password1234", "Password1234");
        using var differing = await SetAsync("three odd tables", "three odd chairs");
        using var set = await SetAsync("three odd tables", "three odd tables");
        using var again = await SetAsync("four odd tables!", "four odd tables!");
        using var asSignIn = await RunnerHost.SignInAsync(browser, "", "", "/sign-in?link=" + link);
        using var signedIn = await RunnerHost.SignInAsync(browser, "ann", "three odd tables");

        Assert.Equal(HttpStatusCode.BadRequest, none.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, replaced.StatusCode);
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.OK, HttpStatusCode.BadRequest), (weak.StatusCode, differing.StatusCode, set.StatusCode, again.StatusCode));
        Assert.Equal(HttpStatusCode.BadRequest, asSignIn.StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, signedIn.StatusCode);

        Task<HttpResponseMessage> SetAsync(string first, string second) => RunnerHost.SendFormAsync(browser, page, "/account/password", ("Password", first), ("Again", second));
    }

    private static ConsoleUser Admin(RunnerHost host) => host.Get<UserDirectory>().FindByName("admin")!;

    private static async Task<string> PasswordAsync(HttpClient browser)
    {
        using var answer = await RunnerHost.SignInAsync(browser, "admin", RunnerHost.AdminPassword);
        var page = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("name=\"Pending\"", page, StringComparison.Ordinal);
        return page;
    }

    private async Task<(TotpOffer Offer, IReadOnlyList<string> Codes)> TurnOnAsync(RunnerHost host)
    {
        var offer = SecondFactor.Offer(Admin(host));
        return (offer, await host.Get<SecondFactor>().ConfirmAsync(Admin(host).Id, offer, Code(offer), Cancel));
    }

    private string Code(TotpOffer offer) => new Totp(Base32Encoding.ToBytes(offer.Secret)).ComputeTotp(_time.GetUtcNow().UtcDateTime);
}
