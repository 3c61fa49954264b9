using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using k8s;
using k8s.Models;
using Runner.EmbeddedCluster;
using Runner.Tests.Support;

namespace Runner.Bench;

/// <summary>An API server in this process with services in it, and the program in a process of its own beside it.</summary>
internal sealed partial class World : IAsyncDisposable
{
    public const string ApiToken = "token-of-the-bench";
    public const string Password = "correct horse battery staple";
    public const string Namespace = "spaces";
    private const int Bare = 20;
    private const string Group = "serving.knative.dev";
    private const string Version = "v1";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("runner-bench-");
    private ChildProcess? _runner;

    private World(EmbeddedClusterHost cluster)
    {
        Cluster = cluster;
        Kubeconfig = Path.Combine(_folder.FullName, "kubeconfig");
        File.WriteAllText(Kubeconfig, cluster.Kubeconfig());
        using var yaml = new MemoryStream(Encoding.UTF8.GetBytes(cluster.Kubeconfig()));
        Client = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(yaml));
    }

    public EmbeddedClusterHost Cluster { get; }

    public IKubernetes Client { get; }

    public string Kubeconfig { get; }

    /// <summary>Address of the program.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    public ChildProcess Runner => _runner ?? throw new InvalidOperationException("The program was not started.");

    /// <summary>Settings of a bench's own, beside the usual ones.</summary>
    public Dictionary<string, string> Extra { get; } = [];

    /// <summary>Settings of the program for this cluster.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["RUNNER_DATA_DIR"] = Path.Combine(_folder.FullName, "data"),
        ["RUNNER_CLUSTER"] = "kubeconfig",
        ["RUNNER_ADMIN_PASSWORD"] = Password,
        ["KUBECONFIG"] = Kubeconfig,
        ["STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT"] = "0",
        ["STARHUB_SERVER_CLUSTER_ID"] = "cluster-1",
        ["STARHUB_SERVER_API_TOKEN"] = ApiToken,
    };

    public static string ServiceName(int number) => $"bench-{number:0000}";

    /// <summary>Starts a cluster with so many services, and so many running pods shared out among all but the first ones: their reasons are Knative's own.</summary>
    public static async Task<World> StartAsync(int services, CancellationToken cancellationToken, int pods = 0)
    {
        var world = new World(await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Seed = false, Controllers = false }, cancellationToken));
        await world.Client.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new() { Name = Namespace } }, cancellationToken: cancellationToken);
        await Parallel.ForAsync(0, services, cancellationToken, async (i, token) =>
        {
            var body = JsonNode.Parse($$$"""
                {"apiVersion":"{{{Group}}}/{{{Version}}}","kind":"Service",
                 "metadata":{"name":"{{{ServiceName(i)}}}","namespace":"{{{Namespace}}}","annotations":{"task_id":"{{{i}}}","deploy_id":"{{{i}}}","deploy_type":"1"} },
                 "spec":{"template":{"spec":{"containers":[{"name":"user-container","image":"registry.example.com/app:1"}] } } } }
                """);
            await world.Client.CustomObjects.CreateNamespacedCustomObjectAsync(JsonSerializer.SerializeToElement(body), Group, Version, Namespace, "services", cancellationToken: token);
            await world.SetReadyAsync(i, "True", "", token);
        });
        await Parallel.ForAsync(0, pods, cancellationToken, async (i, token) => await world.AddPodAsync($"bench-pod-{i:00000}", ServiceName(Bare + (i % (services - Bare))), token));
        return world;
    }

    /// <summary>Adds a running pod of a service.</summary>
    private async Task AddPodAsync(string name, string service, CancellationToken cancellationToken)
    {
        var pod = new V1Pod
        {
            Metadata = new() { Name = name, Labels = new Dictionary<string, string> { ["serving.knative.dev/service"] = service } },
            Spec = new() { NodeName = "node-1", Containers = [new() { Name = "user-container", Image = "registry.example.com/app:1" }] },
        };
        await Client.CoreV1.CreateNamespacedPodAsync(pod, Namespace, cancellationToken: cancellationToken);
        var status = JsonNode.Parse("""{"status":{"phase":"Running","containerStatuses":[{"name":"user-container","image":"a","imageID":"a","ready":true,"restartCount":0,"state":{"running":{"startedAt":"2026-01-01T00:00:00Z"} } }]} }""");
        await Client.CoreV1.PatchNamespacedPodStatusAsync(new V1Patch(status, V1Patch.PatchType.MergePatch), name, Namespace, cancellationToken: cancellationToken);
    }

    /// <summary>Writes the condition Ready of a service, as Knative's controllers do.</summary>
    /// <param name="host">First label of its address; null for its name.</param>
    public Task<object> SetReadyAsync(int service, string status, string reason, CancellationToken cancellationToken, string? host = null) => Client.CustomObjects.PatchNamespacedCustomObjectStatusAsync(
        new V1Patch(new { status = new { url = $"http://{host ?? ServiceName(service)}.example.com", conditions = new[] { new { type = "Ready", status, reason } } } }, V1Patch.PatchType.MergePatch),
        Group, Version, Namespace, "services", ServiceName(service), cancellationToken: cancellationToken);

    /// <summary>Starts the program and waits until it knows every service.</summary>
    public async Task StartRunnerAsync(CancellationToken cancellationToken)
    {
        _runner = ChildProcess.Start(Settings.Concat(Extra).ToDictionary());
        Address = await ListeningAsync(_runner, cancellationToken);
        await UntilAsync(() => _runner.Output.Contains("services", StringComparison.Ordinal), "the program knows the services", _runner, cancellationToken);
    }

    /// <summary>Waits until a program says where it listens.</summary>
    public static async Task<Uri> ListeningAsync(ChildProcess process, CancellationToken cancellationToken)
    {
        await UntilAsync(() => Listening().IsMatch(process.Output), "the program listens", process, cancellationToken);
        return new Uri(Listening().Match(process.Output).Groups[1].Value);
    }

    public static async Task UntilAsync(Func<bool> condition, string what, ChildProcess process, CancellationToken cancellationToken)
    {
        var begin = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (process.HasExited || TimeProvider.System.GetElapsedTime(begin) > TimeSpan.FromSeconds(60))
            {
                throw new BenchException($"waited in vain until {what}; it wrote: {process.Output}");
            }

            await Task.Delay(10, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_runner is not null)
        {
            await _runner.DisposeAsync();
        }

        Client.Dispose();
        await Cluster.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex Listening();
}
