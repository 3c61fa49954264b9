using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>What an administrator does, on the running program.</summary>
[Collection(nameof(ConsoleFixture))]
public sealed partial class JourneyTests(ConsoleFixture console)
{
    [Fact]
    public async Task Without_signing_in_every_page_leads_to_the_sign_in()
    {
        foreach (var path in new[] { "/", "/workloads", "/logs" })
        {
            var page = await console.OpenAsync(path, signedIn: false);
            Assert.Contains("/sign-in", page.Url, StringComparison.Ordinal);
            await page.Context.CloseAsync();
        }
    }

    [Fact]
    public async Task Requests_of_the_hub_appear_and_turn_to_running_while_the_page_is_open()
    {
        var page = await console.OpenAsync("/workloads");
        await page.EvaluateAsync("window.notReloaded = true");
        foreach (var sample in new[] { "run-inference", "run-space", "run-notebook" })
        {
            var name = await console.Runner.RunSampleAsync(sample);
            await Assertions.Expect(ConsoleFixture.Row(page, name)).ToBeVisibleAsync();
            await Assertions.Expect(ConsoleFixture.Row(page, name).Locator(".c-state")).ToContainTextAsync("Running", new() { Timeout = 60_000 });
        }

        Assert.True(await page.EvaluateAsync<bool>("window.notReloaded === true"));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_request_without_room_waits_with_the_schedulers_words_and_starts_when_a_node_joins()
    {
        var name = await console.Runner.RunSampleAsync("run-does-not-fit");
        var page = await console.OpenAsync($"/workloads/embedded/service/spaces/{name}");
        var verdict = page.Locator(".verdict");
        await Assertions.Expect(verdict).ToContainTextAsync("Waiting for room");
        await Assertions.Expect(verdict).ToContainTextAsync(NodesAvailable());
        await Kubectl.CreateAsync(console.Runner.Kubeconfig, BigNode);
        await Assertions.Expect(verdict).ToContainTextAsync("Running", new() { Timeout = 60_000 });
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_missing_image_fails_with_the_reason()
    {
        var name = await console.Runner.RunSampleAsync("run-notebook", request => Rename(request, "nb-missing-image", image: "opencsghq/no-such-image:missing"));
        var page = await console.OpenAsync($"/workloads/embedded/service/spaces/{name}");
        await Assertions.Expect(page.Locator(".verdict .why")).ToContainTextAsync(ImageProblem(), new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator(".verdict")).ToHaveClassAsync(BadVerdict(), new() { Timeout = 60_000 });
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_purge_asks_for_the_name_the_row_goes_and_the_act_is_audited()
    {
        var name = await console.Runner.RunSampleAsync("run-space", request => Rename(request, "space-to-purge"));
        var page = await console.OpenAsync($"/workloads/embedded/service/spaces/{name}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Purge" }).ClickAsync();
        var confirm = page.Locator(".mud-dialog .mud-button-filled-error");
        await Assertions.Expect(confirm).ToBeDisabledAsync();
        await page.Locator("[data-confirm]").FillAsync(name);
        await confirm.ClickAsync();
        await Assertions.Expect(page.Locator(".verdict")).ToContainTextAsync("Gone");
        await page.Locator("[data-close]").ClickAsync();
        await Assertions.Expect(ConsoleFixture.Row(page, name)).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator(".mud-snackbar").First).ToBeVisibleAsync();
        var audit = JsonNode.Parse(await (await page.Context.APIRequest.GetAsync("/api/console/audit")).TextAsync())!["data"]!.AsArray();
        Assert.Single(audit, entry => ((string?)entry!["who"], (string?)entry["action"], (string?)entry["target"]) == ("admin", "purge", $"embedded/Service/spaces/{name}"));

        // The log is filtered as one types, without leaving the field.
        await page.GotoAsync("access/audit");
        await page.Locator(".shell[data-live=true]").WaitForAsync();
        var entries = page.Locator(".audit-table tbody tr");
        var others = entries.Filter(new() { HasNotText = name });
        await Assertions.Expect(others).Not.ToHaveCountAsync(0);
        await page.Locator("[data-filter]").PressSequentiallyAsync(name);
        await Assertions.Expect(others).ToHaveCountAsync(0);
        await Assertions.Expect(entries).Not.ToHaveCountAsync(0);
        await page.WaitForURLAsync($"**/access/audit?filter={name}");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Several_are_stopped_at_once_after_one_question()
    {
        var first = await console.Runner.RunSampleAsync("run-space", request => Rename(request, "bulk-one"));
        var second = await console.Runner.RunSampleAsync("run-space", request => Rename(request, "bulk-two"));
        var page = await console.OpenAsync("/workloads?filter=bulk-");
        await Assertions.Expect(page.Locator("tr[data-row]")).ToHaveCountAsync(2);
        await page.GetByLabel("Select all that are shown").CheckAsync();
        await page.Locator(".selection").GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Assertions.Expect(page.Locator(".mud-dialog")).ToContainTextAsync(first);
        await Assertions.Expect(page.Locator(".mud-dialog")).ToContainTextAsync(second);
        await page.Locator(".mud-dialog .mud-button-filled-error").ClickAsync();
        await Assertions.Expect(page.Locator("tr[data-row]")).ToHaveCountAsync(0);
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Logs_run_live_pause_without_loss_and_filter()
    {
        var name = await console.Runner.RunSampleAsync("run-space", request => Rename(request, "space-with-logs"));
        var page = await console.OpenAsync($"/workloads/embedded/service/spaces/{name}");
        await Assertions.Expect(page.Locator(".verdict")).ToContainTextAsync("Running", new() { Timeout = 60_000 });
        await ConsoleFixture.GoAsync(page, $"/logs/embedded/service/spaces/{name}");
        await Assertions.Expect(page.Locator(".log-line").First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { NameRegex = ResumeWithLines() })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await page.GetByRole(AriaRole.Button, new() { NameRegex = ResumeWithLines() }).ClickAsync();
        await page.Locator("[data-log-filter]").FillAsync("no line says this");
        await Assertions.Expect(page.Locator(".log-empty")).ToContainTextAsync("No line matches");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task The_list_is_filtered_sorted_and_kept_in_the_address()
    {
        var page = await console.OpenAsync("/workloads");
        await page.Locator("tr[data-row]").First.WaitForAsync();
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("no-workload-has-this-name");
        await Assertions.Expect(page.Locator(".notice")).ToContainTextAsync("Nothing matches");
        await Assertions.Expect(page).ToHaveURLAsync(FilterInAddress());
        await page.ReloadAsync();
        await page.Locator(".shell[data-live=true]").WaitForAsync();
        await Assertions.Expect(page.Locator("[data-filter]")).ToHaveValueAsync("no-workload-has-this-name");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show all" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Age" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(SortInAddress());
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task The_keyboard_alone_opens_reads_and_closes_details()
    {
        var page = await console.OpenAsync("/workloads");
        await page.Locator("tr[data-row]").First.WaitForAsync();
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".detail")).ToBeVisibleAsync();
        var second = await page.Locator("tr[data-row]").Nth(1).Locator("a[data-open]").TextContentAsync();
        await Assertions.Expect(page.Locator("#details-title")).ToHaveTextAsync(second!);
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator(".detail")).ToHaveCountAsync(0);
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task The_console_speaks_chinese_and_remembers_it()
    {
        var page = await console.OpenAsync("/workloads");
        await page.Locator("tr[data-row]").First.WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "中文" }).ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("工作负载");
        await ConsoleFixture.GoAsync(page, "/");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("概览");
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "zh-Hans");
        await page.Context.CloseAsync();
    }

