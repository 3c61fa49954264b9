using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Runner.EmbeddedCluster;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Tests.Engine.RunnerApi;
using Runner.Web;

namespace Runner.Tests.Engine.Support;

/// <summary>
/// The whole program between a recording hub and a simulated cluster that runs ten times as fast as life. It can be stopped and started again
/// while hub and cluster go on, with its data folder or without.
/// </summary>
internal sealed class LivingRunner : IAsyncDisposable
{
    private TemporaryFolder _folder = new();
    private WebApplication? _app;
    private HttpClient? _caller;

    private LivingRunner(EmbeddedClusterHost cluster, RecordingHub hub)
    {
        Cluster = cluster;
        Hub = hub;
        Api = new Kubernetes(Configuration());
    }

    public EmbeddedClusterHost Cluster { get; }

    public RecordingHub Hub { get; }

    /// <summary>The cluster's API, with an administrator's rights.</summary>
    public Kubernetes Api { get; }

    /// <summary>What the watches of the running program know.</summary>
    public ClusterState State => _app!.Services.GetRequiredService<ClusterDirectory>().Resolve("").State;

    /// <summary>What the running program is made of.</summary>
    public IServiceProvider Services => _app!.Services;

    public static async Task<LivingRunner> StartAsync()
    {
        var cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.1 }, TestContext.Current.CancellationToken);
        var runner = new LivingRunner(cluster, await RecordingHub.StartAsync());
        await runner.UpAsync();
        return runner;
    }

    public async Task UpAsync()
    {
        var options = new RunnerOptions
        {
            DataDirectory = _folder.Path,
            Port = 0,
            ApiToken = RunnerApiHost.Token,
            AdminPassword = "correct horse battery",
            LogLevel = LogLevel.Warning,
            StorageClass = "embedded-nfs",
        };
        options = options with { Hub = options.Hub with { WebhookEndpoint = Hub.Address } };
        PreparedKeys.PutInto(_folder.Path);
        _app = RunnerApp.Build([], options, clusters: [new("embedded", ClusterOrigin.Embedded, Configuration)]);
        await _app.StartAsync(TestContext.Current.CancellationToken);
        var address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        _caller = new HttpClient { BaseAddress = new Uri(address, "/api/v1/"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", RunnerApiHost.Token) } };
        await Eventually.TrueAsync(
            async () => (await CallAsync(HttpMethod.Get, "service/none/status", "{}")).Status == HttpStatusCode.OK, "the cluster's services are listed", 30);
    }

    public async Task DownAsync()
    {
        _caller?.Dispose();
        if (_app is { } app)
        {
            _app = null;
            await app.StopAsync(CancellationToken.None);
            await app.DisposeAsync();
        }
    }

    /// <summary>Stops the program, throws its data folder away and starts it again.</summary>
    public async Task ForgetAllAsync()
    {
        await DownAsync();
        _folder.Dispose();
        _folder = new();
        await UpAsync();
    }

    /// <summary>Calls as the hub does: JSON bodies also with GET and DELETE.</summary>
    public async Task<(HttpStatusCode Status, string Text)> CallAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var answer = await _caller!.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Waits until the service has the code.</summary>
    public async Task<JsonElement> ReachesAsync(string service, int code, double seconds = 30)
    {
        var last = default(JsonElement);
        await Eventually.TrueAsync(
            async () => (last = RunnerApiHost.Json((await CallAsync(HttpMethod.Get, $"service/{service}/status", "{}")).Text)).GetProperty("code").GetInt32() == code,
            $"service {service} has code {code}",
            seconds);
        return last;
    }

    public async ValueTask DisposeAsync()
    {
        await DownAsync();
        Api.Dispose();
        await Hub.DisposeAsync();
        await Cluster.DisposeAsync();
        _folder.Dispose();
    }

    private KubernetesClientConfiguration Configuration() => KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(Encoding.UTF8.GetBytes(Cluster.Kubeconfig())));
}
