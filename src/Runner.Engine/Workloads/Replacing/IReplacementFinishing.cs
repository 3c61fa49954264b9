using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>Who replaces workloads of a kind, and so can finish what a process that died has begun.</summary>
internal interface IReplacementFinishing
{
    WorkloadKind Kind { get; }

    /// <summary>What to do in a cluster that does not know what carries the kind, in a sentence; empty where that is not known.</summary>
    string WhenUnknown => "";

    /// <summary>Finishes a replacement whose process died: only what was gone by then is made good. Who has asked for something else meanwhile has his way.</summary>
    /// <returns>False when there is nothing to do any more.</returns>
    /// <remarks>Called in the turn of the workload. Throws what <see cref="MakingProblem"/> tells of.</remarks>
    /// <exception cref="RequestRefusedException">It cannot be made any more.</exception>
    /// <exception cref="ClusterOperationException">What is in its way does not go, or somebody has stopped it meanwhile.</exception>
    Task<bool> FinishAsync(ClusterConnection cluster, NotedReplacement note);

    /// <summary>Asks the cluster which object carries a workload.</summary>
    /// <returns>Its uid; null for none, or one that goes.</returns>
    /// <remarks>Throws what <see cref="ClusterProblem.IsFailure"/> knows.</remarks>
    Task<string?> FindAsync(ClusterConnection cluster, NotedReplacement note);
}
