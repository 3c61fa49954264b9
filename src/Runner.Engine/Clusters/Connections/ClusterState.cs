using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Reading;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Sandboxes;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Clusters.Connections;

/// <summary>
/// What one cluster's watches know: objects in caches, workloads projected from them. Reads only; no member asks the API server anything.
/// </summary>
public sealed class ClusterState
{
    private readonly Dictionary<string, ResourceCache<Corev1Event>> _events;
    private readonly WorkloadFeed _feed;
    private readonly IReadOnlyList<IResourceCache> _caches;
    private readonly IReadOnlyList<WorkloadTracker> _trackers;

    internal ClusterState(
        ClusterConnection connection,
        RunnerOptions options,
        WorkloadFeed feed,
        IReadOnlyList<IWorkloadObserver> observers,
        ReplacementNotes? notes,
        WatchSettings settings,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger<ClusterState>();
        var @namespace = options.WorkloadNamespace;
        var caches = new ResourceCaches(connection, settings, time, logger);
        _feed = feed;
        Nodes = caches.Of<V1Node>(new("", "v1", "nodes", null) { Read = NodeReader.Read });
        Pods = caches.Of<V1Pod>(new("", "v1", "pods", null) { Owner = PodOwners.TextOf, Read = PodReader.Read, NamespaceWhenForbidden = @namespace });

        // What the quota refuses is told by events beside it alone.
        _events = new[] { @namespace, options.QuotaNamespace }.Distinct().ToDictionary(name => name, name => caches.Of<Corev1Event>(
            new("", "v1", "events", name) { Owner = e => EventOwners.ServiceOf(e.InvolvedObject?.Kind ?? "", e.InvolvedObject?.Name ?? "") }));
        BuildFiles = caches.Of<V1ConfigMap>(
            new("", "v1", "configmaps", @namespace) { LabelSelector = $"{Workloads.ImageBuilds.BuildFiles.ComponentLabel}={Workloads.ImageBuilds.BuildFiles.Component}" });
        Services = new(caches, Pods, notes, @namespace);
        Jobs = new(caches, Pods, notes, options);
        Sandboxes = new(caches, Pods, notes, @namespace);
        WorkloadSource[] sources = [Services, Jobs, Sandboxes];
        _trackers = [.. sources.Select(source => new WorkloadTracker(connection, source, Pods, _events.Values, feed, observers, settings, time, logger))];
        _caches = [.. sources.SelectMany(source => source.Caches), Pods, Nodes, .. _events.Values, BuildFiles];
        foreach (var cache in _caches)
        {
            cache.StatusChanged += () => StatusChanged?.Invoke();
        }

        foreach (var tracker in _trackers)
        {
            tracker.SyncedFirst += () => StatusChanged?.Invoke();
        }
    }

    /// <summary>Raised, on any thread, when <see cref="Synced"/> or the health of a cache changes.</summary>
    internal event Action? StatusChanged;

    /// <summary>True once every cache that services need has listed its objects and the feed holds what came of them.</summary>
    public bool Synced => IsSynced(WorkloadKind.Service);

    /// <summary>How each cache stands.</summary>
    public IReadOnlyList<CacheStatus> Caches => [.. _caches.Select(cache => cache.Status)];

    /// <summary>Workloads that wait to be looked at again, by where they come from.</summary>
    public IEnumerable<(string Name, int Depth)> QueueDepths => _trackers.Select(tracker => (tracker.Source.Name, tracker.QueueDepth));

    /// <summary>What carries services.</summary>
    internal ServiceSource Services { get; }

    /// <summary>What carries workflows, dataflow jobs and image builds.</summary>
    internal ArgoSource Jobs { get; }

    /// <summary>Agents' sandboxes.</summary>
    internal SandboxSource Sandboxes { get; }

    /// <summary>Pods of all namespaces; those of the workload namespace where the runner may not see all.</summary>
    internal ResourceCache<V1Pod> Pods { get; }

    internal ResourceCache<V1Node> Nodes { get; }

    /// <summary>The ConfigMaps with the files of image builds.</summary>
    internal ResourceCache<V1ConfigMap> BuildFiles { get; }

    /// <summary>Kubernetes events of a namespace that the runner uses.</summary>
    internal ResourceCache<Corev1Event> EventsIn(string @namespace) => _events[@namespace];

    /// <summary>True once all workloads of a kind are known; false while the cluster lacks what carries them.</summary>
    public bool IsSynced(WorkloadKind kind) => _trackers.Any(tracker => tracker.Source.Kinds.Contains(kind) && tracker.Synced && tracker.Source.IsCarried);

    /// <summary>Labels of a pod; null when it is not known.</summary>
    public IReadOnlyDictionary<string, string>? LabelsOfPod(string @namespace, string pod) => Pods.Find(@namespace, pod)?.Metadata.Labels?.AsReadOnly();

    /// <summary>Kubernetes events about the workload's objects, newest first; of the same second the warnings, which say what is the matter.</summary>
    public IReadOnlyList<WorkloadEvent> EventsOf(WorkloadKey key)
    {
        if (!_events.TryGetValue(key.Namespace, out var events))
        {
            return [];
        }

        var names = SourceOf(key.Kind)?.NamesOf(key) ?? [key.Name];
        var pods = _feed.Current.TryGetValue(key, out var workload) ? workload.Instances.Select(instance => instance.PodName) : [];
        return [.. names.Concat(pods).Distinct().SelectMany(events.OwnedBy).Select(EventOwners.Read).OrderByDescending(e => e.LastSeen).ThenByDescending(e => e.Type == "Warning")];
    }

    /// <summary>The object that carries the workload as YAML, secret values masked; null when it is gone.</summary>
    public string? ManifestOf(WorkloadKey key) =>
        SourceOf(key.Kind)?.JsonOf(key) is { } json ? Manifest.ToYaml(json) : null;

    /// <summary>What the workload's containers were asked to be, secrets masked; empty when it is gone.</summary>
    public IReadOnlyList<WorkloadContainerSpec> ContainersOf(WorkloadKey key) =>
        SourceOf(key.Kind)?.JsonOf(key) is { } json ? ContainerSpecs.Read(json) : [];

    /// <summary>Has everything that workloads are made from listed again, but for what was listed since. A watch may hang without a word; a list that is there is true.</summary>
    /// <param name="since">Timestamp.</param>
    internal void Freshen(long since)
    {
        foreach (var cache in _trackers.SelectMany(tracker => tracker.Source.Caches).Append(Pods))
        {
            cache.Freshen(since);
        }
    }

    /// <summary>Keeps the caches and the feed until cancelled. Never throws.</summary>
    internal Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll([.. _caches.Select(cache => cache.RunAsync(cancellationToken)), .. _trackers.Select(tracker => tracker.RunAsync(cancellationToken))]);

    private WorkloadSource? SourceOf(WorkloadKind kind) => _trackers.FirstOrDefault(tracker => tracker.Source.Kinds.Contains(kind))?.Source;
}
