using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>How an administrator installs what the runner depends on from a bundle of manifests.</summary>
[Collection(nameof(ConsoleFixture))]
public sealed class DependenciesTests(ConsoleFixture console)
{
    [Fact]
    public async Task A_bundle_is_tried_first_and_installed_in_each_of_the_three_modes()
    {
        var page = await console.OpenAsync("/dependencies");
        var install = page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Install \\d+ objects$") });
        await Assertions.Expect(install).ToBeDisabledAsync();

        // A bundle with a mistake is not offered to be installed.
        await TryAsync(page, Bundle("first: \"1\"") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name, namespace: spaces}\n");
        await Assertions.Expect(page.Locator(".step-refused")).ToContainTextAsync("Not_A_Name");
        await Assertions.Expect(install).ToBeDisabledAsync();

        // Create: what is there already is left.
        await TryAsync(page, Bundle("first: \"1\""));
        await Assertions.Expect(page.Locator(".step-created")).ToContainTextAsync("bundle-tried");
        await Assertions.Expect(page.Locator(".step-later")).ToContainTextAsync("bundle-settings");
        Assert.Equal("", await NamesAsync());
        await InstallAsync(page, "2 created, 0 changed, 0 unchanged");
        Assert.Contains("bundle-settings", await NamesAsync(), StringComparison.Ordinal);
        await TryAsync(page, Bundle("second: \"2\""));
        await Assertions.Expect(page.Locator(".step-unchanged")).ToHaveCountAsync(2);
        await InstallAsync(page, "0 created, 0 changed, 2 unchanged");
        Assert.Equal("first", await KeysAsync());

        // Update: what the bundle says comes to what others said.
        await Kubectl.RunAsync(console.Runner.Kubeconfig, "patch", "configmap", "-n", "bundle-tried", "bundle-settings", "--type=merge", "-p", "{\"data\":{\"others\":\"x\"}}");
        await page.Locator("[data-field=mode]").SelectOptionAsync("Update");
        await Assertions.Expect(install).ToBeDisabledAsync();
        await TryAsync(page, Bundle("second: \"2\""));
        await Assertions.Expect(page.Locator(".step-changed").Last).ToContainTextAsync("bundle-settings");
        Assert.Equal("first others", await KeysAsync());
        await InstallAsync(page, "refused");
        Assert.Equal("first others second", await KeysAsync());

        // Replace: nothing but what the bundle says is left.
        await page.Locator("[data-field=mode]").SelectOptionAsync("Replace");
        await TryAsync(page, Bundle("second: \"2\""));
        await InstallAsync(page, "0 refused");
        Assert.Equal("second", await KeysAsync());

        var audit = JsonNode.Parse(await (await page.Context.APIRequest.GetAsync("/api/console/audit")).TextAsync())!["data"]!.AsArray();
        Assert.Contains(audit, entry => (string?)entry!["action"] == "install-manifests" && ((string?)entry["detail"])!.StartsWith("Replace: ", StringComparison.Ordinal));
        await page.Context.CloseAsync();
    }

    private static string Bundle(string data) => $$"""
        apiVersion: v1
        kind: Namespace
        metadata: {name: bundle-tried}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: bundle-settings, namespace: bundle-tried}
        data: {{{data}}}

        """;

    private static async Task TryAsync(IPage page, string bundle)
    {
        await page.Locator("#bundle").FillAsync(bundle);
        await page.GetByRole(AriaRole.Button, new() { Name = "Dry run" }).ClickAsync();
        await Assertions.Expect(page.Locator(".bundle-steps tbody .state")).ToHaveCountAsync(bundle.Split("\n---").Length);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Dry run" })).ToBeEnabledAsync();
    }

    private static async Task InstallAsync(IPage page, string outcome)
    {
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Install \\d+ objects$") }).ClickAsync();
        await Assertions.Expect(page.Locator("[role=status]").Filter(new() { HasText = "Installed: " })).ToContainTextAsync(outcome);
    }

    private Task<string> NamesAsync() => Kubectl.RunAsync(console.Runner.Kubeconfig, "get", "configmaps", "-n", "bundle-tried", "-o", "name", "--ignore-not-found");

    private async Task<string> KeysAsync()
    {
        var text = await Kubectl.RunAsync(console.Runner.Kubeconfig, "get", "configmap", "-n", "bundle-tried", "bundle-settings", "-o", "json");
        return string.Join(' ', JsonNode.Parse(text)!["data"]!.AsObject().Select(pair => pair.Key).Order(StringComparer.Ordinal));
    }
}
