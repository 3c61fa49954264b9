using Runner.Engine.Clusters;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>
/// Workloads of one kind in one cluster that made room for others which nobody tries to make any more: they are shown, and told to the hub, as such that do not come up, until somebody
/// asks for something else.
/// </summary>
internal sealed class NotMadeWorkloads
{
    private readonly ReplacementNotes? _notes;
    private readonly ClusterConnection _cluster;
    private readonly WorkloadKind _kind;
    private readonly string _namespace;
    private readonly Lock _lock = new();
    private HashSet<WorkloadKey> _known = [];

    /// <param name="notes">Null where nothing is replaced.</param>
    /// <param name="tell">Has a workload looked at again.</param>
    public NotMadeWorkloads(ReplacementNotes? notes, ClusterConnection cluster, WorkloadKind kind, string @namespace, Action<WorkloadKey?> tell)
    {
        (_notes, _cluster, _kind, _namespace) = (notes, cluster, kind, @namespace);
        if (notes is not null)
        {
            notes.Changed += () =>
            {
                foreach (var key in Changed())
                {
                    tell(key);
                }
            };
        }
    }

    public IReadOnlyCollection<WorkloadKey> Keys() => _notes is null ? [] : [.. _notes.GivenUp(_cluster.Name, _kind).Select(note => new WorkloadKey(note.Cluster, note.Kind, _namespace, note.Name)).Distinct()];

    /// <summary>The workload that is not there; null where none was to be.</summary>
    public Workload? Project(WorkloadKey key) => _notes?.Find(key) is { Problem: not null } note ? ComingWorkload.Project(note, _cluster.Status.ClusterId ?? "") : null;

    private List<WorkloadKey> Changed()
    {
        lock (_lock)
        {
            var before = _known;
            _known = [.. Keys()];
            return [.. before.Union(_known)];
        }
    }
}
