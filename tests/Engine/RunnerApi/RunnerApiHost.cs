using System.Globalization;
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
using Runner.Tests.Engine.Support;
using Runner.Web;

namespace Runner.Tests.Engine.RunnerApi;

/// <summary>The whole program with a simulated cluster that runs ten times as fast as life; called as the hub calls it, over HTTP.</summary>
public class RunnerApiHost : IAsyncLifetime
{
    public const string Token = "hub-token-of-this-test";

    private readonly TemporaryFolder _folder = new();
    private readonly LogLines _log = new();
    private WebApplication? _app;

    public EmbeddedClusterHost Cluster { get; private set; } = null!;

    public HttpClient Hub { get; private set; } = null!;

    public Uri Address { get; private set; } = null!;

    /// <summary>What the program is made of.</summary>
    public IServiceProvider Services => _app!.Services;

    /// <summary>Everything that was logged so far.</summary>
    public string Log => string.Join('\n', _log.Lines);

    public async ValueTask InitializeAsync()
    {
        Cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.1 }, TestContext.Current.CancellationToken);
        var kubeconfig = Encoding.UTF8.GetBytes(await PrepareAsync(Cluster));
        var endpoint = new ClusterEndpoint("embedded", ClusterOrigin.Embedded, () => KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(kubeconfig)));
        var options = new RunnerOptions { DataDirectory = _folder.Path, Port = 0, ApiToken = Token, AdminPassword = "correct horse battery", LogLevel = LogLevel.Information, StorageClass = "embedded-nfs" };
        PreparedKeys.PutInto(_folder.Path);
        _app = RunnerApp.Build([], Adjust(options), clusters: [endpoint, .. await OthersAsync()]);
        _app.Services.GetRequiredService<ILoggerFactory>().AddProvider(_log);
        await _app.StartAsync(TestContext.Current.CancellationToken);
        Address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Hub = new HttpClient { BaseAddress = new Uri(Address, "/api/v1/"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Token) } };
        await Eventually.TrueAsync(
            async () => (await CallAsync(HttpMethod.Get, "service/none/status", "{}")).Status == HttpStatusCode.OK, "the cluster's services are listed", 30);

        // Jobs are listed by the second in which they began: those of tests are younger than those that are there.
        var began = Cluster.Store.List("argoproj.io", "workflows").Select(job => (string?)job.Json["metadata"]?["creationTimestamp"]).Max(StringComparer.Ordinal);
        await Eventually.TrueAsync(() => string.CompareOrdinal(TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), began) > 0, "a second has passed");
    }

    /// <summary>Makes the cluster ready before the program starts.</summary>
    /// <returns>The kubeconfig that the program is given.</returns>
    protected virtual Task<string> PrepareAsync(EmbeddedClusterHost cluster) => Task.FromResult(cluster.Kubeconfig());

    /// <summary>Clusters besides the simulated one, made ready before the program starts.</summary>
    protected virtual Task<IReadOnlyList<ClusterEndpoint>> OthersAsync() => Task.FromResult<IReadOnlyList<ClusterEndpoint>>([]);

    /// <summary>Ends what <see cref="OthersAsync"/> began, once the program has stopped.</summary>
    protected virtual ValueTask DisposeOthersAsync() => ValueTask.CompletedTask;

    /// <summary>Other settings for the program.</summary>
    protected virtual RunnerOptions Adjust(RunnerOptions options) => options;

    /// <summary>Calls as the hub does: JSON bodies also with GET and DELETE.</summary>
    public async Task<(HttpStatusCode Status, string Text)> CallAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var answer = await Hub.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async Task<JsonElement> StatusAsync(string service) => Json((await CallAsync(HttpMethod.Get, $"service/{service}/status", "{}")).Text);

    /// <summary>Waits until the service has the code; in vain it tells what it has instead.</summary>
    public async Task<JsonElement> ReachesAsync(string service, int code, double seconds = 30)
    {
        var status = await StatusAsync(service);
        await Eventually.TrueAsync(async () => (status = await StatusAsync(service)).GetProperty("code").GetInt32() == code, $"service {service} has code {code}", seconds);
        return status;
    }

    /// <summary>Has a request for a service arrive at the cluster.</summary>
    public async Task<bool> WakeAsync(string service)
    {
        using var client = new HttpClient { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Cluster.Token) } };
        using var answer = await client.PostAsync(new Uri(Cluster.Address, $"embedded/wake/spaces/{service}"), null, TestContext.Current.CancellationToken);
        return answer.IsSuccessStatusCode;
    }

    public static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    public static string Sample(string name) => File.ReadAllText(Path.Combine(Repository.Root, "samples", name + ".json"));

    public async ValueTask DisposeAsync()
    {
        Hub?.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync(CancellationToken.None);
            await _app.DisposeAsync();
        }

        await DisposeOthersAsync();
        await Cluster.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
