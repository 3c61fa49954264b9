using Microsoft.Playwright;
using Runner.Engine.Storage;
using Runner.Tests.Browser.Support;
using Runner.Web.Identity;
using Runner.Web.Identity.Users;

namespace Runner.Tests.Browser;

/// <summary>What somebody with a lesser role sees; with a program of its own, whose accounts are made before it starts.</summary>
public sealed class RoleTests
{
    private const string Password = "another-password-for-tests";

    /// <summary>Page, what shows that it is there, and what is not offered on it.</summary>
    private static readonly (string Path, string Ready, string Withheld)[] Pages =
    [
        ("/", ".cluster-head", "a[href=access]"),
        ("/capacity", "tr.is-group", "input[type=checkbox]"),
        ("/connections", ".settings", "main .mud-button-root"),
        ("/hub", ".outbox", "main .mud-button-root"),
        ("/dependencies", ".dependencies", "#bundle"),
        ("/diagnostics", ".check-row", "main .mud-button-root, .check-row button, a[href*=support-bundle]"),
        ("/configuration", ".values-field", "[data-save], [data-import]"),
    ];

    [Fact]
    public async Task A_viewer_sees_everything_and_is_offered_nothing_that_changes_it()
    {
        await using var console = new ConsoleFixture { Start = () => RunnerProcess.StartAsync(prepare: AddViewerAsync) };
        await console.InitializeAsync();
        var page = await console.OpenAsync("/sign-in", signedIn: false);
        await ConsoleFixture.SignInAsync(page, "vera", Password);

        await ConsoleFixture.GoAsync(page, "/workloads");
        var row = page.Locator("tr[data-row]").First;
        await row.WaitForAsync();
        await Assertions.Expect(page.Locator("tr[data-row] input[type=checkbox]")).ToHaveCountAsync(0);
        await row.Locator(".c-name a").ClickAsync();
        await Assertions.Expect(page.Locator(".verdict")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".detail-actions")).ToHaveCountAsync(0);

        foreach (var (path, ready, withheld) in Pages)
        {
            await ConsoleFixture.GoAsync(page, path);
            await page.Locator(ready).First.WaitForAsync();
            Assert.True(await page.Locator(withheld).CountAsync() == 0, $"{withheld} is offered on {path}");
        }

        await ConsoleFixture.GoAsync(page, "/access");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Not allowed");
        await page.ScreenshotAsync(new() { Path = Screenshots.File("forbidden") });
        Assert.Empty(await Accessibility.FindingsAsync(page));

        var audit = await page.Context.APIRequest.GetAsync("/api/console/audit");
        Assert.Equal(403, audit.Status);
    }

    private static async Task AddViewerAsync(string folder)
    {
        await using var database = Database.Open(folder);
        await new UserDirectory(database, TimeProvider.System).CreateAsync("vera", Password, ConsoleRole.Viewer, TestContext.Current.CancellationToken);
    }
}
