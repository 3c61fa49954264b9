using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.MultiHost;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.MultiHost;

/// <summary>What is secret in the environment of a service over several hosts is there before the hosts need it, whatever fails, and goes when they need it no more.</summary>
public sealed class MultiHostSecretTests
{
    private const string Name = "split";
    private const string Update = """{"id":4714,"svc_name":"split","image_id":"opencsghq/vllm:v0.25.0","min_replica":1,"max_replica":1,"env":{"port":"8000","ACCESS_TOKEN":"tok-next-33"}}""";

    private static readonly string Set = LeaderWorkerSetNames.SetOf(Name);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_update_that_breaks_off_anywhere_leaves_hosts_that_can_start_and_is_carried_out_when_it_is_repeated()
    {
        await using var runner = await LivingRunner.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await runner.CallAsync(HttpMethod.Post, $"service/{Name}/run", Request())).Status);
        await runner.ReachesAsync(Name, 23, 60);
        var before = await GenerationAsync(runner);
        var first = Assert.Single(await SecretsAsync(runner));

        // Not before the Secret is there…
        runner.Cluster.Faults.Fails = (method, path) => method is "POST" or "PATCH" && path.Contains("/secrets", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.InternalServerError, await UpdateAsync(runner));
        Assert.Equal(before, await GenerationAsync(runner));

        // …and what is there already goes with the service, though the set could not be changed.
        runner.Cluster.Faults.Fails = (method, path) => method == "PUT" && path.Contains("/leaderworkersets/", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.InternalServerError, await UpdateAsync(runner));
        Assert.Equal(before, await GenerationAsync(runner));
        var secrets = await SecretsAsync(runner);
        Assert.Equal(2, secrets.Count);
        Assert.All(secrets, secret => Assert.Equal(("LeaderWorkerSet", Set), (secret.Metadata.OwnerReferences.Single().Kind, secret.Metadata.OwnerReferences.Single().Name)));

        runner.Cluster.Faults.Fails = null;
        Assert.Equal(HttpStatusCode.OK, await UpdateAsync(runner));
        Assert.NotEqual(before, await GenerationAsync(runner));

        // The first one stays while a host may need it.
        var second = Assert.Single(secrets, secret => secret.Metadata.Name != first.Metadata.Name);
        await SweepAsync(runner, -TimeSpan.FromHours(1));
        Assert.Equal(2, (await SecretsAsync(runner)).Count);
        await Eventually.TrueAsync(
            async () =>
            {
                await SweepAsync(runner, TimeSpan.FromMinutes(1));
                return (await SecretsAsync(runner)).Count == 1;
            },
            "the first Secret is removed",
            60);
        Assert.Equal(second.Metadata.Name, Assert.Single(await SecretsAsync(runner)).Metadata.Name);
        var pods = await runner.Api.CoreV1.ListNamespacedPodAsync("spaces", labelSelector: $"{LeaderWorkerSetNames.SetLabel}={Set}", cancellationToken: Cancel);
        Assert.All(pods.Items, pod => Assert.Contains(pod.Spec.Containers[0].Env, variable => variable.ValueFrom?.SecretKeyRef?.Name == second.Metadata.Name));
        await runner.ReachesAsync(Name, 23, 60);
    }

    private static string Request()
    {
        var request = JsonNode.Parse(RunnerApiHost.Sample("run-multihost"))!.AsObject();
        request["svc_name"] = Name;
        request["hardware"] = new JsonObject { ["cpu"] = new JsonObject { ["num"] = "100m" }, ["memory"] = "64Mi", ["replicas"] = 2 };
        request["env"]!["ACCESS_TOKEN"] = "tok-first-22";
        return request.ToJsonString();
    }

    private static async Task<HttpStatusCode> UpdateAsync(LivingRunner runner) => (await runner.CallAsync(HttpMethod.Put, $"service/{Name}/update", Update)).Status;

    private static async Task<long> GenerationAsync(LivingRunner runner) => (await runner.Api.CustomObjects.GetNamespacedCustomObjectAsync<JsonElement>(
        LeaderWorkerSetNames.Group, LeaderWorkerSetNames.Version, "spaces", LeaderWorkerSetNames.Plural, Set, Cancel)).GetProperty("metadata").GetProperty("generation").GetInt64();

    private static async Task<IList<V1Secret>> SecretsAsync(LivingRunner runner) =>
        (await runner.Api.CoreV1.ListNamespacedSecretAsync("spaces", labelSelector: $"{SecretEnvironment.OwnerLabel}={Name}", cancellationToken: Cancel)).Items;

    /// <param name="ahead">What nobody has wanted until then, seen from now, may go.</param>
    private static Task SweepAsync(LivingRunner runner, TimeSpan ahead) => runner.Services.GetServices<IHostedService>().OfType<EnvironmentSecretSweeper>().Single()
        .SweepAsync(runner.Services.GetRequiredService<ClusterDirectory>().Connections[0], TimeProvider.System.GetUtcNow() + ahead, Cancel);
}
