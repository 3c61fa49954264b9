using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>What an administrator does with logs.</summary>
[Collection(nameof(ConsoleFixture))]
public sealed partial class LogTests(ConsoleFixture console)
{
    private const int LinesOfRun = 300;

    [Fact]
    public async Task A_crash_loop_is_followed_over_three_restarts_without_missing_a_line()
    {
        var name = await console.Runner.RunSampleAsync("run-space", request => Crash(request, "crash-loop-followed"));
        var page = await console.OpenAsync($"/logs/embedded/service/spaces/{name}?since=1h");
        var pod = await PodAsync(name);
        await Eventually.TrueAsync(async () => await RestartsAsync(pod) >= 3, "three runs have ended", 180);

        // Every run writes the same; the cluster keeps the last one that ended only, and which that is depends on how fast this machine looks.
        var run = Lines(await Kubectl.RunAsync(console.Runner.Kubeconfig, "logs", "-n", "spaces", pod, "-c", "user-container", "--previous")).ToList();
        Assert.True(run.Count >= LinesOfRun, $"the cluster wrote {run.Count} lines only");
        List<string> written = [.. run, .. run, .. run];
        await Eventually.TrueAsync(async () => LineCount(await page.Locator(".log-foot").InnerTextAsync()) >= written.Count, "all lines are on the page", 60);
        var shown = await AllLinesAsync(page);
        Assert.Equal(written, shown.Take(written.Count));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Lines_are_filtered_by_expression_unfolded_linked_to_and_downloaded()
    {
        var name = await console.Runner.RunSampleAsync("run-space", request =>
        {
            request["svc_name"] = "logs-to-read";
            request["env"]!["EMBEDDED_LOG_LINES"] = "5000";
        });
        var page = await console.OpenAsync($"/logs/embedded/service/spaces/{name}?since=1h");
        await Assertions.Expect(page.Locator(".log-foot")).ToContainTextAsync("5,000 lines", new() { Timeout = 60_000 });

        await page.Locator("[data-log-filter]").FillAsync("^line 4\\d3 of");
        await page.GetByRole(AriaRole.Button, new() { Name = "Regular expression" }).ClickAsync();
        await Assertions.Expect(page.Locator(".log-line")).ToHaveCountAsync(10);
        await Assertions.Expect(page.Locator(".log-line .hit").First).ToHaveTextAsync("line 403 of");
        await Assertions.Expect(page).ToHaveURLAsync(FilterInAddress());
        await page.Locator("[data-log-filter]").FillAsync("(broken");
        await Assertions.Expect(page.Locator(".log-note[role=alert]")).ToContainTextAsync("cannot be used");

        await page.Locator("[data-log-filter]").FillAsync("line 443 of");
        await page.GetByRole(AriaRole.Button, new() { Name = "Regular expression" }).ClickAsync();
        var line = page.Locator(".log-line", new() { HasText = "line 443 of 5000" });
        await line.FocusAsync();
        await page.Keyboard.PressAsync("c");
        var link = await line.GetAttributeAsync("data-copied");
        var other = await console.OpenAsync(new Uri(link!.Replace("&filter=line%20443%20of", "", StringComparison.Ordinal).Replace("filter=line+443+of&", "", StringComparison.Ordinal)).PathAndQuery);
        await Assertions.Expect(other.Locator(".log-line.is-marked")).ToContainTextAsync("line 443 of 5000");
        await Assertions.Expect(other.Locator(".log-line.is-marked")).ToBeInViewportAsync();
        await other.ScreenshotAsync(new() { Path = Screenshots.File("logs-linked") });
        await other.Context.CloseAsync();

        await page.Locator("[data-log-filter]").FillAsync("");
        await Assertions.Expect(page.Locator("a.download")).Not.ToHaveAttributeAsync("href", AnyFilter());
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download" }).ClickAsync());
        var file = await File.ReadAllLinesAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(1, 5000).Select(number => $"line {number} of 5000"), file.Select(text => text[text.IndexOf("line ", StringComparison.Ordinal)..]));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Many_workloads_are_chosen_by_hand_and_by_label_with_the_keyboard_and_kept_in_the_address()
    {
        await console.Runner.RunSampleAsync("run-inference");
        var space = await console.Runner.RunSampleAsync("run-space", request => request["svc_name"] = "logs-of-many");
        var page = await console.OpenAsync("/logs");
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("logs-of-many");
        await Assertions.Expect(page.Locator(".log-picks li")).ToHaveCountAsync(1);
        await page.Locator(".log-picks input").First.FocusAsync();
        await page.Keyboard.PressAsync("Space");
        await Assertions.Expect(page.Locator(".log-sources li")).ToContainTextAsync(space);
        await page.Locator("[data-log-labels]").FillAsync("csghub_deploy_type in (1");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#log-labels-hint")).ToContainTextAsync("Not a label selector");
        await page.Locator("[data-log-labels]").FillAsync("csghub_deploy_type in (1)");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".log-sources li")).ToHaveCountAsync(2);
        await page.ReloadAsync();
        await page.Locator(".shell[data-live=true]").WaitForAsync();
        await Assertions.Expect(page.Locator(".log-sources li")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator(".log-line .pod").First).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await page.Context.CloseAsync();
    }

    private static void Crash(JsonObject request, string name)
    {
        request["svc_name"] = name;
        request["env"]!["EMBEDDED_BEHAVIOUR"] = "crash";
        request["env"]!["EMBEDDED_LOG_LINES"] = LinesOfRun.ToString(System.Globalization.CultureInfo.InvariantCulture);
        request["env"]!["EMBEDDED_LOG_RATE"] = "200";
    }

    private async Task<string> PodAsync(string service)
    {
        var pod = "";
        await Eventually.TrueAsync(
            async () => (pod = (await Kubectl.RunAsync(console.Runner.Kubeconfig, "get", "pods", "-n", "spaces", "-l", $"serving.knative.dev/service={service}", "-o", "jsonpath={.items[*].metadata.name}")).Trim()).Length > 0,
            "the pod is there",
            60);
        return pod.Split(' ')[0];
    }

    private async Task<int> RestartsAsync(string pod)
    {
        var text = await Kubectl.RunAsync(console.Runner.Kubeconfig, "get", "pod", "-n", "spaces", pod, "-o", "jsonpath={.status.containerStatuses[?(@.name=='user-container')].restartCount}");
        return int.TryParse(text, out var restarts) ? restarts : 0;
    }

    private static IEnumerable<string> Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd());

    private static int LineCount(string foot) => int.Parse(Count().Match(foot).Groups[1].Value.Replace(",", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Reads every line of the view by scrolling through it, as a reader would.</summary>
    private static async Task<IReadOnlyList<string>> AllLinesAsync(IPage page)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        return await page.EvaluateAsync<string[]>("""
            async () => {
              const view = document.querySelector('.log-view');
              const seen = new Map();
              const order = [];
              const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
              view.scrollTop = 0;
              for (let still = 0; still < 10;) {
                await pause(120);
                let fresh = 0;
                for (const line of view.querySelectorAll('.log-line[data-line]')) {
                  if (!seen.has(line.dataset.line)) { seen.set(line.dataset.line, true); order.push(line.querySelector('.log-text').textContent.trimEnd()); fresh++; }
                }
                const end = view.scrollTop + view.clientHeight >= view.scrollHeight - 2;
                if (fresh === 0 && end) { still++; } else { still = 0; }
                view.scrollTop += view.clientHeight / 2;
              }
              return order;
            }
            """);
    }

    [GeneratedRegex(@"([\d,]+) lines")]
    private static partial Regex Count();

    [GeneratedRegex("filter=.*regex=1")]
    private static partial Regex FilterInAddress();

    [GeneratedRegex("filter=")]
    private static partial Regex AnyFilter();
}