    private static void Rename(JsonObject request, string name, string? image = null)
    {
        request["svc_name"] = name;
        request["image_id"] = image ?? request["image_id"]!.GetValue<string>();
    }

    [GeneratedRegex("nodes are available")]
    private static partial Regex NodesAvailable();

    [GeneratedRegex("ErrImagePull|ImagePullBackOff|RevisionFailed|ContainerMissing")]
    private static partial Regex ImageProblem();

    [GeneratedRegex("verdict-bad")]
    private static partial Regex BadVerdict();

    [GeneratedRegex(@"Resume \([1-9]")]
    private static partial Regex ResumeWithLines();

    [GeneratedRegex("filter=no-workload-has-this-name")]
    private static partial Regex FilterInAddress();

    [GeneratedRegex("sort=age")]
    private static partial Regex SortInAddress();

    private const string BigNode = """
        apiVersion: v1
        kind: Node
        metadata:
          name: gpu-h100-joined
          labels:
            kubernetes.io/hostname: gpu-h100-joined
            nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3
        status:
          capacity: { cpu: "192", memory: 2Ti, pods: "110", ephemeral-storage: 4Ti, nvidia.com/gpu: "16" }
          allocatable: { cpu: "190", memory: 2Ti, pods: "110", ephemeral-storage: 4Ti, nvidia.com/gpu: "16" }
          conditions: [ { type: Ready, status: "True", reason: KubeletReady, message: kubelet is posting ready status } ]
        """;
}
