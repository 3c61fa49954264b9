using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Host;
using Runner.Web.Identity.SignIn;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Engine.Identity;

public sealed class LockOutTests
{
    private static readonly IPAddress Here = IPAddress.Parse("192.0.2.1");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void A_pause_never_shrinks_with_more_failures_and_never_passes_an_hour() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
        failures =>
        {
            var (pause, next) = (LockOut.OfAccount.PauseAfter(failures), LockOut.OfAccount.PauseAfter(failures + 1));
            return pause <= next && next <= TimeSpan.FromHours(1) && (failures >= LockOut.OfAccount.Free) == (pause > TimeSpan.Zero);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_clock_that_was_wrong_keeps_nobody_out_for_longer_than_two_hours() => Prop.ForAll(
        (from failures in Gen.Choose(0, 100) from minutes in Gen.Choose(-5_000_000, 5_000_000) select (Failures: failures, Minutes: minutes)).ToArbitrary(),
        seen =>
        {
            var now = new DateTimeOffset(2026, 11, 27, 0, 0, 0, TimeSpan.Zero);
            return LockOut.OfAccount.Left(new(seen.Failures, now.AddMinutes(seen.Minutes)), now) <= TimeSpan.FromHours(2);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Whoever_guesses_meets_pauses_that_grow_even_with_the_right_password_and_comes_in_after()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var host = await RunnerHost.StartAsync(time: time);
        using var browser = host.Browser();
        for (var attempt = 0; attempt < LockOut.OfAccount.Free; attempt++)
        {
            Assert.Equal(HttpStatusCode.BadRequest, await TryAsync(browser, $"guess number {attempt}"));
        }

        using (var held = await RunnerHost.SignInAsync(browser, "ADMIN", RunnerHost.AdminPassword))
        {
            Assert.Equal((HttpStatusCode.TooManyRequests, 30), (held.StatusCode, held.Headers.RetryAfter?.Delta?.TotalSeconds));
        }

        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(HttpStatusCode.BadRequest, await TryAsync(browser, "another guess"));
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(HttpStatusCode.TooManyRequests, await TryAsync(browser, RunnerHost.AdminPassword));
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(HttpStatusCode.Redirect, await TryAsync(browser, RunnerHost.AdminPassword));
    }

    [Fact]
    public async Task Many_guesses_at_the_same_moment_gain_nothing()
    {
        await using var host = await RunnerHost.StartAsync();
        using var page = host.Browser();
        var html = await page.GetStringAsync("/sign-in", Cancel);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(async number =>
        {
            using var answer = await RunnerHost.SendFormAsync(page, html, "/account/sign-in", ("User", "admin"), ("Password", $"guess {number}"));
            return answer.StatusCode;
        }));

        Assert.Equal(LockOut.OfAccount.Free, answers.Count(status => status == HttpStatusCode.BadRequest));
        Assert.Equal(40 - LockOut.OfAccount.Free, answers.Count(status => status == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task A_name_that_does_not_exist_is_held_as_one_that_does()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = host.Browser();
        var answers = new List<HttpStatusCode>();
        for (var attempt = 0; attempt <= LockOut.OfAccount.Free; attempt++)
        {
            using var answer = await RunnerHost.SignInAsync(browser, "nobody", "guess");
            answers.Add(answer.StatusCode);
        }

        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.BadRequest, LockOut.OfAccount.Free), HttpStatusCode.TooManyRequests], answers);
    }

    [Fact]
    public async Task Trying_one_password_at_many_accounts_is_held_too_and_a_right_one_among_them_does_not_help()
    {
        using var folder = new TemporaryFolder();
        await using var database = Database.Open(folder.Path);
        var guard = new SignInGuard(database, new FakeTimeProvider());
        for (var account = 0; account < LockOut.OfNetwork.Free - 1; account++)
        {
            Assert.Equal(TimeSpan.Zero, (await guard.BeginAsync($"user {account}", Here, Cancel)).Wait);
            var own = await guard.BeginAsync("own", Here, Cancel);
            Assert.Equal(TimeSpan.Zero, own.Wait);
            await guard.SucceededAsync(own, Cancel);
        }

        Assert.Equal(TimeSpan.Zero, (await guard.BeginAsync("the last", Here, Cancel)).Wait);
        Assert.True((await guard.BeginAsync("one more", Here, Cancel)).Wait > TimeSpan.Zero);
        Assert.Equal(TimeSpan.Zero, (await guard.BeginAsync("one more", IPAddress.Parse("192.0.2.2"), Cancel)).Wait);
    }

