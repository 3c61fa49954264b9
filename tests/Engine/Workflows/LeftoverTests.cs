using System.Net;
using System.Text.Json;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Argo;
using Runner.Tests.Engine.RunnerApi;

namespace Runner.Tests.Engine.Workflows;

/// <summary>A runner that dies between what a job needs and the job itself leaves nothing for ever.</summary>
public sealed class LeftoverTests
{
    private const string Task = "df-job-5c1e9";
    private const string Volume = "df-df-job-5c1e9";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_repeated_request_takes_up_what_was_left()
    {
        await using var host = await JobRunnerHost.StartAsync();
        await LeaveAsync(host);

        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(HttpMethod.Post, "dataflow/jobs", RunnerApiHost.Sample("dataflow-job"))).Status);
        await host.ToldAsync(Task, "Succeeded");
        await SweepAsync(host, TimeSpan.FromMinutes(1));

        var volume = await host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, "spaces", cancellationToken: Cancel);
        Assert.Equal(Task, volume.Metadata.OwnerReferences.Single().Name);
        Assert.NotEqual(true, volume.Metadata.Labels?.ContainsKey(ArgoNames.UnclaimedLabel));
    }

    [Theory]
    [InlineData("spaces")]
    [InlineData("shared")]
    public async Task What_nobody_asks_for_again_goes_and_not_before_its_time(string place)
    {
        await using var host = await JobRunnerHost.StartAsync();
        if (place != "spaces")
        {
            await host.Api.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new() { Name = place } }, cancellationToken: Cancel);
        }

        await LeaveAsync(host, place);

        await SweepAsync(host, -TimeSpan.FromMinutes(1));
        Assert.NotNull(await host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, place, cancellationToken: Cancel));

        await SweepAsync(host, TimeSpan.FromMinutes(1));
        await JobRunnerHost.GoneAsync(() => host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, place), "the volume is gone");
        await JobRunnerHost.GoneAsync(() => host.Api.CoreV1.ReadNamespacedSecretAsync($"{Task}-env", place), "the Secret is gone");
    }

    [Fact]
    public async Task What_a_job_could_not_take_over_is_given_to_it()
    {
        await using var host = await JobRunnerHost.StartAsync();
        await host.CallAsync(HttpMethod.Post, "dataflow/jobs", RunnerApiHost.Sample("dataflow-job"));
        var labels = new Dictionary<string, string> { [ArgoNames.UnclaimedLabel] = Task };
        var orphan = new V1Patch(JsonSerializer.Serialize(new { metadata = new { ownerReferences = (object?)null, labels } }), V1Patch.PatchType.MergePatch);
        await host.Api.CoreV1.PatchNamespacedPersistentVolumeClaimAsync(orphan, Volume, "spaces", cancellationToken: Cancel);

        await SweepAsync(host, TimeSpan.FromMinutes(1));

        var volume = await host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, "spaces", cancellationToken: Cancel);
        Assert.Equal("Workflow", volume.Metadata.OwnerReferences.Single().Kind);
    }

    /// <summary>What a runner has made before it makes the Workflow.</summary>
    private static async Task LeaveAsync(JobRunnerHost host, string place = "spaces")
    {
        var labels = new Dictionary<string, string> { [ArgoNames.UnclaimedLabel] = Task };
        await host.Api.CoreV1.CreateNamespacedPersistentVolumeClaimAsync(
            new()
            {
                Metadata = new() { Name = Volume, Labels = labels },
                Spec = new() { AccessModes = ["ReadWriteMany"], Resources = new() { Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new("20Gi") } } },
            },
            place,
            cancellationToken: Cancel);
        await host.Api.CoreV1.CreateNamespacedSecretAsync(new() { Metadata = new() { Name = $"{Task}-env", Labels = labels } }, place, cancellationToken: Cancel);
    }

    /// <param name="ahead">Leftovers that are made until then, seen from now, are old enough.</param>
    private static Task SweepAsync(JobRunnerHost host, TimeSpan ahead) => host.Services.GetServices<IHostedService>().OfType<LeftoverSweeper>().Single()
        .SweepAsync(host.Services.GetRequiredService<ClusterDirectory>().Connections[0], TimeProvider.System.GetUtcNow() + ahead, Cancel);
}
