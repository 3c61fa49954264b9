using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;

namespace Runner.Engine.Diagnostics.Dependencies;

/// <summary>What the runner builds upon, in every cluster, kept by watches: asks the API server nothing when it is looked at. Thread-safe.</summary>
public sealed class DependencyBoard
{
    private readonly IReadOnlyList<Watched> _clusters;
    private readonly TimeProvider _time;

    /// <summary>Begins with nothing known.</summary>
    public DependencyBoard(ClusterDirectory clusters, RunnerOptions options, TimeProvider time, ILoggerFactory loggers)
        : this(clusters, options, new WatchSettings(), time, loggers)
    {
    }

    internal DependencyBoard(ClusterDirectory clusters, RunnerOptions options, WatchSettings settings, TimeProvider time, ILoggerFactory loggers)
    {
        _time = time;
        var logger = loggers.CreateLogger<DependencyBoard>();
        _clusters = [.. clusters.Connections.Select(connection =>
        {
            var caches = new ResourceCaches(connection, settings, time, logger);

            // The workloads' own Deployments and StatefulSets are many, and none of them carries a dependency.
            var elsewhere = $"metadata.namespace!={options.WorkloadNamespace}";
            var watched = new Watched(
                connection,
                caches.Of<V1CustomResourceDefinition>(new("apiextensions.k8s.io", "v1", "customresourcedefinitions", null)),
                caches.Of<V1Deployment>(new("apps", "v1", "deployments", null) { FieldSelector = elsewhere }),
                caches.Of<V1StatefulSet>(new("apps", "v1", "statefulsets", null) { FieldSelector = elsewhere }));
            watched.Definitions.Changed += (_, _) => Changed?.Invoke();
            watched.Definitions.StatusChanged += () => Changed?.Invoke();
            watched.Deployments.Changed += (_, _) => Changed?.Invoke();
            watched.Deployments.StatusChanged += () => Changed?.Invoke();
            watched.Sets.Changed += (_, _) => Changed?.Invoke();
            watched.Sets.StatusChanged += () => Changed?.Invoke();
            return watched;
        })];
    }

    /// <summary>Raised, on any thread, when <see cref="All"/> may have changed. Handlers must be quick and must not throw.</summary>
    public event Action? Changed;

    /// <summary>Every dependency in every cluster as it is now.</summary>
    public IReadOnlyList<DependencyStatus> All => [.. _clusters.SelectMany(cluster =>
    {
        var definitions = cluster.Definitions.All();
        IReadOnlyList<ControllerObject> controllers = [.. cluster.Deployments.All().Select(ControllerObject.Of), .. cluster.Sets.All().Select(ControllerObject.Of)];
        var known = cluster.Definitions.Health is not CacheHealth.Starting and not CacheHealth.Unavailable;

        // One cause, such as a cluster that is away, keeps all three from being seen: it is told once.
        var problem = new[] { cluster.Definitions.Status.Problem, cluster.Deployments.Status.Problem, cluster.Sets.Status.Problem }.Distinct().Aggregate((said, next) => said.Then(next));
        return DependencyCatalog.All.Select(dependency => DependencyRules.Judge(cluster.Connection.Name, dependency, definitions, controllers, known, problem));
    })];

    /// <summary>Watches until cancelled. Never throws. Begins once the workloads are known, which come first.</summary>
    internal Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_clusters.Select(cluster => RunAsync(cluster, cancellationToken)));

    private async Task RunAsync(Watched cluster, CancellationToken cancellationToken)
    {
        var changed = new Signal();
        cluster.Connection.State.StatusChanged += changed.Set;
        cluster.Connection.StatusChanged += _ => changed.Set();
        try
        {
            await cluster.Connection.WaitUntilConnectedAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        if (!cluster.Connection.State.Synced)
        {
            // Not for ever: a cluster without Knative never has them all.
            await changed.WaitAsync(TimeSpan.FromSeconds(5), _time, cancellationToken).ConfigureAwait(false);
        }

        await Task.WhenAll(cluster.Definitions.RunAsync(cancellationToken), cluster.Deployments.RunAsync(cancellationToken), cluster.Sets.RunAsync(cancellationToken)).ConfigureAwait(false);
    }

    private sealed record Watched(ClusterConnection Connection, ResourceCache<V1CustomResourceDefinition> Definitions, ResourceCache<V1Deployment> Deployments, ResourceCache<V1StatefulSet> Sets);
}

/// <summary>Keeps <see cref="DependencyBoard"/> for the life of the host.</summary>
internal sealed class DependencyService(DependencyBoard board) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(() => board.RunAsync(stoppingToken), CancellationToken.None);
}
