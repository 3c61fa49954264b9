using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Clusters;

/// <summary>
/// What one cluster's watches know: objects in caches, workloads projected from them. Reads only; no member asks the API server anything.
/// </summary>
public sealed class ClusterState
{
    private readonly ServiceTracker _tracker;

    internal ClusterState(
        ClusterConnection connection,
        string @namespace,
        WorkloadFeed feed,
        IReadOnlyList<IWorkloadObserver> observers,
        WatchSettings settings,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger<ClusterState>();
        Services = new(connection, new(KnativeNames.Group, KnativeNames.Version, KnativeNames.ServicePlural, @namespace) { KeepJson = true }, settings, time, logger);
        Revisions = new(
            connection,
            new(KnativeNames.Group, KnativeNames.Version, "revisions", @namespace) { Owner = revision => revision.GetLabel(KnativeNames.ServiceLabel) },
            settings,
            time,
            logger);
        Pods = new(
            connection,
            new("", "v1", "pods", @namespace) { Owner = pod => pod.GetLabel(KnativeNames.ServiceLabel), Json = ApiJson.PodOptions },
            settings,
            time,
            logger);
        Events = new(
            connection,
            new("", "v1", "events", @namespace) { Owner = e => EventOwners.ServiceOf(e.InvolvedObject?.Kind ?? "", e.InvolvedObject?.Name ?? "") },
            settings,
            time,
            logger);
        _tracker = new(connection, this, @namespace, feed, observers, settings, time, logger);

        Services.StatusChanged += () => StatusChanged?.Invoke();
        Revisions.StatusChanged += () => StatusChanged?.Invoke();
        Pods.StatusChanged += () => StatusChanged?.Invoke();
        Events.StatusChanged += () => StatusChanged?.Invoke();
        _tracker.SyncedFirst += () => StatusChanged?.Invoke();
    }

    /// <summary>Raised, on any thread, when <see cref="Synced"/> or the health of a cache changes.</summary>
    internal event Action? StatusChanged;

    /// <summary>True once every cache the projection needs has listed its objects and the feed holds what came of them.</summary>
    public bool Synced => _tracker.Synced;

    /// <summary>How each cache stands.</summary>
    public IReadOnlyList<CacheStatus> Caches => [Services.Status, Revisions.Status, Pods.Status, Events.Status];

    internal ResourceCache<KnativeService> Services { get; }

    internal ResourceCache<KnativeRevision> Revisions { get; }

    internal ResourceCache<V1Pod> Pods { get; }

    internal ResourceCache<Corev1Event> Events { get; }

    /// <summary>Kubernetes events about the workload's objects, newest first.</summary>
    public IReadOnlyList<WorkloadEvent> EventsOf(WorkloadKey key) =>
        [.. Events.OwnedBy(key.Name).Select(EventOwners.Read).OrderByDescending(e => e.LastSeen)];

    /// <summary>The object that carries the workload as YAML, secret values masked; null when it is gone.</summary>
    public string? ManifestOf(WorkloadKey key) => Services.JsonOf(key.Namespace, key.Name) is { } json ? Manifest.ToYaml(json) : null;

    /// <summary>Keeps the caches and the feed until cancelled. Never throws.</summary>
    internal Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Services.RunAsync(cancellationToken),
        Revisions.RunAsync(cancellationToken),
        Pods.RunAsync(cancellationToken),
        Events.RunAsync(cancellationToken),
        _tracker.RunAsync(cancellationToken));
}
