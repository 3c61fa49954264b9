using System.Net;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Sandboxes;

/// <summary>A sandbox from the hub's request to its end, with the whole program, a simulated cluster and a recording hub.</summary>
public sealed class SandboxLifeTests
{
    [Fact]
    public async Task A_runner_without_its_data_folder_knows_the_sandbox_again_and_the_hub_hears_nothing_of_it()
    {
        await using var runner = await LivingRunner.StartAsync();
        var made = await runner.CallAsync(HttpMethod.Post, "sandboxes", RunnerApiHost.Sample("sandbox"));
        await RunningAsync(runner);

        await runner.ForgetAllAsync();

        await RunningAsync(runner);
        Assert.Equal(made, await runner.CallAsync(HttpMethod.Post, "sandboxes", RunnerApiHost.Sample("sandbox")));
        await runner.CallAsync(HttpMethod.Delete, "sandboxes", """{"sandbox_id":"sbx-agent-41","cluster_id":""}""");
        await Eventually.TrueAsync(async () => (await FindAsync(runner)).Status == HttpStatusCode.NotFound, "the sandbox is gone");

        // The hub decodes no event of sandboxes: what it would not understand is not sent. A service made afterwards shows that all is told.
        await runner.CallAsync(HttpMethod.Post, "service/after/run", RunnerApiHost.Sample("run-space"));
        await Eventually.TrueAsync(() => runner.Hub.Taken.Any(received => received.Service == "after"), "the hub hears of services", 30);
        Assert.DoesNotContain(
            runner.Hub.Taken,
            received => received.Type != "runner.heartbeat" && received.Body.Contains("sbx-agent-41", StringComparison.Ordinal));
    }

    private static Task<(HttpStatusCode Status, string Text)> FindAsync(LivingRunner runner) => runner.CallAsync(HttpMethod.Get, "sandboxes?cluster_id=&sandbox_name=sbx-agent-41");

    private static Task RunningAsync(LivingRunner runner) =>
        Eventually.TrueAsync(async () => (await FindAsync(runner)).Text.Contains("\"status\":23,", StringComparison.Ordinal), "the sandbox runs", 30);
}
