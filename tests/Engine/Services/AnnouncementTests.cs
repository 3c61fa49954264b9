using System.Net;
using System.Text.Json;
using k8s;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Storage;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Services;

/// <summary>The note on an object that the hub has heard of it, by which a runner that lost its storage does not tell it as new.</summary>
public sealed class AnnouncementTests
{
    private const string Name = "u-acme-qwen3-8b-5tq";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_is_noted_as_told_once_its_news_is_on_disk_and_not_before()
    {
        await using var runner = await LivingRunner.StartAsync();
        var writing = new TaskCompletionSource();
        using var hold = new ManualResetEventSlim();
        var held = runner.Services.GetRequiredService<Database>().WriteAsync(
            _ =>
            {
                writing.SetResult();
                hold.Wait(Cancel);
                return 0;
            },
            Cancel);
        await writing.Task;
        try
        {
            // Pages and status answers have it; a process that ended now would have told the hub nothing.
            Assert.Equal(HttpStatusCode.OK, await RunAsync(runner));
            Assert.Equal(HttpStatusCode.OK, (await runner.CallAsync(HttpMethod.Get, $"service/{Name}/get", "{}")).Status);
            Assert.False(await IsNotedAsync(runner));
        }
        finally
        {
            hold.Set();
        }

        await held;
        await Eventually.TrueAsync(() => runner.Hub.Taken.Any(e => e.Service == Name && e.Type == "runner.service.create"), "the hub hears of it", 30);
        Assert.Equal(HttpStatusCode.OK, await RunAsync(runner));
        Assert.True(await IsNotedAsync(runner));
    }

    private static async Task<HttpStatusCode> RunAsync(LivingRunner runner) =>
        (await runner.CallAsync(HttpMethod.Post, $"service/{Name}/run", RunnerApiHost.Sample("run-inference"))).Status;

    private static async Task<bool> IsNotedAsync(LivingRunner runner) =>
        (await runner.Api.CustomObjects.GetNamespacedCustomObjectAsync<JsonElement>("serving.knative.dev", "v1", "spaces", "services", Name, Cancel))
            .GetProperty("metadata").GetProperty("annotations").TryGetProperty("csghub_announced", out _);
}
