using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>The values as text on a line that is slower than the keyboard.</summary>
[Collection(nameof(ConsoleFixture))]
public sealed class EditorTests(ConsoleFixture console)
{
    [Fact]
    public async Task Text_and_form_keep_what_is_typed_while_the_other_s_change_is_on_its_way_and_while_the_line_is_lost()
    {
        var page = await console.OpenAsync();
        var line = await SlowLine.OfAsync(page);
        await ConsoleFixture.GoAsync(page, "/configuration");
        await page.Locator("[data-chart]").SelectOptionAsync("3.0");
        await page.Locator("[data-import]").ClickAsync();
        await page.Locator("[data-import-text]").FillAsync("runner:\n  interval: 45\n  region: cn\n  hubServerURL: https://hub.example.com\n");
        await page.Locator(".import-dialog").GetByRole(AriaRole.Button, new() { Name = "Import", Exact = true }).ClickAsync();
        var (interval, region) = (page.Locator("[data-field='runner.interval'] input"), page.Locator("[data-field='runner.region'] input"));
        await Assertions.Expect(region).ToHaveValueAsync("cn");
        await Assertions.Expect(page.Locator(".view-lines")).ToContainTextAsync("hub.example.com");

        line.Hold();
        await interval.FillAsync("50");
        await interval.PressAsync("Enter");
        await page.Locator(".view-line", new() { HasText = "region" }).First.ClickAsync();
        await page.Keyboard.PressAsync("End");
        await page.Keyboard.TypeAsync("-north");
        await line.SaidAsync("cn-north");
        line.Release();
        await ExpectAsync("cn-north");

        line.Lose();
        await page.Keyboard.TypeAsync("-2");
        await line.SaidAsync("cn-north-2");
        await line.BreakAsync();
        await ExpectAsync("cn-north-2");
        await page.Context.CloseAsync();

        async Task ExpectAsync(string name)
        {
            await Assertions.Expect(region).ToHaveValueAsync(name);
            await Assertions.Expect(interval).ToHaveValueAsync("50");
            await Assertions.Expect(page.Locator(".view-lines")).ToContainTextAsync($"region: {name}".Replace(' ', '\u00a0'));
            await Assertions.Expect(page.Locator(".view-lines")).ToContainTextAsync("interval: 50".Replace(' ', '\u00a0'));
        }
    }

    [Fact]
    public async Task The_editor_speaks_the_language_of_the_page()
    {
        var page = await console.OpenAsync("/", language: "zh-Hans");
        await ConsoleFixture.GoAsync(page, "/language/zh-Hans?returnUrl=/configuration");
        await page.Locator(".view-lines").ClickAsync();
        await page.Keyboard.PressAsync("Control+F");
        await Assertions.Expect(page.Locator(".find-widget.visible textarea[aria-label]").First).ToHaveAttributeAsync("aria-label", "查找");
        await page.Keyboard.PressAsync("F1");
        await Assertions.Expect(page.Locator(".quick-input-widget")).ToContainTextAsync("查找");
        await page.Context.CloseAsync();
    }
}
