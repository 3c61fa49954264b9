using k8s;
using k8s.Models;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Clusters.Reading;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Replacing;

namespace Runner.Engine.Workloads.Services;

/// <summary>Inference endpoints, spaces and notebooks, carried by Knative Services, or by LeaderWorkerSets where an instance spans several hosts.</summary>
internal sealed class ServiceSource : WorkloadSource
{
    private readonly ClusterConnection _connection;
    private readonly ResourceCache<V1Pod> _pods;
    private readonly string _namespace;
    private readonly NotedWorkloads _noted;

    /// <param name="notes">Null where nothing is replaced.</param>
    public ServiceSource(ResourceCaches caches, ResourceCache<V1Pod> pods, ReplacementNotes? notes, string @namespace)
        : base("services", WorkloadKind.Service)
    {
        _noted = new(notes, caches.Connection, WorkloadKind.Service, @namespace, Tell);
        _connection = caches.Connection;
        _pods = pods;
        _namespace = @namespace;
        Services = Needs(
            caches.Of<KnativeService>(new(KnativeNames.Group, KnativeNames.Version, KnativeNames.ServicePlural, @namespace) { KeepJson = true, Read = KnativeReader.Service }),
            service => KeyOf(service.Metadata.Name));
        Revisions = Needs(
            caches.Of<KnativeRevision>(new(KnativeNames.Group, KnativeNames.Version, "revisions", @namespace) { Read = KnativeReader.Revision, Owner = revision => revision.GetLabel(KnativeNames.ServiceLabel) }),
            revision => KeyOf(revision.GetLabel(KnativeNames.ServiceLabel)));
        Sets = Uses(
            caches.Of<LeaderWorkerSet>(
                new(LeaderWorkerSetNames.Group, LeaderWorkerSetNames.Version, LeaderWorkerSetNames.Plural, @namespace) { KeepJson = true, Owner = LeaderWorkerSetNames.ServiceOf }),
            set => KeyOf(LeaderWorkerSetNames.ServiceOf(set)));
    }

    public ResourceCache<KnativeService> Services { get; }

    public ResourceCache<KnativeRevision> Revisions { get; }

    public ResourceCache<LeaderWorkerSet> Sets { get; }

    /// <summary>False where the cluster does not know the kind or does not show it: then it has no set of the runner's.</summary>
    public bool MayHaveSets => Sets.Health != CacheHealth.Unavailable;

    public override IReadOnlyList<UnseenWorkloads> Unseen => IsHidden(Sets) ? [new(_namespace, OnlyOverHosts: true)] : [];

    public override IEnumerable<WorkloadKey> Keys() =>
        Services.All().Select(service => service.Metadata.Name).Concat(Sets.All().Select(LeaderWorkerSetNames.ServiceOf)).Distinct().Select(name => KeyOf(name)!.Value).Union(_noted.Keys());

    public override WorkloadKey? KeyOf(V1Pod pod) =>
        pod.Metadata.NamespaceProperty == _namespace && PodOwners.Of(pod) is { Carrier: PodOwners.KnativeService or PodOwners.LeaderWorkerSet } owner ? KeyOf(owner.Name) : null;

    public override Workload? Project(WorkloadKey key)
    {
        var clusterId = _connection.Status.ClusterId ?? "";
        var carrier = CarrierOf(key);
        if (carrier is null or { Metadata.DeletionTimestamp: not null } && _noted.Project(key) is { } coming)
        {
            return coming;
        }

        var workload = carrier switch
        {
            KnativeService service => ServiceProjection.Project(_connection.Name, clusterId, service, Revisions.OwnedBy(key.Name), PodsOf(PodOwners.KnativeService)),
            LeaderWorkerSet set => MultiHostProjection.Project(_connection.Name, clusterId, set, PodsOf(PodOwners.LeaderWorkerSet)),
            _ => null,
        };
        return workload is not null && _noted.IsReplacement(key, workload.Uid) ? workload with { IsReplacement = true } : workload;

        IReadOnlyList<V1Pod> PodsOf(string carrier) => _pods.OwnedBy(PodOwners.Text(key.Namespace, carrier, key.Name));
    }

    public override IEnumerable<string> NamesOf(WorkloadKey key) => Sets.OwnedBy(key.Name).Select(set => set.Metadata.Name).Prepend(key.Name);

    public override byte[]? JsonOf(WorkloadKey key) => CarrierOf(key) switch
    {
        LeaderWorkerSet set => Sets.JsonOf(key.Namespace, set.Metadata.Name),
        _ => Services.JsonOf(key.Namespace, key.Name),
    };

    /// <summary>The object that carries a service; of two, as while one replaces the other, the one that stays.</summary>
    public IKubernetesObject<V1ObjectMeta>? CarrierOf(WorkloadKey key)
    {
        var service = Services.Find(key.Namespace, key.Name);
        return Sets.OwnedBy(key.Name) is { Count: > 0 } sets
            ? sets.Cast<IKubernetesObject<V1ObjectMeta>>()
                .Append(service)
                .OfType<IKubernetesObject<V1ObjectMeta>>()
                .OrderBy(carrier => carrier.Metadata.DeletionTimestamp is not null)
                .ThenByDescending(carrier => carrier.Metadata.CreationTimestamp)
                .FirstOrDefault()
            : service;
    }

    private WorkloadKey? KeyOf(string? name) => name is { Length: > 0 } ? new(_connection.Name, WorkloadKind.Service, _namespace, name) : null;
}
