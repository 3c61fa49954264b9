using System.Collections.Concurrent;
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
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads;
using Runner.Tests.Engine.RunnerApi;
using Runner.Tests.Engine.Support;
using Runner.Web;

namespace Runner.Tests.Engine.Workflows;

/// <summary>The whole program with a simulated cluster that runs ten times as fast as life and a recording hub; it can lose its data folder.</summary>
internal sealed class JobRunnerHost : IAsyncDisposable
{
    public const string S3Key = "planted-s3-id-77";
    public const string S3Secret = "planted-s3-secret-88";

    private readonly List<TemporaryFolder> _folders = [];
    private readonly ConcurrentQueue<string> _log = new();
    private readonly EmbeddedClusterHost _cluster;
    private WebApplication? _runner;
    private HttpClient _caller = null!;

    private JobRunnerHost(EmbeddedClusterHost cluster, RecordingHub hub)
    {
        (_cluster, Hub) = (cluster, hub);
        Api = new(KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(Encoding.UTF8.GetBytes(cluster.Kubeconfig()))));
    }

    public RecordingHub Hub { get; }

    public Kubernetes Api { get; }

    /// <summary>Faults of the cluster's API server.</summary>
    public FaultSwitches Faults => _cluster.Faults;

    /// <summary>What the cluster holds.</summary>
    public ObjectStore Store => _cluster.Store;

    /// <summary>What the program is made of.</summary>
    public IServiceProvider Services => _runner!.Services;

    public string Log => string.Join('\n', _log);

    public static async Task<JobRunnerHost> StartAsync(TimeSpan? ttl = null)
    {
        var cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.1 }, TestContext.Current.CancellationToken);
        var host = new JobRunnerHost(cluster, await RecordingHub.StartAsync());
        await host.RunAsync(ttl);
        return host;
    }

    /// <summary>Runs the program.</summary>
    /// <param name="keepsData">False for an empty data folder, true for the one of the run before.</param>
    public async Task RunAsync(TimeSpan? ttl = null, bool keepsData = false)
    {
        if (!keepsData)
        {
            _folders.Add(new TemporaryFolder());
        }

        var folder = _folders[^1];
        var kubeconfig = Encoding.UTF8.GetBytes(_cluster.Kubeconfig());
        var endpoint = new ClusterEndpoint("embedded", ClusterOrigin.Embedded, () => KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(kubeconfig)));
        _runner = RunnerApp.Build([], new RunnerOptions
        {
            DataDirectory = folder.Path,
            Port = 0,
            ApiToken = RunnerApiHost.Token,
            AdminPassword = "correct horse battery",
            StorageClass = "embedded-nfs",
            QuotaNamespace = "shared",
            LogLevel = LogLevel.Debug,
            Hub = new() { WebhookEndpoint = Hub.Address },
            Workflows = new() { PublicBucket = "results", JobTtl = ttl ?? TimeSpan.FromMinutes(60) },
            ObjectStore = new() { AccessKeyId = S3Key, AccessKeySecret = S3Secret, Endpoint = "s3.example.com" },
        }, clusters: [endpoint]);
        _runner.Services.GetRequiredService<ILoggerFactory>().AddProvider(new QueueLog(_log));
        await _runner.StartAsync(TestContext.Current.CancellationToken);
        var address = new Uri(_runner.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        _caller = new HttpClient { BaseAddress = new Uri(address, "/api/v1/"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", RunnerApiHost.Token) } };
        await Eventually.TrueAsync(
            () => _runner.Services.GetRequiredService<ClusterDirectory>().Connections[0].State.IsSynced(WorkloadKind.Workflow), "the workflows of the cluster are listed", 60);
    }

    public async Task StopAsync()
    {
        if (_runner is { } runner)
        {
            _caller.Dispose();
            _runner = null;
            await runner.StopAsync(CancellationToken.None);
            await runner.DisposeAsync();
        }
    }

    /// <summary>Calls as the hub does: JSON bodies also with GET and DELETE.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Json)> CallAsync(HttpMethod method, string path, string body = "{}")
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var answer = await _caller.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement);
    }

    /// <summary>What the hub heard of a task, in order.</summary>
    public List<(string Type, JsonElement Data)> Told(string task) =>
    [
        .. Hub.Taken.Where(taken => taken.Type.StartsWith("runner.evaluation", StringComparison.Ordinal) || taken.Type.StartsWith("runner.dataflow", StringComparison.Ordinal))
            .Select(taken => (taken.Type, Data: taken.Root.GetProperty("data"))).Where(taken => taken.Data.GetProperty("task_id").GetString() == task),
    ];

    public List<string> Statuses(string task) => [.. Told(task).Where(told => !told.Type.Contains(".pod.", StringComparison.Ordinal)).Select(told => Text(told.Data, "status"))];

    public Task ToldAsync(string task, string status) =>
        Eventually.TrueAsync(() => Statuses(task) is [.., var last] && last == status, $"the hub heard that {task} is {status}", 60);

    public Task<JsonElement> WorkflowAsync(string task, string @namespace = "spaces") =>
        Api.CustomObjects.GetNamespacedCustomObjectAsync<JsonElement>("argoproj.io", "v1alpha1", @namespace, "workflows", task, TestContext.Current.CancellationToken);

    /// <summary>What the pages show of the Kubernetes events about a job.</summary>
    public IReadOnlyList<WorkloadEvent> EventsOf(string task, string @namespace) =>
        _runner!.Services.GetRequiredService<ClusterDirectory>().Connections[0].State.EventsOf(new("embedded", WorkloadKind.Workflow, @namespace, task));

    /// <summary>Waits until a read answers that there is nothing.</summary>
    public static Task GoneAsync(Func<Task> read, string what) => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                await read();
                return false;
            }
            catch (k8s.Autorest.HttpOperationException missing) when (missing.Response.StatusCode == HttpStatusCode.NotFound)
            {
                return true;
            }
        },
        what,
        30);

    public static string Text(JsonElement data, string name) => data.GetProperty(name).GetString()!;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Api.Dispose();
        await Hub.DisposeAsync();
        await _cluster.DisposeAsync();
        _folders.ForEach(folder => folder.Dispose());
    }

    private sealed class QueueLog(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
