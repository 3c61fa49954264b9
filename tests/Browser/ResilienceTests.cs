using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>What happens to an open page when the program goes and comes back; with a program of its own.</summary>
public sealed class ResilienceTests
{
    [Fact]
    public async Task A_lost_connection_is_shown_at_once_and_heals_itself_when_the_server_is_back()
    {
        await using var console = new ConsoleFixture();
        await console.InitializeAsync();
        var page = await console.OpenAsync("/workloads");
        await page.Locator("tr[data-row]").First.WaitForAsync();
        await console.Runner.KillAsync();
        await Assertions.Expect(page.Locator("#connection-lost")).ToBeVisibleAsync(new() { Timeout = 3_000 });
        await console.Runner.StartAgainAsync();
        await Assertions.Expect(page.Locator("#connection-lost")).ToBeHiddenAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("tr[data-row]").First).ToBeVisibleAsync();
    }
}
