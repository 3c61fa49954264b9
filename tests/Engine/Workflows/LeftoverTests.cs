using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
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

    [Theory]
    [InlineData("PATCH", true)]
    [InlineData("POST", false)]
    public async Task What_an_outage_left_behind_is_dealt_with_however_long_the_program_has_run(string fails, bool isMade)
    {
        await using var host = await JobRunnerHost.StartAsync();
        var clock = new GraceClock();
        using var sweeper = ActivatorUtilities.CreateInstance<LeftoverSweeper>(host.Services, clock);
        await sweeper.StartAsync(Cancel);
        await clock.PassAsync();

        // Either nothing can be taken over, or the job cannot be made, nor can it be seen then whether it was.
        var isDown = false;
        host.Faults.Fails = (method, path) => fails == "PATCH" ? method == fails && (path.EndsWith(Volume, StringComparison.Ordinal) || path.EndsWith($"{Task}-env", StringComparison.Ordinal))
            : method == fails && path.EndsWith("/workflows", StringComparison.Ordinal) ? isDown = true
            : isDown && path.EndsWith(Task, StringComparison.Ordinal);
        var (status, _) = await host.CallAsync(HttpMethod.Post, "dataflow/jobs", RunnerApiHost.Sample("dataflow-job"));
        host.Faults.Fails = null;
        Assert.Equal(isMade, status == HttpStatusCode.OK);
        Assert.Null((await host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, "spaces", cancellationToken: Cancel)).Metadata.OwnerReferences);
        Assert.Null((await host.Api.CoreV1.ReadNamespacedSecretAsync($"{Task}-env", "spaces", cancellationToken: Cancel)).Metadata.OwnerReferences);

        await clock.PassAsync();
        await clock.WaitAsync();
        if (isMade)
        {
            Assert.Equal(Task, (await host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, "spaces", cancellationToken: Cancel)).Metadata.OwnerReferences.Single().Name);
            Assert.Equal(Task, (await host.Api.CoreV1.ReadNamespacedSecretAsync($"{Task}-env", "spaces", cancellationToken: Cancel)).Metadata.OwnerReferences.Single().Name);
        }
        else
        {
            await JobRunnerHost.GoneAsync(() => host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, "spaces"), "the volume is gone");
            await JobRunnerHost.GoneAsync(() => host.Api.CoreV1.ReadNamespacedSecretAsync($"{Task}-env", "spaces"), "the Secret is gone");
        }

        await sweeper.StopAsync(Cancel);
    }

    [Fact]
    public async Task What_is_there_for_the_next_job_of_a_name_is_not_given_to_the_one_that_goes()
    {
        await using var host = await JobRunnerHost.StartAsync();
        var workflow = JsonNode.Parse($$$"""{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"name":"{{{Task}}}","finalizers":["example.com/held"]},"spec":{"suspend":true,"entrypoint":"none"}}""");
        await host.Api.CustomObjects.CreateNamespacedCustomObjectAsync(workflow, "argoproj.io", "v1alpha1", "spaces", "workflows", cancellationToken: Cancel);
        await host.Api.CustomObjects.DeleteNamespacedCustomObjectAsync("argoproj.io", "v1alpha1", "spaces", "workflows", Task, cancellationToken: Cancel);
        await LeaveAsync(host);

        await SweepAsync(host, TimeSpan.FromMinutes(1));

        Assert.Null((await host.Api.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(Volume, "spaces", cancellationToken: Cancel)).Metadata.OwnerReferences);
        Assert.Null((await host.Api.CoreV1.ReadNamespacedSecretAsync($"{Task}-env", "spaces", cancellationToken: Cancel)).Metadata.OwnerReferences);
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

    /// <summary>A clock that goes on by one <see cref="LeftoverSweeper.Grace"/> at a time, each when somebody waits for it.</summary>
    private sealed class GraceClock() : FakeTimeProvider(TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(1))
    {
        private int _waits;
        private int _awaited;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime == LeftoverSweeper.Grace)
            {
                Interlocked.Increment(ref _waits);
            }

            return timer;
        }

        public Task WaitAsync()
        {
            var next = ++_awaited;
            return Eventually.TrueAsync(() => Volatile.Read(ref _waits) >= next, "somebody waits for the next look", 30);
        }

        public async Task PassAsync()
        {
            await WaitAsync();
            Advance(LeftoverSweeper.Grace);
        }
    }
}
