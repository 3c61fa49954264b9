using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using OtpNet;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>What an administrator does about access, in a browser.</summary>
public sealed class AccessTests
{
    private const string Chosen = "three odd tables";

    [Fact]
    public async Task A_user_is_made_chooses_a_password_sets_up_a_second_factor_signs_in_with_it_and_is_thrown_out()
    {
        await using var console = new ConsoleFixture();
        await console.InitializeAsync();
        var admin = await console.OpenAsync("/access");
        await admin.GetByRole(AriaRole.Button, new() { Name = "Add user" }).ClickAsync();
        await admin.Locator("[data-name]").FillAsync("olga");
        await admin.GetByText("Operator").ClickAsync();
        await admin.Locator("[data-do]").ClickAsync();
        var link = await admin.Locator("[data-secret]").TextContentAsync();
        await admin.GetByRole(AriaRole.Button, new() { Name = "Close" }).Last.ClickAsync();
        await Assertions.Expect(admin.Locator("[data-user=olga]")).ToContainTextAsync("Invited");

        var olga = await console.OpenAsync("/sign-in", signedIn: false);
        await olga.GotoAsync(link!);
        await olga.FillAsync("#password", Chosen);
        await olga.FillAsync("#again", Chosen);
        await olga.ClickAsync("form button[type=submit]");
        await olga.Locator("a.plain-button").ClickAsync();
        await ConsoleFixture.SignInAsync(olga, "olga", Chosen);
        await Assertions.Expect(olga.Locator("a[href=access]")).ToHaveCountAsync(0);

        await ConsoleFixture.GoAsync(olga, "/profile");
        await olga.GetByRole(AriaRole.Button, new() { Name = "Set up" }).ClickAsync();
        var secret = (await olga.Locator("[data-totp]").TextContentAsync())!.Replace(" ", "", StringComparison.Ordinal);
        await olga.ScreenshotAsync(new() { Path = Screenshots.File("second-factor-1440-light-en") });
        await olga.Locator("[data-code]").FillAsync(Code(secret, TimeSpan.Zero));
        await olga.GetByRole(AriaRole.Button, new() { Name = "Confirm" }).ClickAsync();
        await Assertions.Expect(olga.Locator(".recovery li")).ToHaveCountAsync(10);

        var again = await console.OpenAsync("/sign-in", signedIn: false);
        await again.FillAsync("#user", "olga");
        await again.FillAsync("#password", Chosen);
        await again.ClickAsync("form button[type=submit]");

        // The code that set it up is used up; the next one is taken half a minute early.
        await again.FillAsync("#code", Code(secret, TimeSpan.FromSeconds(30)));
        await again.ClickAsync("form button[type=submit]");
        await again.WaitForSelectorAsync(".shell[data-live=true]");

        await ConsoleFixture.GoAsync(admin, "/access/sessions");

        // Every session of hers, wherever she signed in.
        var hers = admin.Locator("[data-session=olga]");
        for (var left = await hers.CountAsync(); left > 0; left--)
        {
            await hers.First.Locator("button").First.ClickAsync();
            await Assertions.Expect(hers).ToHaveCountAsync(left - 1);
        }

        await Assertions.Expect(again.Locator("[data-sign-in]")).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await GuessAsync(console);
    }

    /// <summary>Somebody guesses at a password: after five attempts the page says how long to wait, in the language of the page, and the right one is not taken either.</summary>
    private static async Task GuessAsync(ConsoleFixture console)
    {
        foreach (var (language, wait) in new[] { ("en", "Wait "), ("zh-Hans", "请等待") })
        {
            var guesser = await console.OpenAsync("/sign-in", width: 390, language: language, signedIn: false);
            await ConsoleFixture.GoAsync(guesser, $"/language/{language}?returnUrl=/sign-in");
            var problem = guesser.Locator(".plain-problem[role=alert]");
            for (var attempt = 0; attempt < 6; attempt++)
            {
                await guesser.FillAsync("#user", "olga");
                await guesser.FillAsync("#password", attempt < 5 ? $"guess number {attempt}" : Chosen);
                await guesser.ClickAsync("form button[type=submit]");
                await Assertions.Expect(guesser.Locator("#password")).ToHaveValueAsync("");
                await Assertions.Expect(problem).ToBeVisibleAsync();
            }

            await Assertions.Expect(problem).ToContainTextAsync(wait);
            await guesser.ScreenshotAsync(new() { Path = Screenshots.File($"sign-in-locked-390-light-{language}") });
            Assert.DoesNotContain((await guesser.RunAxe()).Violations, violation => violation.Impact is "serious" or "critical");
            Assert.DoesNotContain("olga", await guesser.Locator(".plain-problem").TextContentAsync(), StringComparison.Ordinal);
            await guesser.Context.CloseAsync();
        }
    }

    private static string Code(string secret, TimeSpan ahead) => new Totp(Base32Encoding.ToBytes(secret)).ComputeTotp((TimeProvider.System.GetUtcNow() + ahead).UtcDateTime);
}
