using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>Who replaces workloads of a kind, and so can finish what a process that died has begun.</summary>
internal interface IReplacementFinishing
{
    WorkloadKind Kind { get; }

    /// <summary>Finishes a replacement whose process died. Who has asked for something else meanwhile has his way.</summary>
    /// <returns>False when there is nothing to do any more.</returns>
    /// <exception cref="RequestRefusedException">The cluster does not take it.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    Task<bool> FinishAsync(ClusterConnection cluster, NotedReplacement note);
}
