using System.Collections.Concurrent;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>
/// Workloads of one kind in one cluster for which others make room: as long as they are not there they are shown, and told to the hub, as on their way, or where nobody tries to make them any
/// more as such that do not come up.
/// </summary>
internal sealed class NotedWorkloads
{
    private readonly ReplacementNotes? _notes;
    private readonly ClusterConnection _cluster;
    private readonly WorkloadKind _kind;
    private readonly string _namespace;

    /// <summary>Ids of notes of jobs that have come: such a one may end and go before its note does, and is not to come once more.</summary>
    private readonly ConcurrentDictionary<string, bool> _come = new(StringComparer.Ordinal);

    /// <param name="notes">Null where nothing is replaced.</param>
    /// <param name="tell">Has a workload looked at again.</param>
    public NotedWorkloads(ReplacementNotes? notes, ClusterConnection cluster, WorkloadKind kind, string @namespace, Action<WorkloadKey?> tell)
    {
        (_notes, _cluster, _kind, _namespace) = (notes, cluster, kind, @namespace);
        if (notes is not null)
        {
            notes.Changed += changed =>
            {
                foreach (var id in _come.Keys.Where(id => !notes.IsThere(id)))
                {
                    _come.TryRemove(id, out _);
                }

                foreach (var key in changed.Where(key => key.Cluster == cluster.Name && key.Kind == kind))
                {
                    tell(key with { Namespace = @namespace });
                }
            };
        }
    }

    public IReadOnlyCollection<WorkloadKey> Keys() => _notes is null ? [] : [.. _notes.Of(_cluster.Name, _kind).Select(note => note.KeyIn(_namespace)).Distinct()];

    /// <summary>Whether an object has taken the place of another one because somebody asked for that, as long as that is noted.</summary>
    public bool IsReplacement(WorkloadKey key, string uid) => _notes?.Knows(key) == true && _notes.Find(key) is { Problem: null } note && note.Replaces != uid;

    /// <summary>To be called with a job that is there.</summary>
    public void HasCome(WorkloadKey key, string uid)
    {
        if (_notes?.Knows(key) == true && _notes.Find(key) is { Replaces: { } before } note && before != uid)
        {
            _come[note.Id] = true;
        }
    }

    /// <summary>The workload that is to be there and is not; null where none is to be.</summary>
    public Workload? Project(WorkloadKey key) => _notes?.Find(key) is { } note && !_come.ContainsKey(note.Id) ? ComingWorkload.Project(note, _cluster.Status.ClusterId ?? "") : null;
}
