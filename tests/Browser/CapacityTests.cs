using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>What an administrator does before a GPU model is drained.</summary>
[Collection(nameof(ConsoleFixture))]
public sealed class CapacityTests(ConsoleFixture console)
{
    private const string Sample = "u-acme-qwen25-7b-instruct-3k9";

    [Fact]
    public async Task To_drain_a_model_one_sees_who_uses_it_and_where_its_work_would_fit()
    {
        await console.Runner.RunSampleAsync("run-inference");
        var page = await console.OpenAsync("/");
        await page.Locator(".overview-devices a", new() { HasText = "NVIDIA-A100-SXM4-80GB" }).First.ClickAsync();
        var users = page.Locator(".capacity-users");
        await Assertions.Expect(users).ToContainTextAsync(Sample);
        await Assertions.Expect(page.Locator("tr.is-node").First).ToBeVisibleAsync();
        await users.Locator("a", new() { HasText = Sample }).ClickAsync();
        await Assertions.Expect(page.Locator(".detail-title")).ToContainTextAsync(Sample);

        await ConsoleFixture.GoAsync(page, "/capacity/fit");
        await page.Locator(".fit-line input").FillAsync("1 × L40S, 8 CPU, 46Gi");
        await Assertions.Expect(page.Locator(".fit-answer .verdict")).ToContainTextAsync("It fits");
        await Assertions.Expect(page.Locator("tr.fits")).ToHaveCountAsync(1);
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator(".fit-answer .verdict")).ToContainTextAsync("It fits");
        await page.Context.CloseAsync();
    }
}
