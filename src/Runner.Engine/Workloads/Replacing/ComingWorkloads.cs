using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>Tells of workloads that another one makes room for: between the two there is none in the cluster, and yet it is neither stopped nor deleted.</summary>
public sealed class ComingWorkloads
{
    private readonly ReplacementNotes _notes;
    private readonly string _namespace;

    internal ComingWorkloads(ReplacementNotes notes, RunnerOptions options) => (_notes, _namespace) = (notes, options.WorkloadNamespace);

    /// <param name="kind">Service or sandbox.</param>
    /// <param name="seen">The workload as the watches know it; null when they know of none.</param>
    /// <returns><paramref name="seen"/>, or where that is gone or goes for another one, that one, on its way.</returns>
    public Workload? Instead(ClusterConnection cluster, WorkloadKind kind, string name, Workload? seen) =>
        NoteInstead(_notes, new(cluster.Name, kind, _namespace, name), seen) is { } note
            ? ComingWorkload.Project(note, cluster.Status.ClusterId ?? "")
            : seen;

    /// <summary>Whether somebody is, or will be, at work on making a workload in place of another one, so that there may be none for a moment.</summary>
    public bool IsAwaited(ClusterConnection cluster, WorkloadKind kind, string name) => _notes.Find(new(cluster.Name, kind, _namespace, name)) is { Problem: null, Made: null };

    /// <summary>What is to come in place of a workload that is gone or goes; null where it stays, or where nothing is to come.</summary>
    internal static NotedReplacement? NoteInstead(ReplacementNotes notes, WorkloadKey key, Workload? seen) =>
        seen is null or { Status: DeployStatus.Stopped } ? notes.Find(key) : null;
}
