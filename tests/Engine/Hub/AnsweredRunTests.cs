using System.Net;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Hub;

/// <summary>The hub writes down that a service is being deployed when its request is answered, whatever it was told of it before.</summary>
public sealed class AnsweredRunTests : IAsyncLifetime
{
    private LivingRunner _runner = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _runner = await LivingRunner.StartAsync();

    public ValueTask DisposeAsync() => _runner.DisposeAsync();

    [Fact]
    public async Task A_repeated_request_for_a_service_that_runs_has_the_hub_told_once_more_that_it_does()
    {
        await RunAsync("web", "run-inference");
        await RunAsync("other", "run-inference");
        await ToldAsync("web", 23);
        await ToldAsync("other", 23);

        await RunAsync("web", "run-inference");
        await RunAsync("web", "run-inference");
        await RunAsync("other", "run-inference");
        await Eventually.TrueAsync(() => Running("web") > 1 && Running("other") > 1, "both are told once more", 30);

        // As often as asked for is as often as once; what was answered while it was being deployed was told nothing beside what happened.
        Assert.Equal((2, 2), (Running("web"), Running("other")));
        Assert.Single(_runner.Hub.Taken, e => e.Service == "web" && e.Type == "runner.service.create");
        var told = _runner.Hub.Taken.Where(e => e.Service == "web" && e.Status == 23).ToList();
        Assert.Equal("runner.service.change", told[1].Type);
        Assert.Equal(told[0].Root.GetProperty("data").GetProperty("endpoint").GetString(), told[1].Root.GetProperty("data").GetProperty("endpoint").GetString());
    }

    [Fact]
    public async Task A_service_that_has_failed_before_its_request_is_answered_is_told_as_failed_once_more()
    {
        using var hold = new ManualResetEventSlim();
        _runner.Cluster.Faults.Fails = (method, path) =>
        {
            if (method == "PATCH" && path.EndsWith("/services/big", StringComparison.Ordinal))
            {
                hold.Wait(Cancel);
            }

            return false;
        };
        var answer = RunAsync("big", "run-does-not-fit");
        await ToldAsync("big", 21);
        Assert.False(answer.IsCompleted);
        hold.Set();
        await answer;

        await Eventually.TrueAsync(() => _runner.Hub.Taken.Count(e => e.Service == "big" && e is { Type: "runner.service.change", Status: 21, Reason: "Unschedulable" }) == 2, "it is told once more", 30);
        Assert.Equal(21, _runner.Hub.Taken.Last(e => e.Service == "big").Status);
    }

    private int Running(string service) => _runner.Hub.Taken.Count(e => e.Service == service && e.Status == 23);

    private Task ToldAsync(string service, int status) =>
        Eventually.TrueAsync(() => _runner.Hub.Taken.Any(e => e.Service == service && e.Status == status), $"the hub hears that {service} is {status}", 60);

    private async Task RunAsync(string service, string sample) =>
        Assert.Equal(HttpStatusCode.OK, (await _runner.CallAsync(HttpMethod.Post, $"service/{service}/run", RunnerApiHost.Sample(sample))).Status);
}
