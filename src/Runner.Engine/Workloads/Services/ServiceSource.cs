using k8s.Models;
using Runner.Engine.Clusters;

namespace Runner.Engine.Workloads.Services;

/// <summary>Inference endpoints, spaces and notebooks, carried by Knative Services.</summary>
internal sealed class ServiceSource : WorkloadSource
{
    private readonly ClusterConnection _connection;
    private readonly ResourceCache<V1Pod> _pods;
    private readonly string _namespace;

    public ServiceSource(ResourceCaches caches, ResourceCache<V1Pod> pods, string @namespace)
        : base("services", WorkloadKind.Service)
    {
        _connection = caches.Connection;
        _pods = pods;
        _namespace = @namespace;
        Services = Needs(
            caches.Of<KnativeService>(new(KnativeNames.Group, KnativeNames.Version, KnativeNames.ServicePlural, @namespace) { KeepJson = true }),
            service => KeyOf(service.Metadata.Name));
        Revisions = Needs(
            caches.Of<KnativeRevision>(new(KnativeNames.Group, KnativeNames.Version, "revisions", @namespace) { Owner = revision => revision.GetLabel(KnativeNames.ServiceLabel) }),
            revision => KeyOf(revision.GetLabel(KnativeNames.ServiceLabel)));
    }

    public ResourceCache<KnativeService> Services { get; }

    public ResourceCache<KnativeRevision> Revisions { get; }

    public override IEnumerable<WorkloadKey> Keys() => Services.All().Select(service => KeyOf(service.Metadata.Name)!.Value);

    public override WorkloadKey? KeyOf(V1Pod pod) =>
        pod.Metadata.NamespaceProperty == _namespace && PodOwners.Of(pod) is { Carrier: PodOwners.KnativeService } owner ? KeyOf(owner.Name) : null;

    public override Workload? Project(WorkloadKey key) => Services.Find(key.Namespace, key.Name) is { } service
        ? ServiceProjection.Project(
            _connection.Name,
            _connection.Status.ClusterId ?? "",
            service,
            Revisions.OwnedBy(key.Name),
            _pods.OwnedBy(PodOwners.Text(key.Namespace, PodOwners.KnativeService, key.Name)))
        : null;

    public override byte[]? JsonOf(WorkloadKey key) => Services.JsonOf(key.Namespace, key.Name);

    private WorkloadKey? KeyOf(string? name) => name is { Length: > 0 } ? new(_connection.Name, WorkloadKind.Service, _namespace, name) : null;
}
