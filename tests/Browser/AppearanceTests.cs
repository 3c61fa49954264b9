using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>How every page looks, and whether everybody can use it.</summary>
[Collection(nameof(ConsoleFixture))]
public sealed class AppearanceTests(ConsoleFixture console)
{
    // What the window clips may still have to be scrolled sideways inside: the page itself never has to be, tables and code have a place of their own for that.
    private const string NothingSideways = "() => [document.documentElement, ...document.querySelectorAll('main, .detail, .mud-dialog')].every(part => part.scrollWidth <= part.clientWidth + 1)";

    // Of tabs in a row that is wider than its place.
    private const string ChosenTabInSight = """
        () => [...document.querySelectorAll(':is(nav.tabs, nav.access-tabs) a[aria-current]')].every(tab => {
          const [box, room] = [tab.getBoundingClientRect(), tab.parentElement.getBoundingClientRect()];
          return box.left >= room.left - 1 && box.right <= Math.min(room.right, innerWidth) + 1;
        })
        """;

    private static readonly bool Long = LongRun.Wanted;

    /// <summary>Each theme, language and width once; with <c>RUNNER_TEST_LONG=1</c> all of them with each other.</summary>
    public static TheoryData<string, string, int> Looks => Long
        ? [.. from theme in new[] { "light", "dark" } from language in new[] { "en", "zh-Hans" } from width in new[] { 1440, 390 } select (theme, language, width)]
        : new() { { "light", "en", 1440 }, { "dark", "zh-Hans", 390 } };

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Every_page_and_what_opens_on_it_is_accessible_fits_and_speaks_the_readers_language(string theme, string language, int width)
    {
        await console.Runner.RunSampleAsync("run-inference");
        await console.Runner.RunSampleAsync("run-does-not-fit");
        var inside = await console.OpenAsync("/", width, theme, language);
        var outside = await console.OpenAsync("/sign-in", width, theme, language, signedIn: false);
        await ConsoleFixture.GoAsync(inside, $"/language/{language}?returnUrl=/");
        await ConsoleFixture.GoAsync(outside, $"/language/{language}?returnUrl=/sign-in");
        var wrong = new List<string>();
        foreach (var (_, scene) in Scene.All.Index().Where(one => IsLookedAt(one.Item, one.Index, width > 720)))
        {
            var page = scene.Outside ? outside : inside;
            await ConsoleFixture.GoAsync(page, scene.Path);
            await page.Locator(scene.Ready).First.WaitForAsync();
            await scene.Act(page);
            await Accessibility.SettleAsync(page);
            await page.ScreenshotAsync(new() { Path = Screenshots.File($"{scene.Name}-{width}-{theme}-{language}"), Animations = ScreenshotAnimations.Disabled });
            wrong.AddRange((await Accessibility.FindingsAsync(page)).Select(finding => $"{scene.Name}: {finding}"));
            if (language != "en")
            {
                wrong.AddRange((await Foreign.PhrasesAsync(page)).Select(phrase => $"{scene.Name} says in English: {phrase}"));
            }

            if (!await page.EvaluateAsync<bool>(NothingSideways))
            {
                wrong.Add($"{scene.Name} is wider than the window");
            }

            if (!await page.EvaluateAsync<bool>(ChosenTabInSight))
            {
                wrong.Add($"{scene.Name} hides the tab that is chosen");
            }
        }

        Assert.True(wrong.Count == 0, $"At {width} in {theme}, {language}:\n{string.Join('\n', wrong)}");
        await inside.Context.CloseAsync();
        await outside.Context.CloseAsync();
    }

    // One look takes the extra scenes at even places, the other one those at odd places.
    private static bool IsLookedAt(Scene scene, int index, bool wide) =>
        (wide ? !scene.Narrow : !scene.Wide) && (Long || !scene.Extra || scene.Wide || index % 2 == (wide ? 0 : 1));
}
