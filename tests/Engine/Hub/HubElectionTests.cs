using System.Net;
using System.Net.Http.Headers;
using System.Text;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runner.EmbeddedCluster;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Diagnostics;
using Runner.Engine.Diagnostics.Checks;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;
using Runner.Web;

namespace Runner.Tests.Engine.Hub;

/// <summary>Two replicas in one cluster, each with a data folder of its own: one speaks to the hub, both answer it.</summary>
public sealed class HubElectionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_two_replicas_one_speaks_to_the_hub_and_the_other_takes_over_when_it_goes()
    {
        await using var cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.1 }, Cancel);
        await using var hub = await RecordingHub.StartAsync();
        await using var first = await Replica.StartAsync(cluster, hub);
        await Eventually.TrueAsync(() => first.Leadership.IsLeader && hub.Clusters.Any(e => e.Type == "runner.cluster.create"), "the first replica speaks", 30);
        await using var second = await Replica.StartAsync(cluster, hub);
        await Eventually.TrueAsync(() => second.Leadership.Leader == first.Leadership.Leader, "the second replica knows who speaks", 30);
        Assert.False(second.Leadership.IsLeader);

        // Whichever of them the hub calls.
        await second.RunAsync("one");
        await Eventually.TrueAsync(() => Told(hub, "one") is [.., (_, 23)], "the hub hears that it runs", 60);
        Assert.Equal(23, await second.StatusAsync("one"));
        Assert.Single(Told(hub, "one"), told => told.Type == "runner.service.create");
        Assert.Equal(0, second.Outbox.Waiting);
        Assert.Contains("stands by", second.Outbox.LastError, StringComparison.Ordinal);
        Assert.True(second.Outbox is { StandsBy: true, IsTroubled: false } && first.Outbox is { StandsBy: false, IsTroubled: false });
        Assert.NotEqual(CheckState.Bad, RunnerRules.Token(hub.Address, second.Outbox, []).State);
        Assert.Single(hub.Clusters, e => e.Type == "runner.cluster.create");

        // However young its lists are: it has stood by, and looks again before it speaks.
        second.Leadership.YoungList = TimeSpan.Zero;
        Assert.Equal(1, first.Leadership.Term);
        var before = first.Leadership.Leader;
        var lists = Lists(cluster);
        await first.DisposeAsync();

        // Handed over, and not left to run out.
        Assert.NotEqual(before, await HolderAsync(cluster));
        await Eventually.TrueAsync(() => second.Leadership.IsLeader, "the second replica takes over", 30);
        await Eventually.TrueAsync(() => Lists(cluster) > lists, "it lists the services once more", 30);
        await second.StopAsync("one");
        await second.RunAsync("two");
        await Eventually.TrueAsync(() => Told(hub, "one") is [.., ("runner.service.stop", _)] && Told(hub, "two") is [.., (_, 23)], "the second replica tells the hub", 60);
        Assert.Equal("", second.Outbox.LastError);
        Assert.Equal(1, second.Leadership.Term);
        Assert.Single(Told(hub, "one"), told => told.Type == "runner.service.create");
        Assert.Equal(2, hub.Clusters.Count(e => e.Type == "runner.cluster.create"));
    }

    [Fact]
    public async Task Who_speaks_tells_once_more_of_what_another_replica_answered_and_of_everything_after_nobody_spoke_for_long()
    {
        await using var cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.1 }, Cancel);
        await using var hub = await RecordingHub.StartAsync();
        await using var first = await Replica.StartAsync(cluster, hub);
        await Eventually.TrueAsync(() => first.Leadership.IsLeader, "the first replica speaks", 30);
        await using var second = await Replica.StartAsync(cluster, hub);
        await first.RunAsync("one", "run-inference");
        await Eventually.TrueAsync(() => Told(hub, "one") is [.., (_, 23)] && second.Leadership.Leader == first.Leadership.Leader, "it runs, and the second replica knows who speaks", 60);
        await second.RunAsync("one", "run-inference");
        await Eventually.TrueAsync(() => RunsTold() == 2, "the first replica tells once more what the second has answered", 30);

        // One that takes over at once tells nothing again.
        await first.DisposeAsync();
        await Eventually.TrueAsync(() => second.Leadership.IsLeader && hub.Clusters.Count(e => e.Type == "runner.heartbeat") == 2, "the second replica speaks", 30);
        await second.RunAsync("two", "run-inference");
        await Eventually.TrueAsync(() => Told(hub, "two") is [.., (_, 23)], "it tells what is new", 60);
        Assert.Equal(2, RunsTold());

        // After it there was none for ten minutes.
        await second.DisposeAsync();
        using (var client = new Kubernetes(ConfigurationOf(cluster)))
        {
            var lease = await client.CoordinationV1.ReadNamespacedLeaseAsync("csghub-runner", "spaces", cancellationToken: Cancel);
            lease.Spec.RenewTime = lease.Spec.RenewTime!.Value.AddMinutes(-10);
            await client.CoordinationV1.ReplaceNamespacedLeaseAsync(lease, "csghub-runner", "spaces", cancellationToken: Cancel);
        }

        await using var third = await Replica.StartAsync(cluster, hub);
        await Eventually.TrueAsync(() => RunsTold() == 3 && Told(hub, "two").Count(told => told.Status == 23) == 2, "the third replica tells of everything once more", 60);
        Assert.Single(Told(hub, "one"), told => told.Type == "runner.service.create");

        int RunsTold() => Told(hub, "one").Count(told => told.Status == 23);
    }

    [Fact]
    public async Task A_replica_that_may_not_use_Leases_speaks_and_says_what_is_missing()
    {
        await using var cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.1 }, Cancel);
        await using var hub = await RecordingHub.StartAsync();

        // A namespace that does not exist cannot hold the Lease.
        await using var replica = await Replica.StartAsync(cluster, hub, "nowhere");

        await Eventually.TrueAsync(() => hub.Clusters.Any(e => e.Type == "runner.cluster.create"), "it speaks all the same", 30);
        Assert.Contains(replica.Log, line => line.Contains("allow it get, create and update of leases", StringComparison.Ordinal));
    }

    private static async Task<string?> HolderAsync(EmbeddedClusterHost cluster)
    {
        using var client = new Kubernetes(ConfigurationOf(cluster));
        return (await client.CoordinationV1.ReadNamespacedLeaseAsync("csghub-runner", "spaces", cancellationToken: Cancel)).Spec.HolderIdentity;
    }

    private static KubernetesClientConfiguration ConfigurationOf(EmbeddedClusterHost cluster) =>
        KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(Encoding.UTF8.GetBytes(cluster.Kubeconfig())));

    private static long Lists(EmbeddedClusterHost cluster) => cluster.RequestCounts()["list services.serving.knative.dev"];

    private static List<(string Type, int Status)> Told(RecordingHub hub, string service) => [.. hub.Taken.Where(e => e.Service == service).Select(e => (e.Type, e.Status))];

    private sealed class Replica : IAsyncDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly LogLines _log = new();
        private readonly HttpClient _caller = new();
        private WebApplication? _app;

        public HubLeadership Leadership { get; private set; } = null!;

        public OutboxStatus Outbox => _app!.Services.GetRequiredService<Outbox>().Status;

        public IReadOnlyCollection<string> Log => [.. _log.Lines];

        public static async Task<Replica> StartAsync(EmbeddedClusterHost cluster, RecordingHub hub, string @namespace = "spaces")
        {
            var replica = new Replica();
            var options = new RunnerOptions
            {
                DataDirectory = replica._folder.Path, Port = 0, ApiToken = RunnerApiHost.Token, AdminPassword = "correct horse battery", LogLevel = LogLevel.Warning,
                LeaderElection = true, RunnerNamespace = @namespace,
            };
            options = options with { Hub = options.Hub with { WebhookEndpoint = hub.Address } };
            replica._app = RunnerApp.Build([], options, clusters: [new("embedded", ClusterOrigin.Embedded, () => ConfigurationOf(cluster))]);
            replica._app.Services.GetRequiredService<ILoggerFactory>().AddProvider(replica._log);
            await replica._app.StartAsync(Cancel);
            replica.Leadership = replica._app.Services.GetRequiredService<HubLeadership>();
            replica._caller.BaseAddress = new Uri(new Uri(replica._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()), "/api/v1/");
            replica._caller.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", RunnerApiHost.Token);
            await Eventually.TrueAsync(async () => await replica.StatusAsync("none") >= 0, "the cluster's services are listed", 30);
            return replica;
        }

        public async Task RunAsync(string service, string sample = "run-space") =>
            Assert.Equal(HttpStatusCode.OK, (await CallAsync(HttpMethod.Post, $"service/{service}/run", RunnerApiHost.Sample(sample))).Status);

        public async Task StopAsync(string service) => Assert.Equal(HttpStatusCode.OK, (await CallAsync(HttpMethod.Post, $"service/{service}/stop", "{}")).Status);

        /// <returns>The code, or -1 while nobody can say.</returns>
        public async Task<int> StatusAsync(string service)
        {
            var (status, text) = await CallAsync(HttpMethod.Get, $"service/{service}/status", "{}");
            return status == HttpStatusCode.OK ? RunnerApiHost.Json(text).GetProperty("code").GetInt32() : -1;
        }

        public async ValueTask DisposeAsync()
        {
            if (_app is { } app)
            {
                _app = null;
                await app.StopAsync(CancellationToken.None);
                await app.DisposeAsync();
                _caller.Dispose();
                _folder.Dispose();
            }
        }

        private async Task<(HttpStatusCode Status, string Text)> CallAsync(HttpMethod method, string path, string body)
        {
            using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            using var answer = await _caller.SendAsync(request, Cancel);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
        }
    }
}
