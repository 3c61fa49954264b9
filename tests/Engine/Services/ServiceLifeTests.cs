using System.Text.Json;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Services;

/// <summary>Services on one host whose runner loses its data folder halfway.</summary>
public sealed class ServiceLifeTests : IAsyncLifetime
{
    private LivingRunner _runner = null!;

    public async ValueTask InitializeAsync() => _runner = await LivingRunner.StartAsync();

    public ValueTask DisposeAsync() => _runner.DisposeAsync();

    [Theory]
    [InlineData("run-inference")]
    [InlineData("run-space")]
    [InlineData("run-notebook")]
    public async Task A_runner_without_its_data_folder_knows_the_service_again_and_tells_nothing_as_new(string sample)
    {
        var isQueued = sample == "run-notebook";

        // One that may sleep would, on a busy machine, before the new runner looks.
        var text = RunnerApiHost.Sample(sample).Replace("\"min_replica\": 0", "\"min_replica\": 1", StringComparison.Ordinal);
        var request = JsonDocument.Parse(isQueued ? text.Replace("\"deploy_id\"", """ "scheduler": {"volcano": {"queue": "default"}}, "deploy_id" """, StringComparison.Ordinal) : text).RootElement;
        var name = request.GetProperty("svc_name").GetString()!;
        await _runner.CallAsync(HttpMethod.Post, $"service/{name}/run", request.GetRawText());
        await _runner.ReachesAsync(name, 23, 60);
        await Eventually.TrueAsync(() => Told(name) is [.., (_, 23)], "the hub hears that it runs", 30);

        await _runner.ForgetAllAsync();

        var status = await _runner.ReachesAsync(name, 23);
        Assert.Equal(request.GetProperty("deploy_id").GetInt64(), status.GetProperty("deploy_id").GetInt64());
        await _runner.CallAsync(HttpMethod.Post, $"service/{name}/stop", "{}");
        await Eventually.TrueAsync(() => Told(name) is [.., ("stop", _)], "the hub hears that it is stopped", 30);
        var told = Told(name);
        Assert.Equal("create", told[0].Type);
        Assert.Single(told, one => one.Type == "create");
        Assert.Single(told, one => one.Type == "stop");

        // Whoever asked for a queue of Volcano's hears of it with every state.
        Assert.All(
            _runner.Hub.Taken.Where(e => e.Service == name && !e.Type.EndsWith("stop", StringComparison.Ordinal)),
            e => Assert.Equal(isQueued ? "default" : "", e.Root.GetProperty("data").GetProperty("queue_name").GetString()));
    }

    private List<(string Type, int Status)> Told(string service) => [.. _runner.Hub.Taken.Where(e => e.Service == service).Select(e => (e.Type.Split('.')[^1], e.Status))];
}