    [Fact]
    public async Task A_stranger_does_not_lock_out_the_owner_who_has_signed_in_from_the_own_network_before()
    {
        using var folder = new TemporaryFolder();
        await using var database = Database.Open(folder.Path);
        var guard = new SignInGuard(database, new FakeTimeProvider());
        await guard.SucceededAsync(await guard.BeginAsync("ann", Here, Cancel), Cancel);
        for (var attempt = 0; attempt < 10; attempt++)
        {
            await guard.BeginAsync("ann", IPAddress.Parse($"203.0.113.{attempt}"), Cancel);
        }

        Assert.True((await guard.BeginAsync("ann", IPAddress.Parse("203.0.113.77"), Cancel)).Wait > TimeSpan.Zero);
        Assert.Equal(TimeSpan.Zero, (await guard.BeginAsync("ann", Here, Cancel)).Wait);
    }

    [Fact]
    public async Task A_pause_outlives_a_restart_and_is_forgotten_after_a_day()
    {
        using var folder = new TemporaryFolder();
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using (var database = Database.Open(folder.Path))
        {
            var guard = new SignInGuard(database, time);
            for (var attempt = 0; attempt < LockOut.OfAccount.Free; attempt++)
            {
                await guard.BeginAsync("ann", Here, Cancel);
            }
        }

        await using var again = Database.Open(folder.Path);
        var after = new SignInGuard(again, time);
        Assert.True((await after.BeginAsync("ann", Here, Cancel)).Wait > TimeSpan.Zero);
        time.Advance(LockOut.Memory + TimeSpan.FromMinutes(1));
        for (var attempt = 0; attempt < LockOut.OfAccount.Free; attempt++)
        {
            Assert.Equal(TimeSpan.Zero, (await after.BeginAsync("ann", Here, Cancel)).Wait);
        }
    }

    [Fact]
    public async Task Failures_of_an_office_are_forgotten_after_a_day_though_thirty_of_it_sign_in_in_two_steps_meanwhile()
    {
        using var folder = new TemporaryFolder();
        await using var database = Database.Open(folder.Path);
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var guard = new SignInGuard(database, time);
        for (var attempt = 0; attempt < LockOut.OfNetwork.Free; attempt++)
        {
            Assert.Equal(TimeSpan.Zero, (await guard.BeginAsync($"user {attempt}", Here, Cancel)).Wait);
        }

        // Past the first pause whoever is right comes in, one after the other: neither step begins a pause anew.
        time.Advance(TimeSpan.FromSeconds(31));
        for (var hour = 0; hour < 30; hour++)
        {
            var password = await guard.BeginAsync("ann", Here, Cancel);
            await guard.PassedAsync(password, Cancel);
            var code = await guard.BeginAsync("ann", Here, Cancel);
            await guard.SucceededAsync(code, Cancel);
            Assert.Equal((TimeSpan.Zero, TimeSpan.Zero), (password.Wait, code.Wait));
            time.Advance(TimeSpan.FromHours(1));
        }

        for (var attempt = 0; attempt < LockOut.OfNetwork.Free; attempt++)
        {
            Assert.Equal(TimeSpan.Zero, (await guard.BeginAsync($"user {attempt}", Here, Cancel)).Wait);
        }
    }

    [Fact]
    public async Task Whoever_knows_a_password_guesses_no_more_codes_by_entering_it_again()
    {
        using var folder = new TemporaryFolder();
        await using var database = Database.Open(folder.Path);
        var guard = new SignInGuard(database, new FakeTimeProvider());
        var codes = 0;
        while (codes <= LockOut.OfAccount.Free && await guard.BeginAsync("ann", Here, Cancel) is { } password && password.Wait == TimeSpan.Zero)
        {
            await guard.PassedAsync(password, Cancel);
            codes += (await guard.BeginAsync("ann", Here, Cancel)).Wait == TimeSpan.Zero ? 1 : 0;
        }

        Assert.Equal(LockOut.OfAccount.Free, codes);
    }

    [Theory]
    [InlineData("short", UserRefusal.PasswordTooShort)]
    [InlineData("aaaaaaaaaaaaaaaa", UserRefusal.PasswordTooSimple)]
    [InlineData("abcdefghijklmnop", UserRefusal.PasswordTooSimple)]
    [InlineData("Password123!", UserRefusal.PasswordTooSimple)]
    [InlineData("margarete2026", UserRefusal.PasswordLikeName)]
    [InlineData("three odd tables", null)]
    [InlineData("四个互不相关的词语放在一起", null)]
    public void A_password_is_long_and_not_one_of_the_first_guesses(string password, UserRefusal? expected) =>
        Assert.Equal(expected, PasswordPolicy.Problem(password, "Margarete"));

    private static async Task<HttpStatusCode> TryAsync(HttpClient browser, string password)
    {
        using var answer = await RunnerHost.SignInAsync(browser, "admin", password);
        return answer.StatusCode;
    }
}
