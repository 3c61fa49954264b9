using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>What an administrator does with workloads: finds the broken one and its cause, moves requests, acts on many at once.</summary>
[Collection(nameof(ConsoleFixture))]
public sealed class WorkloadJourneyTests(ConsoleFixture console)
{
    private const string First = "5f0b02c75b57c5855da9ae460ce51323ea669d8a";
    private const string Second = "2222222222222222222222222222222222222222";

    [Fact]
    public async Task The_failed_workload_is_found_from_the_overview_with_its_cause_and_its_history()
    {
        var page = await console.OpenAsync("/");
        await page.Locator(".count-bad").ClickAsync();
        await ConsoleFixture.Row(page, "u-zhou-llama-broken").Locator(".c-name a").ClickAsync();
        await Assertions.Expect(page.Locator(".verdict .why")).ToContainTextAsync("No CUDA GPUs are available");
        await page.Locator(".tabs a", new() { HasText = "History" }).ClickAsync();
        await Assertions.Expect(page.Locator(".timeline li").First).ToBeVisibleAsync();
        await page.Locator(".tabs a", new() { HasText = "Containers" }).ClickAsync();
        await Assertions.Expect(page.Locator(".spec").First).ToContainTextAsync("user-container");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Traffic_is_shifted_to_80_20_and_back()
    {
        var name = await console.Runner.RunSampleAsync("run-inference", request =>
        {
            request["svc_name"] = "traffic-model";
            request["hardware"]!.AsObject().Remove("gpu");
        });
        var page = await console.OpenAsync($"/workloads/embedded/service/spaces/{name}?section=revisions");
        await Assertions.Expect(page.Locator(".verdict")).ToContainTextAsync("Running", new() { Timeout = 60_000 });
        using var version = new StringContent($$"""{"cluster_id":"","commit":"{{Second}}","initial_traffic":0}""", Encoding.UTF8, "application/json");
        using var answer = await console.Runner.Hub.PostAsync($"/api/v1/service/{name}/versions", version, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode);
        var (first, second) = (page.Locator($"[data-traffic='{First}']"), page.Locator($"[data-traffic='{Second}']"));
        await Assertions.Expect(second).ToBeVisibleAsync(new() { Timeout = 60_000 });

        await second.FillAsync("120");
        await second.PressAsync("Tab");
        await Assertions.Expect(page.Locator(".field-problem")).ToContainTextAsync("0 to 100");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Move requests…" })).ToBeDisabledAsync();
        await ShiftAsync(page, second, "20", first, "80");
        await Assertions.Expect(page.Locator(".traffic")).ToHaveAttributeAsync("aria-label", $"{name}-00001 80%, {name}-00002 20%", new() { Timeout = 30_000 });
        await ShiftAsync(page, first, "100", second, "0");
        await Assertions.Expect(page.Locator(".traffic")).ToHaveAttributeAsync("aria-label", $"{name}-00001 100%, {name}-00002 0%", new() { Timeout = 30_000 });

        var audit = JsonNode.Parse(await (await page.Context.APIRequest.GetAsync("/api/console/audit")).TextAsync())!["data"]!.AsArray();
        Assert.Equal(2, audit.Count(entry => ((string?)entry!["action"], (string?)entry["target"]) == ("traffic", $"embedded/Service/spaces/{name}")));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_service_is_scaled_and_restarted_after_a_question_each()
    {
        var name = await console.Runner.RunSampleAsync("run-inference", request =>
        {
            request["svc_name"] = "scaled-model";
            request["hardware"]!.AsObject().Remove("gpu");
        });
        var page = await console.OpenAsync($"/workloads/embedded/service/spaces/{name}?section=revisions");
        await Assertions.Expect(page.Locator(".verdict")).ToContainTextAsync("Running", new() { Timeout = 60_000 });
        await page.GetByRole(AriaRole.Button, new() { Name = "Scale" }).ClickAsync();
        await page.Locator("[data-scale-min]").FillAsync("5");
        await Assertions.Expect(page.Locator("#scale-problem")).ToContainTextAsync("must not be more");
        await page.Locator("[data-scale-max]").FillAsync("6");
        await page.Locator("[data-scale-min]").FillAsync("2");
        await page.Locator(".mud-dialog .mud-button-filled-primary").ClickAsync();
        await Assertions.Expect(page.Locator(".facts")).ToContainTextAsync("2 to 6", new() { Timeout = 30_000 });
        await page.Locator(".detail-actions").GetByRole(AriaRole.Button, new() { Name = "Restart" }).ClickAsync();
        await Assertions.Expect(page.Locator(".mud-dialog")).ToContainTextAsync("Nothing is deleted");
        await page.Locator(".mud-dialog .mud-button-filled-primary").ClickAsync();
        await Assertions.Expect(page.Locator(".detail-body")).ToContainTextAsync($"{name}-00003", new() { Timeout = 60_000 });
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Ten_workloads_are_stopped_at_once_with_the_keyboard_alone()
    {
        for (var i = 0; i < 10; i++)
        {
            await console.Runner.RunSampleAsync("run-space", request => request["svc_name"] = $"ten-{i}");
        }

        var page = await console.OpenAsync("/workloads?filter=ten-");
        await Assertions.Expect(page.Locator("tr[data-row]")).ToHaveCountAsync(10);
        await page.GetByLabel("Select all that are shown").FocusAsync();
        await page.Keyboard.PressAsync("Space");
        await Assertions.Expect(page.Locator(".selection")).ToContainTextAsync("10 selected");
        await page.Locator(".selection").GetByRole(AriaRole.Button, new() { Name = "Stop" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".mud-dialog")).ToContainTextAsync("Stop 10 workloads?");

        // What is harmless has the focus first.
        await Assertions.Expect(page.Locator(".mud-dialog[data-read] [data-cancel]")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(page.Locator(".mud-dialog .mud-button-filled-error")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("tr[data-row]")).ToHaveCountAsync(0, new() { Timeout = 60_000 });
        await page.Context.CloseAsync();
    }

    private static async Task ShiftAsync(IPage page, ILocator field, string percent, ILocator other, string rest)
    {
        await field.FillAsync(percent);
        await field.PressAsync("Tab");
        await Assertions.Expect(other).ToHaveValueAsync(rest);
        await page.GetByRole(AriaRole.Button, new() { Name = "Move requests…" }).ClickAsync();
        await page.Locator(".mud-dialog .mud-button-filled-primary").ClickAsync();
    }
}
