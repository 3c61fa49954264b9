using k8s.Models;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Replacing;

namespace Runner.Engine.Workloads.Sandboxes;

/// <summary>Agents' sandboxes. A cluster without the kind has none, but perhaps one that was to be there and is not.</summary>
internal sealed class SandboxSource : WorkloadSource
{
    private readonly ClusterConnection _connection;
    private readonly ResourceCache<V1Pod> _pods;
    private readonly string _namespace;
    private readonly NotedWorkloads _noted;

    /// <param name="notes">Null where nothing is replaced.</param>
    public SandboxSource(ResourceCaches caches, ResourceCache<V1Pod> pods, ReplacementNotes? notes, string @namespace)
        : base("sandboxes", WorkloadKind.Sandbox)
    {
        _noted = new(notes, caches.Connection, WorkloadKind.Sandbox, @namespace, Tell);
        _connection = caches.Connection;
        _pods = pods;
        _namespace = @namespace;
        Sandboxes = Uses(
            caches.Of<Sandbox>(new(SandboxNames.Group, SandboxNames.Version, SandboxNames.Plural, @namespace) { KeepJson = true }),
            sandbox => KeyOf(sandbox.Metadata.Name));
    }

    public ResourceCache<Sandbox> Sandboxes { get; }

    public override bool IsCarried => Sandboxes.Health != CacheHealth.Unavailable;

    public override IReadOnlyList<UnseenWorkloads> Unseen => IsHidden(Sandboxes) ? [new(_namespace)] : [];

    public override IEnumerable<WorkloadKey> Keys() => Sandboxes.All().Select(sandbox => KeyOf(sandbox.Metadata.Name)).Union(_noted.Keys());

    public override WorkloadKey? KeyOf(V1Pod pod) =>
        pod.Metadata.NamespaceProperty == _namespace && PodOwners.Of(pod) is { Carrier: PodOwners.Sandbox } owner ? KeyOf(owner.Name) : null;

    public override Workload? Project(WorkloadKey key) => Sandboxes.Find(key.Namespace, key.Name) is var sandbox && sandbox is null or { Metadata.DeletionTimestamp: not null } && _noted.Project(key) is { } coming ? coming
        : sandbox is not null ? SandboxProjection.Project(_connection.Name, _connection.Status.ClusterId ?? "", sandbox, _pods.OwnedBy(PodOwners.Text(key.Namespace, PodOwners.Sandbox, key.Name)))
        : null;

    public override byte[]? JsonOf(WorkloadKey key) => Sandboxes.JsonOf(key.Namespace, key.Name);

    private WorkloadKey KeyOf(string name) => new(_connection.Name, WorkloadKind.Sandbox, _namespace, name);
}
