using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Runner.Tests.Browser.Support;

/// <summary>What axe says of a page.</summary>
internal static class Accessibility
{
    /// <summary>Waits until what fades in is there: colours in between are nobody's.</summary>
    public static Task SettleAsync(IPage page) => page.EvaluateAsync(
        "() => Promise.all(document.getAnimations().filter(a => a.effect.getComputedTiming().iterations !== Infinity).map(a => a.finished.catch(() => {})))");

    /// <summary>Findings that keep somebody from using the page, serious and critical ones.</summary>
    public static async Task<IReadOnlyList<string>> FindingsAsync(IPage page)
    {
        var found = await page.RunAxe();
        return [.. found.Violations.Where(violation => violation.Impact is "serious" or "critical")
            .Select(violation => $"{violation.Id}: {violation.Help} at {string.Join(" | ", violation.Nodes.Take(3).Select(node => node.Html))}")];
    }
}
