using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>A keyboard that is faster than the dialogs.</summary>
[Collection(nameof(ConsoleFixture))]
public sealed class DialogTests(ConsoleFixture console)
{
    private const string Broken = "u-zhou-llama-broken";

    [Fact]
    public async Task What_is_typed_before_a_dialog_without_a_field_is_there_goes_nowhere()
    {
        var page = await console.OpenAsync();
        var line = await SlowLine.OfAsync(page);
        var stop = await StopAsync(page);

        line.Hold();
        await stop.FocusAsync();
        foreach (var key in new[] { "Enter", "Enter", "Escape", "/", "Tab", "Enter" })
        {
            await page.Keyboard.PressAsync(key);
        }

        line.Release();
        await Assertions.Expect(page.Locator(".mud-dialog")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator(".mud-dialog [data-cancel]")).ToBeFocusedAsync();
        await Assertions.Expect(page.Locator(".detail")).ToHaveCountAsync(1);

        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator(".mud-dialog")).ToHaveCountAsync(0);
        await Assertions.Expect(stop).ToBeFocusedAsync();
        await Assertions.Expect(page.Locator("#details-title")).ToHaveTextAsync(Broken);
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task What_is_typed_and_pasted_before_a_dialog_with_a_field_is_there_stands_in_the_field()
    {
        var page = await console.OpenAsync();
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        var line = await SlowLine.OfAsync(page);
        await StopAsync(page);
        var purge = page.Locator(".detail-actions").GetByRole(AriaRole.Button, new() { Name = "Purge" });
        await page.EvaluateAsync("() => navigator.clipboard.writeText('llama-')");

        line.Hold();
        await purge.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.TypeAsync("u-zhou/");
        await page.Keyboard.PressAsync("Backspace");
        await page.Keyboard.TypeAsync("-");
        await page.Keyboard.PressAsync("Control+V");
        await page.Keyboard.TypeAsync("broke");
        await page.Keyboard.PressAsync("Enter");
        line.Release();

        var field = page.Locator(".mud-dialog input");
        await Assertions.Expect(field).ToHaveValueAsync("u-zhou-llama-broke");
        await Assertions.Expect(field).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("n");

        // The program has heard of all of it, and nothing was pressed.
        await Assertions.Expect(page.Locator(".mud-dialog-actions button").Last).ToBeEnabledAsync();
        await Assertions.Expect(page.Locator(".mud-dialog")).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator(".mud-dialog")).ToHaveCountAsync(0);

        // What was typed for one dialog is not typed into the next.
        await purge.ClickAsync();
        await Assertions.Expect(field).ToBeFocusedAsync();
        await Assertions.Expect(field).ToHaveValueAsync("");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task What_is_typed_before_a_dialog_could_be_read_presses_none_of_its_buttons()
    {
        var page = await console.OpenAsync();
        await page.AddInitScriptAsync("{ const now = performance.now.bind(performance); performance.now = () => window.stopped ?? now(); }");
        var stop = await StopAsync(page);
        await page.EvaluateAsync("() => { window.stopped = performance.now(); window.clicks = 0; }");

        await stop.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".mud-dialog [data-cancel]")).ToBeFocusedAsync();
        await page.EvaluateAsync("() => document.addEventListener('click', () => window.clicks++)");
        foreach (var key in new[] { "Enter", " ", "Tab", "Enter", " " })
        {
            await page.Keyboard.PressAsync(key);
        }

        Assert.Equal(0, await page.EvaluateAsync<int>("() => window.clicks"));

        // What is behind cannot be reached either.
        await page.EvaluateAsync("() => document.querySelector('.shell').inert = false");
        await page.Locator("[data-filter]").FocusAsync();
        await page.Keyboard.PressAsync("x");
        await Assertions.Expect(page.Locator(".mud-dialog [data-cancel]")).ToBeFocusedAsync();

        // Whoever has read it goes on as usual.
        await Assertions.Expect(page.Locator("[data-filter]")).ToHaveValueAsync(Broken);
        await page.EvaluateAsync("() => { window.stopped += 1000; }");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".mud-dialog")).ToHaveCountAsync(0);
        await Assertions.Expect(stop).ToBeFocusedAsync();
        await page.Context.CloseAsync();
    }

    private static async Task<ILocator> StopAsync(IPage page)
    {
        await ConsoleFixture.GoAsync(page, $"/workloads?filter={Broken}");
        await ConsoleFixture.Row(page, Broken).Locator("a[data-open]").ClickAsync();
        var stop = page.Locator(".detail-actions").GetByRole(AriaRole.Button, new() { Name = "Stop" });
        await stop.WaitForAsync();
        return stop;
    }
}
