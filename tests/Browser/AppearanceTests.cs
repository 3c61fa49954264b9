using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>How every page looks, and whether everybody can use it.</summary>
[Collection(nameof(ConsoleFixture))]
public sealed class AppearanceTests(ConsoleFixture console)
{
    private const string Sample = "u-acme-qwen25-7b-instruct-3k9";

    private static readonly (string Name, string Path, string Ready)[] Pages =
    [
        ("overview", "/", ".cluster-head"),
        ("workloads", "/workloads", "tr[data-row]"),
        ("detail", $"/workloads/embedded/service/spaces/{Sample}", ".instance"),
        ("waiting", "/workloads/embedded/service/spaces/u-acme-too-big-3kd?section=events", ".verdict"),
        ("manifest", $"/workloads/embedded/service/spaces/{Sample}?section=manifest", ".yaml"),
        ("revisions", $"/workloads/embedded/service/spaces/{Sample}?section=revisions", ".detail-body table"),
        ("history", "/workloads/embedded/service/spaces/u-zhou-llama-broken?section=history", ".timeline li"),
        ("containers", $"/workloads/embedded/service/spaces/{Sample}?section=containers", ".spec"),
        ("logs", $"/logs/embedded/service/spaces/{Sample}", ".log-view"),
        ("logs-choose", "/logs", ".log-picks a"),
        ("logs-many", "/logs?labels=csghub_deploy_type&times=1&wrap=1&filter=GET%7CINFO&regex=1&container=*", ".log-line"),
        ("capacity", "/capacity", "tr.is-group"),
        ("capacity-group", "/capacity?group=NVIDIA-A100-SXM4-80GB", ".capacity-users li"),
        ("capacity-node", "/capacity?node=embedded/gpu-hami-1", ".capacity-cards li"),
        ("capacity-fit", "/capacity/fit?device=A100&count=4&cpu=64&memory=256Gi&replicas=6", "tr.fits"),
        ("connections", "/connections", ".settings"),
        ("hub", "/hub", ".outbox-grid tr[data-row]"),
        ("dependencies", "/dependencies", ".dependencies li"),
        ("diagnostics", "/diagnostics", ".check-row"),
        ("configuration", "/configuration", ".values-field"),
    ];

    public static TheoryData<string, string> Looks => new() { { "light", "en" }, { "light", "zh-Hans" }, { "dark", "en" }, { "dark", "zh-Hans" } };

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Every_page_is_accessible_and_shown_at_both_widths(string theme, string language)
    {
        await console.Runner.RunSampleAsync("run-inference");
        await console.Runner.RunSampleAsync("run-does-not-fit");
        foreach (var width in new[] { 1440, 390 })
        {
            var page = await console.OpenAsync("/", width, theme, language);
            await ConsoleFixture.GoAsync(page, $"/language/{language}?returnUrl=/");
            foreach (var (name, path, ready) in Pages)
            {
                await ConsoleFixture.GoAsync(page, path);
                await page.Locator(ready).First.WaitForAsync();
                await page.WaitForFunctionAsync("() => document.querySelector('.log-view') === null || document.querySelectorAll('.log-line').length > 3");
                await page.ScreenshotAsync(new() { Path = Screenshots.File($"{name}-{width}-{theme}-{language}"), Animations = ScreenshotAnimations.Disabled });
                await ExpectAccessibleAsync(page, $"{name} at {width} in {theme}, {language}");
            }

            await page.Context.CloseAsync();
        }
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public async Task The_question_before_a_purge_and_the_sign_in_are_accessible(string theme)
    {
        await console.Runner.RunSampleAsync("run-inference");
        var page = await console.OpenAsync($"/workloads/embedded/service/spaces/{Sample}", theme: theme);
        await page.GetByRole(AriaRole.Button, new() { Name = "Purge" }).ClickAsync();
        await page.Locator("[data-confirm]").WaitForAsync();
        await page.ScreenshotAsync(new() { Path = Screenshots.File($"purge-1440-{theme}-en"), Animations = ScreenshotAnimations.Disabled });
        await ExpectAccessibleAsync(page, $"purge in {theme}");
        await page.Context.CloseAsync();

        var door = await console.OpenAsync("/sign-in", theme: theme, signedIn: false);
        await door.ScreenshotAsync(new() { Path = Screenshots.File($"sign-in-1440-{theme}-en") });
        await ExpectAccessibleAsync(door, $"sign-in in {theme}");
        await door.Context.CloseAsync();
    }

    private static async Task ExpectAccessibleAsync(IPage page, string what)
    {
        var found = await page.RunAxe();
        var serious = found.Violations.Where(violation => violation.Impact is "serious" or "critical")
            .Select(violation => $"{violation.Id}: {violation.Help} at {string.Join(" | ", violation.Nodes.Take(3).Select(node => node.Html))}").ToList();
        Assert.True(serious.Count == 0, $"{what}\n{string.Join('\n', serious)}");
    }
}
