using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Workloads.Services;

/// <summary>Frees the accelerators of a service that goes sooner than the pods' own grace period would; the garbage collector deletes them in any case.</summary>
internal sealed partial class PodHurry(WorkloadFeed feed, string @namespace, ILogger logger)
{
    /// <summary>Pods of a service that goes free their node after this time at the latest.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    public async Task HurryAsync(ClusterConnection cluster, KnativeApi api, string service, CancellationToken cancellationToken)
    {
        if (!feed.Current.TryGetValue(new(cluster.Name, WorkloadKind.Service, @namespace, service), out var workload))
        {
            return;
        }

        foreach (var instance in workload.Instances.Where(instance => !instance.Terminating))
        {
            try
            {
                await api.DeletePodAsync(instance.PodName, Grace, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (ClusterProblem.IsFailure(exception, cancellationToken))
            {
                LogPodStays(instance.PodName, ClusterProblem.Describe(exception, cluster.Name));
                return;
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Pod {Pod} is left to its own grace period. {Problem}")]
    private partial void LogPodStays(string pod, string problem);
}
