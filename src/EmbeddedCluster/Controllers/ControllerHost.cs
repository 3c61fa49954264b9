using Runner.EmbeddedCluster.Controllers.Apps;
using Runner.EmbeddedCluster.Controllers.Argo;
using Runner.EmbeddedCluster.Controllers.Definitions;
using Runner.EmbeddedCluster.Controllers.Knative;
using Runner.EmbeddedCluster.Controllers.Kubelet;
using Runner.EmbeddedCluster.Controllers.LeaderWorkerSets;
using Runner.EmbeddedCluster.Controllers.Nodes;
using Runner.EmbeddedCluster.Controllers.Quotas;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Controllers.Sandboxes;
using Runner.EmbeddedCluster.Controllers.Scheduling;
using Runner.EmbeddedCluster.Controllers.Seed;
using Runner.EmbeddedCluster.Controllers.Volcano;
using Runner.EmbeddedCluster.Controllers.Volumes;
using Runner.EmbeddedCluster.Logs;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers;

/// <summary>Runs every controller on one store until disposed. A controller that fails is logged and tried again.</summary>
internal sealed class ControllerHost : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly EmbeddedClusterOptions _options;
    private readonly Cluster _cluster;
    private readonly ControllerLoop _loop;
    private Task _running = Task.CompletedTask;

    public ControllerHost(ObjectStore store, PodLogStore logs, EmbeddedClusterOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        var clock = new SimulationClock(time, options.TimeScale);
        var cache = new ObjectCache();
        InstalledDefinitions.Create(store, clock.Now);
        _cluster = new Cluster(store, cache, clock);
        _loop = new ControllerLoop(store, cache, Controllers(_cluster, logs), clock, time, loggers.CreateLogger<ControllerLoop>());
    }

    /// <summary>Creates namespaces, nodes and example workloads when <see cref="EmbeddedClusterOptions.Seed"/> is set, then starts the loops.</summary>
    public void Start()
    {
        Seed();
        _running = Task.Run(() => _loop.RunAsync(_stopping.Token), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    /// <summary>Does what <see cref="Start"/> does before it starts the loops.</summary>
    internal void Seed()
    {
        if (_options.Seed)
        {
            ClusterSeed.Examples(_cluster);
        }
    }

    /// <summary>For tests with a clock of their own: does all that is due and tells when something is due next.</summary>
    internal DateTimeOffset? RunDue() => _loop.RunDue();

    private static IReadOnlyList<Controller> Controllers(Cluster cluster, PodLogStore logs) =>
    [
        new Scheduler(cluster),
        new NodeController(cluster),
        new KubeletController(cluster, logs),
        new DeploymentController(cluster),
        new ReplicaSetController(cluster),
        new StatefulSetController(cluster),
        new JobController(cluster),
        new VolumeBinder(cluster),
        new QuotaController(cluster),
        new ServiceController(cluster),
        new ConfigurationController(cluster),
        new RouteController(cluster),
        new RevisionController(cluster),
        new PodAutoscalerController(cluster),
        new LeaderWorkerSetController(cluster),
        new GroupController(cluster),
        new SandboxController(cluster),
        new WorkflowController(cluster),
        new PodGroupController(cluster),
    ];
}
