using System.Net;
using System.Text.Json;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;
using Runner.Tests.Engine.RunnerApi;
using Runner.Web.Live;

namespace Runner.Tests.Engine.Services;

/// <summary>Restarts and scale as the console asks for them, on a living cluster.</summary>
public sealed class ServiceControlTests(RunnerApiHost host) : IClassFixture<RunnerApiHost>
{
    private IConsoleEngine Console => host.Services.GetRequiredService<IConsoleEngine>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_restart_makes_a_new_revision_of_the_same_version_that_takes_the_requests()
    {
        var key = await RunAsync("r-model");
        var before = Console.Workloads[key];

        await Console.RestartAsync(key, Cancel);

        await BecomesAsync(key, workload => workload.Revisions.Any(revision => revision is { Name: "r-model-00002", TrafficPercent: 100 }) && workload.Status == DeployStatus.Running
            && workload.Instances.Any(instance => instance is { Ready: true, Revision: "r-model-00002" }));
        var after = Console.Workloads[key];
        Assert.Equal((before.Uid, before.Revisions[0].CommitId, before.Image), (after.Uid, after.Revisions[1].CommitId, after.Image));
    }

    [Fact]
    public async Task A_service_is_scaled_and_the_same_again_changes_nothing()
    {
        var key = await RunAsync("s-model");

        await Console.ScaleAsync(key, new(2, 3), Cancel);

        await BecomesAsync(key, workload => workload is { MinReplicas: 2, MaxReplicas: 3, ActualReplicas: 2 } && workload.Revisions.Any(revision => revision is { Name: "s-model-00002", TrafficPercent: 100 }));
        await Console.ScaleAsync(key, new(2, 3), Cancel);
        Assert.DoesNotContain(host.Cluster.Store.List("serving.knative.dev", "revisions", "spaces"), revision => revision.Key.Name == "s-model-00003");
    }

    [Fact]
    public async Task A_service_over_several_hosts_has_its_groups_rolled_over_and_counted()
    {
        var name = JsonDocument.Parse(RunnerApiHost.Sample("run-multihost")).RootElement.GetProperty("svc_name").GetString()!;
        var small = RunnerApiHost.Sample("run-multihost").Replace("\"num\": \"8\"", "\"num\": \"1\"", StringComparison.Ordinal).Replace("\"96\"", "\"1\"", StringComparison.Ordinal).Replace("900Gi", "1Gi", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(HttpMethod.Post, $"service/{name}/run", small)).Status);
        await host.ReachesAsync(name, 23);
        var key = Key(name);
        Assert.Equal((2, 1, 1), (Console.Workloads[key].Hosts, Console.Workloads[key].MinReplicas, Console.Workloads[key].MaxReplicas));

        await Console.ScaleAsync(key, new(2, 2), Cancel);
        await BecomesAsync(key, workload => workload is { ActualReplicas: 2, MinReplicas: 2 });
        await Console.ScaleAsync(key, new(1, 1), Cancel);
        await BecomesAsync(key, workload => workload.ActualReplicas == 1 && workload.Instances.Count(instance => !instance.Terminating) == 2);

        var before = Console.Workloads[key].Instances.Select(instance => (instance.PodName, instance.CreatedAt)).ToHashSet();
        await Console.RestartAsync(key, Cancel);
        await BecomesAsync(key, workload => workload.ActualReplicas == 1 && workload.Instances.All(instance => !before.Contains((instance.PodName, instance.CreatedAt))));

        var refusal = await Assert.ThrowsAsync<RequestRefusedException>(() => Console.ScaleAsync(key, new(1, 2), Cancel));
        Assert.Contains("does not scale by itself", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_or_not_a_service_is_refused_in_a_sentence()
    {
        var missing = await Assert.ThrowsAsync<RequestRefusedException>(() => Console.RestartAsync(Key("nobody"), Cancel));
        Assert.Contains("'nobody' was not restarted: there is none", missing.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotSupportedException>(() => Console.RestartAsync(Key("job") with { Kind = WorkloadKind.Workflow }, Cancel));
        await Assert.ThrowsAsync<UnknownClusterException>(() => Console.RestartAsync(Key("web") with { Cluster = "nowhere" }, Cancel));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 0)]
    [InlineData(3, 2)]
    [InlineData(0, 1001)]
    public void A_range_that_makes_no_sense_is_refused_and_changes_nothing(int min, int max)
    {
        var service = new KnativeService { Metadata = new() { Name = "web" }, Spec = new() { Template = new() { Metadata = new() } } };
        Assert.Throws<RequestRefusedException>(() => ServiceChanges.Scale(service, [], new(min, max)));
        Assert.Null(service.Spec.Template.Metadata.Annotations);
    }

    [Fact]
    public void A_space_has_one_instance_at_most()
    {
        var space = new KnativeService
        {
            Metadata = new() { Name = "web", Annotations = new Dictionary<string, string> { ["deploy_type"] = "0" } },
            Spec = new() { Template = new() { Metadata = new() } },
        };
        Assert.Contains("one instance", Assert.Throws<RequestRefusedException>(() => ServiceChanges.Scale(space, [], new(0, 2))).Message, StringComparison.Ordinal);
        Assert.True(ServiceChanges.Scale(space, [], new(1, 1)));
    }

    private static WorkloadKey Key(string name) => new("embedded", WorkloadKind.Service, "spaces", name);

    private async Task<WorkloadKey> RunAsync(string name)
    {
        var request = RunnerApiHost.Sample("run-inference").Replace("\"num\": \"8\"", "\"num\": \"1\"", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.CallAsync(HttpMethod.Post, $"service/{name}/run", request)).Status);
        await host.ReachesAsync(name, 23);
        return Key(name);
    }

    private Task BecomesAsync(WorkloadKey key, Func<Workload, bool> condition) => Eventually.TrueAsync(
        () => Task.FromResult(condition(Console.Workloads[key])),
        $"{key.Name} is as asked for",
        60);
}
