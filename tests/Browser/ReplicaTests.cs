using System.Globalization;
using Microsoft.Playwright;
using Runner.Tests.Browser.Support;

namespace Runner.Tests.Browser;

/// <summary>Two replicas behind a gateway that leads each request to another one of them.</summary>
public sealed class ReplicaTests
{
    [Fact]
    public async Task Pages_work_behind_a_gateway_without_affinity_and_go_over_to_the_other_replica_when_theirs_ends()
    {
        using var folder = new TemporaryFolder();
        var program = Path.Combine(AppContext.BaseDirectory, "Runner.EmbeddedCluster.dll");
        await using var cluster = ChildProcess.Start(new Dictionary<string, string>(), program, "--port", "0", "--kubeconfig", folder.File("kubeconfig"));
        await Eventually.TrueAsync(() => cluster.Output.Contains("answers at", StringComparison.Ordinal), "the cluster answers", 30);
        await using var second = await StartAsync(folder);
        await using var console = new ConsoleFixture { Start = () => StartAsync(folder) };
        await console.InitializeAsync();
        RunnerProcess[] replicas = [console.Runner, second];
        await Eventually.TrueAsync(async () => (await Task.WhenAll(replicas.Select(IsReadyAsync))).All(ready => ready), "both are ready", 60);
        await using var gateway = await RoundRobinGateway.StartAsync(replicas.Select(replica => replica.Address));
        console.Through = gateway.Address;

        // Signing in is many requests, and so is each page: it comes to life whichever replica they are led to.
        var page = await console.OpenAsync("/workloads");
        for (var turn = 0; turn < 12 && Drawers(gateway).Count < 2; turn++)
        {
            await ConsoleFixture.GoAsync(page, turn % 2 == 0 ? "/capacity" : "/workloads");

            // Where each page is an even number of requests, all their connections would be led to one of two.
            if (turn % 2 == 0)
            {
                await page.APIRequest.GetAsync(new Uri(gateway.Address, "/healthz").ToString());
            }
        }

        Assert.Equal(2, Drawers(gateway).Count);
        await ConsoleFixture.GoAsync(page, "/workloads");

        await Assertions.Expect(page.Locator("tr[data-row]").First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Hub", Exact = true }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/hub$"));

        // The replica that drew it ends: the page says so, and comes back at the other one, with nobody signing in again.
        var holder = gateway.Led.Last(led => led.Path == "/_blazor").Replica;
        await replicas.Single(replica => replica.Address.ToString() == holder).KillAsync();
        await Assertions.Expect(page.Locator("#connection-lost")).ToBeVisibleAsync(new() { Timeout = 10_000 });
        await Assertions.Expect(page.Locator("#connection-lost")).ToBeHiddenAsync(new() { Timeout = 60_000 });
        await page.Locator(".shell[data-live=true]").WaitForAsync(new() { Timeout = 60_000 });
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/hub$"));
        Assert.NotEqual(holder, gateway.Led.Last(led => led.Path == "/_blazor").Replica);
    }

    /// <summary>The replicas that open pages are connections to.</summary>
    private static HashSet<string> Drawers(RoundRobinGateway gateway) => [.. gateway.Led.Where(led => led.Path == "/_blazor").Select(led => led.Replica)];

    private static Task<RunnerProcess> StartAsync(TemporaryFolder folder) => RunnerProcess.StartAsync(new Dictionary<string, string>
    {
        ["RUNNER_CLUSTER"] = "kubeconfig",
        ["KUBECONFIG"] = folder.File("kubeconfig"),
        ["RUNNER_LEADER_ELECTION"] = "true",
        ["RUNNER_LEASE_SECONDS"] = 3.ToString(CultureInfo.InvariantCulture),
        ["STARHUB_SERVER_CLUSTER_RUNNER_NAMESPACE"] = "spaces",
    });

    private static async Task<bool> IsReadyAsync(RunnerProcess replica)
    {
        using var answer = await replica.Hub.GetAsync("/readyz");
        return answer.IsSuccessStatusCode;
    }
}
