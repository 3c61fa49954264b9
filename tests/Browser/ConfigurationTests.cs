using Microsoft.Playwright;
using Runner.Tests.Browser.Support;
using Runner.Tests.Support;

namespace Runner.Tests.Browser;

/// <summary>An administrator brings the values of an old chart along, edits them in the form and as text, saves, compares, restores and exports.</summary>
public sealed class ConfigurationTests : IAsyncLifetime
{
    private static readonly string Sample = Path.Combine(Repository.Root, "samples", "custom-values-flat.yaml");

    // Nothing of these may ever be on the screen.
    private static readonly string[] Secrets = ["f3c9a0d1b2e4", "p@ss: with # and", "s3cr3t"];

    private readonly ConsoleFixture _console = new()
    {
        // As the chart starts it, but for the settings themselves: what it works with is not what the release has.
        Start = () => RunnerProcess.StartAsync(new Dictionary<string, string> { ["STARHUB_SERVER_RUNNER_WATCH_CONFIGMAP_NAME"] = "runner-runner", ["STARHUB_SERVER_SPACE_PYPI_INDEX_URL"] = "https://old.example.com/simple/" }),
    };

    public ValueTask InitializeAsync() => _console.InitializeAsync();

    public ValueTask DisposeAsync() => _console.DisposeAsync();

