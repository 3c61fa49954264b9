using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;

namespace Runner.Engine.Workloads.Argo;

/// <summary>
/// Keeps jobs that have ended in the cluster until their end is written, for the hub and among the records by which a repeated request is known: it is their time to live that says how long Argo keeps them, long while
/// that is not done and as configured afterwards. Nothing but Argo removes them, so that they go also where no runner ever comes back.
/// </summary>
internal sealed partial class OutcomeKeeper(
    ClusterDirectory clusters, WorkloadFeed feed, HubReporter reporter, JobArchive archive, HubLeadership leadership, RunnerOptions options, TimeProvider time, ILogger<OutcomeKeeper> logger)
    : BackgroundService
{
    private const int Parallel = 4;

    /// <summary>How often all jobs are looked at, whether or not they changed: what is told of them later than they change is no change of theirs.</summary>
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(30);
    private static readonly Backoff Retry = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var queue = new WorkQueue<WorkloadKey>("times to live of jobs", LookAsync, Retry, time, logger);
        return Task.Run(() => Task.WhenAll(
            queue.RunAsync(Parallel, stoppingToken),
            feed.FollowAsync(keys => Ask(queue, keys), LogFailed, time, stoppingToken),
            GoRoundAsync(queue, stoppingToken)), CancellationToken.None);
    }

    private async Task GoRoundAsync(WorkQueue<WorkloadKey> queue, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Round, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                Ask(queue, feed.Current.Keys);
            }
        }
        catch (OperationCanceledException)
        {
            // The program ends.
        }
    }

    private static void Ask(WorkQueue<WorkloadKey> queue, IEnumerable<WorkloadKey> keys)
    {
        foreach (var key in keys.Where(key => ArgoScopes.Kinds.Contains(key.Kind)))
        {
            queue.Add(key);
        }
    }

    private async ValueTask LookAsync(WorkloadKey key, CancellationToken cancellationToken)
    {
        if (!leadership.IsLeader || clusters.Find(key.Cluster) is not { } cluster || !feed.Current.TryGetValue(key, out var workload)
            || cluster.State.Jobs.WorkflowOf(key) is not { } workflow || workflow.Metadata.Uid != workload.Uid || workflow.Metadata.DeletionTimestamp is not null)
        {
            return;
        }

        // What is right already, or will be once the end is told, needs no look at what was told.
        var configured = JobTimeToLive.Configured(options, key.Kind);
        if (JobTimeToLive.Other(workflow, isTold: true, configured, options.Retention.Ended) is null)
        {
            return;
        }

        // The feed has what the reporter has been given; the object may be further on.
        var isTold = workload.Job is { IsFinished: true }
            && await reporter.HasToldAsync(workload, cancellationToken).ConfigureAwait(false)
            && await archive.HasKeptAsync(workload, cancellationToken).ConfigureAwait(false);
        if (JobTimeToLive.Other(workflow, isTold, configured, options.Retention.Ended) is { } seconds)
        {
            await new ArgoApi(cluster, key.Namespace, time).SetTimeToLiveAsync(key.Name, workload.Uid, seconds, cancellationToken).ConfigureAwait(false);
            LogSet(key.Kind, key.Name, cluster.Name, seconds, isTold);
        }
    }

    [LoggerMessage(LogLevel.Error, "Looking for jobs that have ended failed and goes on")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(LogLevel.Debug, "{Kind} {Job} in cluster {Cluster} stays for {Seconds} s after its end; told of its end: {IsTold}")]
    private partial void LogSet(WorkloadKind kind, string job, string cluster, int seconds, bool isTold);
}
