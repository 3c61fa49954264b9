using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Replacing;

namespace Runner.Engine.Workloads.Argo;

/// <summary>
/// Tidies up after a runner that died, or an API server that failed, while a job was made: volumes and Secrets that no Workflow owns are given to theirs, or go where there is none.
/// </summary>
internal sealed partial class LeftoverSweeper(ClusterDirectory clusters, RunnerOptions options, ReplacementNotes replacements, VolumeWaits waits, TimeProvider time, ILogger<LeftoverSweeper> logger) : BackgroundService
{
    /// <summary>Between two looks, how long the hub may take to ask again, and how old leftovers are at least.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    /// <summary>Deals with all leftovers of a cluster that were made before <paramref name="before"/>.</summary>
    /// <exception cref="ApiStatusException">Refused. What does not answer throws as <see cref="ApiCalls"/> says.</exception>
    public async Task SweepAsync(ClusterConnection cluster, DateTimeOffset before, CancellationToken cancellationToken)
    {
        foreach (var @namespace in new[] { options.WorkloadNamespace, options.QuotaNamespace }.Distinct())
        {
            var (api, belongings) = (new ArgoApi(cluster, @namespace, time), new JobBelongings(cluster, @namespace, waits, time, logger));
            foreach (var left in (await belongings.UnclaimedAsync(cancellationToken).ConfigureAwait(false)).Where(left => left.Metadata.CreationTimestamp < before.UtcDateTime))
            {
                var workflow = await api.FindAsync(left.Job, cancellationToken).ConfigureAwait(false);
                if (replacements.IsReplaced(cluster.Name, left.Job) || workflow is { Metadata.DeletionTimestamp: not null })
                {
                    // It may be there for the job that comes next.
                    continue;
                }

                if (workflow is not null)
                {
                    await belongings.AdoptAsync(left, workflow).ConfigureAwait(false);
                }
                else if (await belongings.RemoveAsync(left).ConfigureAwait(false))
                {
                    LogRemoved(left.Metadata.Name, left.Job, cluster.Name);
                }
            }
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(clusters.Connections.Select(cluster => Task.Run(
        () => RestartedLoop.RunAsync(token => SweepAsync(cluster, token), exception => LogFailed(cluster.Name, exception.Message), time, stoppingToken), CancellationToken.None)));

    /// <summary>Sweeps now and then.</summary>
    private async Task SweepAsync(ClusterConnection cluster, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(Grace, time, cancellationToken).ConfigureAwait(false);
            await cluster.WaitUntilConnectedAsync(cancellationToken).ConfigureAwait(false);
            await SweepAsync(cluster, time.GetUtcNow() - Grace, cancellationToken).ConfigureAwait(false);
        }
    }

    [LoggerMessage(LogLevel.Information, "Removed {Leftover}, made for job {Job} in cluster {Cluster}, which was never made")]
    private partial void LogRemoved(string leftover, string job, string cluster);

    [LoggerMessage(LogLevel.Warning, "Cluster {Cluster}: leftovers of jobs that were never made could not be looked for; the next attempt follows: {Problem}")]
    private partial void LogFailed(string cluster, string problem);
}
