using System.Text;
using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>How an administrator repairs what the runner depends on; with a real registry.</summary>
public sealed class ConnectionsTests
{
    [Fact]
    public async Task A_wrong_registry_password_is_named_replaced_after_a_test_and_kept()
    {
        await using var registry = await OutsideServer.RegistryAsync(password: true);
        var hub = LoopbackPort.Next();
        var environment = new Dictionary<string, string>
        {
            ["STARHUB_SERVER_DOCKER_REG_BASE"] = $"127.0.0.1:{registry.Port}/csghub/",
            ["STARHUB_SERVER_DOCKER_IMAGE_PULL_SECRET"] = "csghub-docker",
            ["STARHUB_SERVER_RUNNER_IMAGE_BUILDER_KANIKO_ARGS"] = "--insecure",
            ["STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT"] = $"http://127.0.0.1:{hub}",
        };
        await using var console = new ConsoleFixture { Start = () => RunnerProcess.StartAsync(environment) };
        await console.InitializeAsync();
        var auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{OutsideServer.User}:an-outdated-password"));
        var config = "{\"auths\":{\"127.0.0.1:" + registry.Port + "\":{\"auth\":\"" + auth + "\"}}}";
        await Kubectl.CreateAsync(console.Runner.Kubeconfig, $"""
            apiVersion: v1
            kind: Secret
            metadata: {"{"}name: csghub-docker, namespace: spaces{"}"}
            type: kubernetes.io/dockerconfigjson
            data:
              .dockerconfigjson: {Convert.ToBase64String(Encoding.UTF8.GetBytes(config))}
            """);

        var page = await console.OpenAsync("/connections");
        var card = page.Locator("section", new() { Has = page.Locator("#registry-title") });
        await card.GetByRole(AriaRole.Button, new() { Name = "Test: Image registry" }).ClickAsync();
        await Assertions.Expect(card.Locator(".verdict-bad")).ToContainTextAsync("Sign in failed");
        await Assertions.Expect(card.Locator(".probe-why")).ToContainTextAsync("does not accept user builder with this password");
        await page.ScreenshotAsync(new() { Path = Screenshots.File("connections-failed-1440-light-en"), FullPage = true });

        await card.Locator("[data-field=user]").FillAsync(OutsideServer.User);
        await card.Locator("[data-field=password]").FillAsync(OutsideServer.Password);
        await card.GetByRole(AriaRole.Button, new() { Name = "Test these values" }).ClickAsync();
        await Assertions.Expect(card.Locator(".verdict-good")).ToBeVisibleAsync();
        await page.ScreenshotAsync(new() { Path = Screenshots.File("connections-passed-1440-light-en"), FullPage = true });

        // On a phone a setting is a block of its own, with one line above it from side to side.
        await page.SetViewportSizeAsync(390, 844);
        Assert.Equal("0px", await card.Locator(".settings th[scope=row]").First.EvaluateAsync<string>("cell => getComputedStyle(cell).borderTopWidth"));
        await page.SetViewportSizeAsync(1440, 900);
        await card.GetByRole(AriaRole.Button, new() { Name = "Keep in the pull secret" }).ClickAsync();
        await Assertions.Expect(page.Locator(".mud-snackbar").First).ToContainTextAsync("spaces/csghub-docker");

        await page.ReloadAsync();
        await page.Locator(".shell[data-live=true]").WaitForAsync();
        await card.GetByRole(AriaRole.Button, new() { Name = "Test: Image registry" }).ClickAsync();
        await Assertions.Expect(card.Locator(".verdict-good")).ToContainTextAsync("Everything works");
        Assert.DoesNotContain(OutsideServer.Password, await page.ContentAsync(), StringComparison.Ordinal);
        var audit = await (await page.Context.APIRequest.GetAsync("/api/console/audit")).TextAsync();
        Assert.Contains("save-credentials", audit, StringComparison.Ordinal);
        Assert.DoesNotContain(OutsideServer.Password, audit, StringComparison.Ordinal);
        await BringTheHubBackAsync(page, hub);
        await page.Context.CloseAsync();
    }

    /// <summary>The hub was never there: the check says so, events wait with the reason, and one click sends them once it is back.</summary>
    private static async Task BringTheHubBackAsync(IPage page, int port)
    {
        await ConsoleFixture.GoAsync(page, "/diagnostics");
        var check = page.Locator("[data-check=HubReachable]");
        await Assertions.Expect(check.Locator(".state-bad")).ToHaveTextAsync("Fails");
        await Assertions.Expect(check).ToContainTextAsync("cannot be reached");
        await ConsoleFixture.GoAsync(page, "/hub?state=waiting");
        await Assertions.Expect(page.Locator(".outbox-grid tr[data-row]").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".lines .state-bad")).ToBeVisibleAsync();

        using var hub = new QuietHub(port);
        await page.GetByRole(AriaRole.Button, new() { Name = "Try all now" }).ClickAsync();
        await Assertions.Expect(page.Locator(".outbox-grid tr[data-row]")).ToHaveCountAsync(0, new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator(".lines .state-good")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sent" }).ClickAsync();
        await Assertions.Expect(page.Locator(".outbox-grid tr[data-row]").First).ToContainTextAsync("Sent");
        await ConsoleFixture.GoAsync(page, "/diagnostics");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run again: Connection to the hub" }).ClickAsync();
        await Assertions.Expect(check.Locator(".state-good")).ToHaveTextAsync("Good", new() { Timeout = 30_000 });
    }
}
