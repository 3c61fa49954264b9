using System.Text;
using k8s;
using Microsoft.AspNetCore.Builder;
using Runner.EmbeddedCluster;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;
using Runner.Tests.Engine.Host;

namespace Runner.Tests.Engine.Replicas;

/// <summary>Two replicas of the whole program, each with a data folder of its own, in one cluster; started once for the tests of a class.</summary>
public sealed class ReplicaPair : IAsyncLifetime
{
    private const string Namespace = "csghub";

    internal EmbeddedClusterHost Cluster { get; private set; } = null!;

    internal RunnerHost First { get; private set; } = null!;

    internal RunnerHost Second { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Seed = false, Controllers = false }, TestContext.Current.CancellationToken);
        await MakeNamespaceAsync(Namespace);
        await MakeNamespaceAsync("spaces");

        // Both at once, so that they have to agree on everything from the beginning.
        var starting = new[] { StartAsync(), StartAsync() };
        (First, Second) = (await starting[0], await starting[1]);
    }

    /// <summary>Where a state of its own can begin.</summary>
    internal async Task MakeNamespaceAsync(string name)
    {
        using var client = new Kubernetes(Configuration());
        await client.CoreV1.CreateNamespaceAsync(new() { Metadata = new() { Name = name } }, cancellationToken: TestContext.Current.CancellationToken);
    }

    /// <summary>One more replica, with an empty data folder, that knows what there is.</summary>
    /// <param name="prepare">Called before it runs.</param>
    internal async Task<RunnerHost> StartAsync(string @namespace = Namespace, Action<WebApplication>? prepare = null)
    {
        var host = await RunnerHost.StartAsync(options => Adjust(options, @namespace), prepare, cluster: new("embedded", ClusterOrigin.Embedded, Configuration));
        await ReadyAsync(host);
        return host;
    }

    /// <summary>One more replica on a data folder that outlives it.</summary>
    /// <param name="kubeconfig">How it comes to the cluster; null as the others do.</param>
    /// <param name="ready">Whether it is waited for until it shares the state.</param>
    internal async Task<RunnerHost> StartOnAsync(string folder, bool shares, string? kubeconfig = null, bool ready = true, string @namespace = Namespace, TimeProvider? time = null)
    {
        var host = await RunnerHost.StartOnAsync(
            folder, options => shares ? Adjust(options, @namespace) : options with { LeaderElection = false }, time, new("embedded", ClusterOrigin.Embedded, () => Read(kubeconfig ?? Cluster.Kubeconfig())));
        if (shares && ready)
        {
            await ReadyAsync(host);
        }

        return host;
    }

    public async ValueTask DisposeAsync()
    {
        await First.DisposeAsync();
        await Second.DisposeAsync();
        await Cluster.DisposeAsync();
    }

    private static RunnerOptions Adjust(RunnerOptions options, string @namespace) => options with { LeaderElection = true, RunnerNamespace = @namespace, StorageClass = "shared", LeaseDuration = TimeSpan.FromSeconds(3) };

    private static Task ReadyAsync(RunnerHost host) => Eventually.TrueAsync(
        () => host.Get<SharedState>().Status.Problem.Length == 0 && host.Get<Runner.Web.Identity.Users.UserDirectory>().FindByName("admin") is not null, "the replica knows the shared state", 30);

    internal KubernetesClientConfiguration Configuration() => Read(Cluster.Kubeconfig());

    private static KubernetesClientConfiguration Read(string kubeconfig) => KubernetesClientConfiguration.BuildConfigFromConfigFile(new MemoryStream(Encoding.UTF8.GetBytes(kubeconfig)));
}
