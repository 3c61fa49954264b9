using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>The console without a mouse: on a phone's width, in the dark and in Chinese, and beside a table that lives.</summary>
[Collection(nameof(ConsoleFixture))]
public sealed class KeyboardTests(ConsoleFixture console)
{
    private const string Scrolled = "() => Math.round(document.querySelector('[data-grid]').scrollTop)";

    [Fact]
    public async Task The_menu_of_themes_tells_which_one_is_in_force_and_closes_with_escape()
    {
        var page = await console.OpenAsync("/", 1440, "light", "en");
        var before = "light";
        foreach (var theme in new[] { "dark", "system" })
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Theme" }).ClickAsync();
            await Assertions.Expect(page.Locator("[role=menuitem][aria-current=true]")).ToHaveAttributeAsync("data-theme-choice", before);
            await page.Locator($"[data-theme-choice={theme}][role=menuitem]").ClickAsync();

            // While a menu closes, a click outside belongs to it.
            await Assertions.Expect(page.Locator("[role=menuitem]").First).ToBeHiddenAsync();
            before = theme;
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Theme" }).ClickAsync();
        await Assertions.Expect(page.Locator("[role=menuitem][aria-current=true]")).ToHaveAttributeAsync("data-theme-choice", before);
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator("[role=menuitem]").First).ToBeHiddenAsync();
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task In_the_dark_in_chinese_on_a_phone_s_width_the_failed_workload_is_found_with_the_keyboard_alone()
    {
        var page = await console.OpenAsync("/", 390, "dark", "zh-Hans");
        await ConsoleFixture.GoAsync(page, "/language/zh-Hans?returnUrl=/");
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("概览");

        // The first stop leads past the navigation.
        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(page.Locator(".skip")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#content")).ToBeFocusedAsync();

        await TabToAsync(page, ".count-bad");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("工作负载");
        await Assertions.Expect(ConsoleFixture.Row(page, "u-zhou-llama-broken")).ToBeVisibleAsync();
        await ExpectNothingSidewaysAsync(page);
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("llama-broken");
        await Assertions.Expect(page.Locator("tr[data-row]")).ToHaveCountAsync(1);
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("filter=llama-broken&"));
        await page.Keyboard.PressAsync("ArrowDown");
        await Assertions.Expect(page.Locator("tr[data-row]")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");

        // The details take the list's place here, so the focus goes with them.
        await Assertions.Expect(page.Locator("[data-close]")).ToBeFocusedAsync();
        await Assertions.Expect(page.Locator(".verdict .state")).ToHaveTextAsync("部署失败");
        await Assertions.Expect(page.Locator(".verdict .why")).ToContainTextAsync("No CUDA GPUs are available");
        await Assertions.Expect(page.Locator(".verdict [data-previous]")).ToHaveAttributeAsync("href", "logs/embedded/service/spaces/u-zhou-llama-broken?previous=1");
        await ExpectNothingSidewaysAsync(page);
        await TabToAsync(page, ".tabs a[href*='section=history']");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".timeline li").First).ToBeVisibleAsync();

        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator(".detail")).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("tr[data-row]")).ToBeFocusedAsync();
        await Assertions.Expect(page.Locator("[data-filter]")).ToHaveValueAsync("llama-broken");

        // The other pages are behind the last button of the bar.
        await TabToAsync(page, ".nav-more-button button");
        await page.Keyboard.PressAsync("Enter");
        await TabToAsync(page, ".nav-more a[href='diagnostics']");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("诊断");
        await Assertions.Expect(page.Locator("#nav-more")).ToBeHiddenAsync();
        await ExpectNothingSidewaysAsync(page);
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task The_row_in_focus_keeps_it_while_rows_come_and_go_and_gets_it_back_from_the_details()
    {
        await RunAsync("focus-m");
        await RunAsync("focus-z");
        var page = await console.OpenAsync("/workloads?filter=focus-");
        var row = ConsoleFixture.Row(page, "focus-m");
        await Assertions.Expect(page.Locator("tr[data-row]")).ToHaveCountAsync(2);
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.PressAsync("ArrowDown");
        await Assertions.Expect(row).ToBeFocusedAsync();
        Assert.Equal("solid", await page.EvaluateAsync<string>("() => getComputedStyle(document.activeElement).outlineStyle"));

        await RunAsync("focus-a");
        await Assertions.Expect(page.Locator("tr[data-row]")).ToHaveCountAsync(3);
        await Assertions.Expect(row).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#details-title")).ToHaveTextAsync("focus-m");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator(".detail")).ToHaveCountAsync(0);
        await Assertions.Expect(row).ToBeFocusedAsync();

        // The one that goes hands the focus to its neighbour.
        await Kubectl.RunAsync(console.Runner.Kubeconfig, "delete", "services.serving.knative.dev", "-n", "spaces", "focus-m", "--wait=false");
        await Assertions.Expect(page.Locator("tr[data-row]")).ToHaveCountAsync(2, new() { Timeout = 60_000 });
        await Assertions.Expect(ConsoleFixture.Row(page, "focus-z")).ToBeFocusedAsync();

        // Where the details take the place of the list, the list is where it was afterwards.
        await page.SetViewportSizeAsync(390, 420);
        await ConsoleFixture.GoAsync(page, "/workloads");
        await page.Locator("tr[data-row]").Last.ScrollIntoViewIfNeededAsync();
        var place = await page.EvaluateAsync<int>(Scrolled);
        Assert.NotEqual(0, place);
        await page.Locator("tr[data-row] a[data-open]").Last.ClickAsync();
        await page.Locator("[data-close]").ClickAsync();
        await Assertions.Expect(page.Locator("tr[data-row]").Last).ToBeInViewportAsync();
        Assert.InRange(await page.EvaluateAsync<int>(Scrolled), place - 1, place + 1);
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_value_is_found_changed_put_right_in_the_text_and_saved_with_the_keyboard_alone()
    {
        var page = await console.OpenAsync("/configuration");
        await TabToAsync(page, "[data-filter]");
        await page.Keyboard.TypeAsync("runner.interval");
        var value = page.Locator("[data-field='runner.interval'] input");
        await TabToAsync(page, "[data-chart]");
        await page.Keyboard.TypeAsync("3.0");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("[data-chart]")).ToHaveValueAsync("3.0");
        await Assertions.Expect(page.Locator("[data-field]")).ToHaveCountAsync(1);
        await TabToAsync(page, "[data-field='runner.interval'] input");
        await page.Keyboard.PressAsync("Control+A");
        await page.Keyboard.TypeAsync("often");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("[data-field='runner.interval'].is-wrong")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Control+A");
        await page.Keyboard.TypeAsync("55");
        await page.Keyboard.PressAsync("Enter");

        // The text is next to the form, is no trap for the Tab key, and the form follows it.
        await TabToAsync(page, ".values-editor textarea, .values-editor .native-edit-context", seen: false);
        await Assertions.Expect(page.Locator(".view-lines")).ToContainTextAsync("55");
        await page.Keyboard.PressAsync("Control+F");
        await page.Keyboard.TypeAsync("interval: 55");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.TypeAsync("interval: 45");
        await Assertions.Expect(value).ToHaveValueAsync("45");
        await Assertions.Expect(page.Locator("[data-field='runner.interval'].is-wrong")).ToHaveCountAsync(0);

        await TabToAsync(page, "[data-save]", key: "Shift+Tab");
        await page.Keyboard.PressAsync("Enter");
        await TabToAsync(page, "[data-why]");
        await page.Keyboard.TypeAsync("by keyboard");
        await TabToAsync(page, ".mud-dialog-actions button:last-child");
        await Assertions.Expect(page.Locator(".mud-dialog[data-read]")).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("[data-save]")).ToBeDisabledAsync();
        await Assertions.Expect(page.Locator(".values-editor")).ToContainTextAsync("45");
        await page.Context.CloseAsync();
    }

    /// <summary>On a phone a table has no header to click: order and filter are chosen beside it, and stand in the address.</summary>
    [Fact]
    public async Task Every_table_is_filtered_and_ordered_with_the_keyboard_alone_on_a_phone_s_width()
    {
        await console.Runner.RunSampleAsync("run-inference");
        var page = await console.OpenAsync("/", 390, "dark", "zh-Hans");
        await ConsoleFixture.GoAsync(page, "/language/zh-Hans?returnUrl=/");
        (string Path, string Rows, string Key, string Sort)[] tables =
        [
            ("workloads", "tr[data-row]", "End", "age"),
            ("capacity", "tr.is-group", "End", "memory"),
            ("hub", "tr[data-row]", "Home", "of"),
            ("access", "[data-user]", "End", "open"),
            ("access/sessions", "[data-session]", "Home", "user"),
            ("access/clients", "[data-client]", "End", "secret"),
            ("access/audit", ".audit-table tbody tr", "End", "act"),
        ];
        foreach (var (path, rows, key, sort) in tables)
        {
            await ConsoleFixture.GoAsync(page, $"/{path}");
            await page.Locator(rows).First.WaitForAsync();
            await page.Keyboard.PressAsync("/");
            await page.Keyboard.TypeAsync("nothing-is-so");
            await Assertions.Expect(page.Locator(rows)).ToHaveCountAsync(0);
            await Assertions.Expect(page.Locator(".notice")).ToBeVisibleAsync();
            await TabToAsync(page, ".search-clear");
            await page.Keyboard.PressAsync("Enter");
            await page.Locator(rows).First.WaitForAsync();
            await TabToAsync(page, "[data-sort]");
            await page.Keyboard.PressAsync(key);
            await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex($@"/{path}\?sort={sort}$"));
            await TabToAsync(page, "[data-order]");
            await page.Keyboard.PressAsync("Enter");
            await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex($@"/{path}\?sort=-{sort}$"));
            await Assertions.Expect(page.Locator("[data-order]")).ToContainTextAsync("降序");
            await ExpectNothingSidewaysAsync(page);
            await page.ScreenshotAsync(new() { Path = Screenshots.File($"table-{path.Replace('/', '-')}-390-dark-zh-Hans") });
        }

        // The groups of nodes stand the other way round.
        await ConsoleFixture.GoAsync(page, "/capacity");
        await page.Locator("tr.is-group").First.WaitForAsync();
        var names = await page.Locator("tr.is-group a[data-open]").AllTextContentsAsync();
        Assert.InRange(names.Count, 2, 80);
        await TabToAsync(page, "[data-order]");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("tr.is-group a[data-open]")).ToHaveTextAsync([.. names.Reverse()]);
        await page.Context.CloseAsync();
    }

    private Task<string> RunAsync(string name) => console.Runner.RunSampleAsync("run-space", request => request["svc_name"] = name);

    private static async Task TabToAsync(IPage page, string selector, string key = "Tab", bool seen = true)
    {
        for (var stop = 0; stop < 80; stop++)
        {
            await page.Keyboard.PressAsync(key);
            if (await page.EvaluateAsync<bool>("selector => document.activeElement?.matches(selector) ?? false", selector))
            {
                // What is in focus is seen to be; text shows its cursor instead.
                Assert.True(!seen || await page.EvaluateAsync<bool>("() => getComputedStyle(document.activeElement).outlineStyle === 'solid'"), $"{selector} does not show its focus.");
                return;
            }
        }

        Assert.Fail($"{selector} cannot be reached with {key}.");
    }

    private static async Task ExpectNothingSidewaysAsync(IPage page) =>
        Assert.Equal(0, await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - innerWidth"));
}
