using System.Globalization;
using System.Text;
using System.Text.Json;
using k8s;
using k8s.Models;
using Microsoft.Playwright;
using Runner.EmbeddedCluster;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>A list that is longer than the window, of which only what is in sight is drawn; with a program and a cluster of its own, in which nothing moves but what the test moves.</summary>
public sealed class ManyWorkloadsTests
{
    private const int Count = 150;
    private const string Namespace = "spaces";
    private const string Group = "serving.knative.dev";

    [Fact]
    public async Task What_changes_out_of_sight_draws_nothing_and_is_there_when_it_comes_into_sight()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Seed = false, Controllers = false }, cancel);
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("kubeconfig"), cluster.Kubeconfig(), cancel);
        using var yaml = new MemoryStream(Encoding.UTF8.GetBytes(cluster.Kubeconfig()));
        using var client = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(yaml));
        await client.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new() { Name = Namespace } }, cancellationToken: cancel);
        for (var number = 0; number < Count; number++)
        {
            await CreateAsync(client, number);
        }

        await using var console = new ConsoleFixture
        {
            Start = () => RunnerProcess.StartAsync(new Dictionary<string, string> { ["RUNNER_CLUSTER"] = "kubeconfig", ["KUBECONFIG"] = folder.File("kubeconfig") }),
        };
        await console.InitializeAsync();
        var page = await console.OpenAsync("/sign-in", signedIn: true);
        var drawn = 0;
        page.WebSocket += (_, socket) => socket.FrameReceived += (_, frame) => drawn += frame.Binary is { } bytes && bytes.AsSpan().IndexOf("JS.RenderBatch"u8) >= 0 ? 1 : 0;
        await ConsoleFixture.GoAsync(page, "/workloads");
        var rows = page.Locator("tr[data-row]");
        await Assertions.Expect(rows.First).ToContainTextAsync(Name(0));
        await Assertions.Expect(page.Locator(".head .num")).ToContainTextAsync($"{Count}");
        await Assertions.Expect(Row(page, Count - 1)).ToHaveCountAsync(0);

        // What is only for screen readers in rows below the window makes the page no longer than the window.
        Assert.True(await page.Locator("tr[data-row] .c-reason .visually-hidden").CountAsync() > 22);
        Assert.Equal(0, await page.EvaluateAsync<int>("() => document.documentElement.scrollHeight - innerHeight"));

        // The last row changes, which another page has in sight, then the first two: nothing is drawn but those.
        var other = await page.Context.NewPageAsync();
        await ConsoleFixture.GoAsync(other, $"/workloads?filter={Name(Count - 1)}");
        await Assertions.Expect(Row(other, Count - 1)).ToContainTextAsync("RevisionMissing");
        var before = drawn;
        await SetAsync(client, Count - 1, "False", "FarAway");
        await Assertions.Expect(Row(other, Count - 1)).ToContainTextAsync("FarAway");
        await SetAsync(client, 0, "False", "InSight");
        await Assertions.Expect(Row(page, 0)).ToContainTextAsync("InSight");
        await SetAsync(client, 1, "False", "InSight");
        await Assertions.Expect(Row(page, 1)).ToContainTextAsync("InSight");
        Assert.Equal(2, drawn - before);

        // Ages grow without any drawing.
        var age = await Row(page, 0).Locator("time").InnerTextAsync();
        await Assertions.Expect(Row(page, 0).Locator("time")).Not.ToHaveTextAsync(age);

        // What is scrolled to is the newest, at the end and back at the beginning.
        await page.EvaluateAsync("() => { const grid = document.querySelector('[data-grid]'); grid.scrollTop = grid.scrollHeight; }");
        await Assertions.Expect(Row(page, Count - 1)).ToContainTextAsync("FarAway");
        await Assertions.Expect(Row(page, 2)).ToHaveCountAsync(0);
        await SetAsync(client, 2, "False", "Behind");
        await SetAsync(client, Count - 2, "False", "InSight");
        await Assertions.Expect(Row(page, Count - 2)).ToContainTextAsync("InSight");
        await page.EvaluateAsync("() => document.querySelector('[data-grid]').scrollTop = 0");
        await Assertions.Expect(Row(page, 2)).ToContainTextAsync("Behind");

        // Figures are in sight wherever their rows are.
        await Assertions.Expect(page.Locator(".chip-good .num")).ToHaveTextAsync("0");
        await SetAsync(client, Count - 3, "True", "");
        await Assertions.Expect(page.Locator(".chip-bad .num")).ToHaveTextAsync($"{Count - 1}");
        await CreateAsync(client, Count);
        await Assertions.Expect(page.Locator(".head .num")).ToContainTextAsync($"{Count + 1}");

        // A row from far away that comes first by its new reason pushes the others down, and goes again.
        await page.Locator("th.c-reason button").ClickAsync();
        await SetAsync(client, 100, "False", "AaFirst");
        await Assertions.Expect(page.Locator("tr[data-row]:has-text('AaFirst')")).ToContainTextAsync(Name(100));
        await SetAsync(client, 100, "False", "ZzLast");
        await Assertions.Expect(Row(page, 100)).ToHaveCountAsync(0);
        await page.Context.CloseAsync();
    }

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"many-{number:000}");

    private static ILocator Row(IPage page, int number) => ConsoleFixture.Row(page, Name(number));

    private static async Task CreateAsync(Kubernetes client, int number)
    {
        var body = JsonSerializer.SerializeToElement(new
        {
            apiVersion = $"{Group}/v1",
            kind = "Service",
            metadata = new { name = Name(number), @namespace = Namespace, annotations = new { task_id = $"{number}", deploy_id = $"{number}", deploy_type = "1" } },
            spec = new { template = new { spec = new { containers = new[] { new { name = "user-container", image = "registry.example.com/app:1" } } } } },
        });
        await client.CustomObjects.CreateNamespacedCustomObjectAsync(body, Group, "v1", Namespace, "services", cancellationToken: TestContext.Current.CancellationToken);
        await SetAsync(client, number, "False", "RevisionMissing");
    }

    /// <summary>Writes the condition Ready of a service, as Knative's controllers do.</summary>
    private static async Task SetAsync(Kubernetes client, int number, string status, string reason) => await client.CustomObjects.PatchNamespacedCustomObjectStatusAsync(
        new V1Patch(new { status = new { url = $"http://{Name(number)}.example.com", conditions = new[] { new { type = "Ready", status, reason } } } }, V1Patch.PatchType.MergePatch),
        Group, "v1", Namespace, "services", Name(number), cancellationToken: TestContext.Current.CancellationToken);
}
