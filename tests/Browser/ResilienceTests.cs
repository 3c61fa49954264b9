using System.Globalization;
using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>What happens to an open page when the program or its cluster goes and comes back; with a program of its own.</summary>
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
        await page.ScreenshotAsync(new() { Path = Screenshots.File("connection-lost") });
        await console.Runner.StartAgainAsync();
        await Assertions.Expect(page.Locator("#connection-lost")).ToBeHiddenAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("tr[data-row]").First).ToBeVisibleAsync(new() { Timeout = 30_000 });
    }

    [Fact]
    public async Task A_cluster_that_goes_away_leaves_its_rows_with_their_age_and_comes_back_by_itself()
    {
        using var folder = new TemporaryFolder();
        var port = LoopbackPort.Next();
        var cluster = await StartClusterAsync(folder, port);
        await using var console = new ConsoleFixture
        {
            Start = () => RunnerProcess.StartAsync(new Dictionary<string, string> { ["RUNNER_CLUSTER"] = "kubeconfig", ["KUBECONFIG"] = folder.File("kubeconfig") }),
        };
        await console.InitializeAsync();
        var page = await console.OpenAsync("/workloads");
        await page.Locator("tr[data-row]").First.WaitForAsync();
        var stale = page.Locator(".stale");
        await Assertions.Expect(stale).ToHaveCountAsync(0);

        await cluster.KillAsync();
        await cluster.DisposeAsync();

        await Assertions.Expect(stale).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("tr[data-row]").First).ToBeVisibleAsync();
        await page.ScreenshotAsync(new() { Path = Screenshots.File("cluster-away") });
        Assert.Empty(await Accessibility.FindingsAsync(page));
        var age = await stale.Locator("time").InnerTextAsync();
        await Assertions.Expect(stale.Locator("time")).Not.ToHaveTextAsync(age, new() { Timeout = 20_000 });

        await using var again = await StartClusterAsync(folder, port);

        await Assertions.Expect(stale).ToHaveCountAsync(0, new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("tr[data-row]").First).ToBeVisibleAsync();
    }

    private static async Task<ChildProcess> StartClusterAsync(TemporaryFolder folder, int port)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Runner.EmbeddedCluster.dll");
        var process = ChildProcess.Start(
            new Dictionary<string, string>(),
            program, "--port", port.ToString(CultureInfo.InvariantCulture), "--token", "a-token-for-tests", "--kubeconfig", folder.File("kubeconfig"));
        await Eventually.TrueAsync(() => process.Output.Contains("answers at", StringComparison.Ordinal), "the cluster answers", 30);
        return process;
    }
}