    [Fact]
    public async Task From_an_old_file_to_one_that_helm_takes()
    {
        await HelmAsync("install", "runner", Path.Combine(Repository.Root, "charts", "runner"), "-n", "csghub", "--create-namespace", "--set", "hubAPIToken=f3c9a0d1b2e4,runner.region=cn-old");
        var page = await _console.OpenAsync("/configuration");

        // Import: the release was there first.
        await Assertions.Expect(page.Locator("[data-field='runner.region'] input")).ToHaveValueAsync("cn-old");
        await page.Locator("[data-import]").ClickAsync();

        // Blazor listens to the field a moment after it is drawn: sooner than anybody finds a file, later than this test does.
        await page.WaitForFunctionAsync("() => document.querySelector('[data-import-file]')?._blazorInputFileNextFileId !== undefined");
        await page.Locator("[data-import-file]").SetInputFilesAsync(Sample);
        await Assertions.Expect(page.Locator("[data-import-preview]")).ToContainTextAsync("Beijing lab");
        await ExpectNoSecretsAsync(page);
        await page.Locator(".import-dialog").GetByRole(AriaRole.Button, new() { Name = "Import", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".import-dialog")).ToHaveCountAsync(0);
        await page.Locator("[data-chart]").SelectOptionAsync("2.4");

        // Migrate.
        await page.Locator("[data-migrate]").ClickAsync();
        await Assertions.Expect(page.Locator(".values-steps")).ToContainTextAsync("runner.region");
        await ExpectNoSecretsAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Migrate", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-field='runner.region'] input")).ToHaveValueAsync("cn-north");
        await page.Locator("[data-chart]").SelectOptionAsync("3.0");

        // Three values in the form, in step with the text.
        await SetAsync(page, "runner.region", "cn-south");
        await SetAsync(page, "runner.interval", "45");
        await SetAsync(page, "space.pipIndexUrl", "https://pip.example.com/simple/");
        await Assertions.Expect(page.Locator(".view-lines")).ToContainTextAsync("cn-south");
        await Assertions.Expect(page.Locator(".view-lines")).ToContainTextAsync("pip.example.com");
        await Assertions.Expect(page.Locator(".values-verdict")).ToContainTextAsync("No problems");

        // One in the text, wrong first; then put right.
        await TypeAsync(page, "interval: 45", "inter");
        await Assertions.Expect(page.Locator(".values-verdict")).ToContainTextAsync("Errors: 1");
        await ExpectNoSecretsAsync(page);
        await page.Keyboard.TypeAsync("val: often");
        await Assertions.Expect(page.Locator("[data-field='runner.interval'].is-wrong")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".values-verdict")).ToContainTextAsync("Errors: 1");
        await Assertions.Expect(page.Locator("[data-field='runner.interval'] [data-of-chart]")).ToContainTextAsync("3.0.0");
        await page.ScreenshotAsync(new() { Path = Screenshots.File("configuration-problem") });
        await ExpectNoSecretsAsync(page);
        await SetAsync(page, "runner.interval", "50");
        await Assertions.Expect(page.Locator(".values-verdict")).ToContainTextAsync("No problems");

        // Compare with the release.
        await page.Locator(".values-tabs a", new() { HasText = "Release" }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-drift='runner.region']")).ToContainTextAsync("live");
        await Assertions.Expect(page.Locator("[data-drift='runner.interval']")).ToContainTextAsync("upgrade");

        // What runs: one setting was changed beside Helm, another waits for a start.
        await Kubectl.RunAsync(_console.Runner.Kubeconfig, "patch", "configmap", "runner-runner", "-n", "csghub", "-p", "{\"data\":{\"STARHUB_SERVER_CLUSTER_REGION\":\"by-hand\"}}");
        await Assertions.Expect(page.Locator("[data-running='STARHUB_SERVER_CLUSTER_REGION']")).ToContainTextAsync(new System.Text.RegularExpressions.Regex("(?s)cn-old.*by-hand.*by-hand.*live"));
        await Assertions.Expect(page.Locator("[data-running='STARHUB_SERVER_SPACE_PYPI_INDEX_URL']")).ToContainTextAsync(new System.Text.RegularExpressions.Regex("(?s)old.example.com.*upgrade"));
        await page.ScreenshotAsync(new() { Path = Screenshots.File("configuration-release") });
        await ExpectNoSecretsAsync(page);

        // Save twice, restore the first.
        await SaveAsync(page, "first");
        await page.Locator(".values-tabs a", new() { HasText = "Edit" }).ClickAsync();
        await SetAsync(page, "runner.region", "cn-west");
        await SaveAsync(page, "second");
        await page.Locator(".values-tabs a", new() { HasText = "History" }).ClickAsync();
        await page.Locator("[data-version='1']").GetByRole(AriaRole.Button, new() { Name = "Compare" }).ClickAsync();
        await Assertions.Expect(page.Locator(".diff-added")).ToContainTextAsync("cn-west");
        await page.ScreenshotAsync(new() { Path = Screenshots.File("configuration-history") });
        await page.Locator("[data-version='1']").GetByRole(AriaRole.Button, new() { Name = "Restore" }).ClickAsync();
        await page.Locator("[data-why]").FillAsync("too early");
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Restore version 1" }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-version='3']")).ToContainTextAsync("Restored from version 1");
        await ExpectNoSecretsAsync(page);

        // Export: the whole file, and helm takes it.
        await page.Locator(".values-tabs a", new() { HasText = "Export" }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-upgrade]")).ToHaveTextAsync("helm upgrade runner charts/runner --namespace csghub --values custom-values.yaml");
        var waiting = page.WaitForDownloadAsync();
        await page.Locator("[data-export]").ClickAsync();
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "custom-values.yaml");
        await (await waiting).SaveAsAsync(file);
        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.All(Secrets, secret => Assert.Contains(secret, text, StringComparison.Ordinal));
        Assert.Contains("# rotate in January", text, StringComparison.Ordinal);
        var rendered = await Tool.OutputAsync(
            "helm", ["template", "runner", Path.Combine(Repository.Root, "charts", "runner"), "-n", "csghub", "-f", file], TestContext.Current.CancellationToken);
        Assert.Contains("STARHUB_SERVER_CLUSTER_REGION: \"cn-south\"", rendered, StringComparison.Ordinal);
        Assert.Contains("IN_SEC: \"50\"", rendered, StringComparison.Ordinal);
    }

    private async Task HelmAsync(params IEnumerable<string> arguments) => await Tool.OutputAsync(
        "helm", [.. arguments, "--kubeconfig", _console.Runner.Kubeconfig], TestContext.Current.CancellationToken);

    private static async Task SetAsync(IPage page, string key, string value)
    {
        var input = page.Locator($"[data-field='{key}'] input");
        await input.FillAsync(value);
        await input.PressAsync("Enter");
        await input.BlurAsync();
        await Assertions.Expect(input).ToHaveValueAsync(value);
    }

    /// <summary>Replaces words in the text as a person does: finds them, types over them.</summary>
    private static async Task TypeAsync(IPage page, string old, string now)
    {
        await page.Locator(".view-line", new() { HasText = old.Replace(' ', '\u00a0') }).First.ClickAsync();
        await page.Keyboard.PressAsync("End");
        await page.Keyboard.PressAsync("Shift+Home");
        await page.Keyboard.TypeAsync(now);
    }

    private static async Task SaveAsync(IPage page, string why)
    {
        await page.Locator("[data-save]").ClickAsync();
        await page.Locator("[data-why]").FillAsync(why);
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-save]")).ToBeDisabledAsync();
    }

    private static async Task ExpectNoSecretsAsync(IPage page)
    {
        // What a page shows stands in its elements, in its inputs, and in the editor, which draws only the lines in sight.
        var shown = await page.EvaluateAsync<string>("""
            () => [document.documentElement.outerHTML, ...[...document.querySelectorAll("input, textarea")].map(input => input.value), ...(window.monaco?.editor.getModels() ?? []).map(model => model.getValue())].join("\n")
            """);
        Assert.All(Secrets, secret => Assert.DoesNotContain(secret, shown, StringComparison.Ordinal));
    }
}
