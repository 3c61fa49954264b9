using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub.Payloads;
using Runner.Engine.Logs;

namespace Runner.Engine.Workloads.Argo;

/// <summary>
/// Finds out why jobs failed, beyond what Argo says: the end of the log of container <c>main</c>. A failure is told without waiting for it, and again
/// when it is there. Kept with the job's record, so that neither the end of the pod nor a restart loses it.
/// </summary>
internal sealed partial class FailureReader(
    ClusterDirectory clusters, WorkloadFeed feed, PodLogs logs, JobArchive archive, RunnerOptions options, TimeProvider time, ILogger<FailureReader> logger) : BackgroundService
{
    private const int Parallel = 4;
    private const int TailLines = 100;
    private const int MostCharacters = 8 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly Backoff Retry = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

    /// <summary>Uid of each job whose log was read.</summary>
    private readonly ConcurrentDictionary<WorkloadKey, string> _read = new();

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // What was found out by an earlier process holds, though the pod may be gone by now.
        foreach (var kept in archive.All.Where(kept => IsFailure(kept.Record) && kept.Record.Reason is not ("" or WorkflowPayloads.DeletedReason or WorkflowPayloads.MissedReason)))
        {
            clusters.Find(kept.Key.Cluster)?.State.Jobs.Explain(kept.Key, kept.Uid, kept.Record.Reason);
        }

        return base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var queue = new WorkQueue<WorkloadKey>("logs of failed jobs", ReadAsync, Retry, time, logger);
        return Task.Run(() => Task.WhenAll(
            queue.RunAsync(Parallel, stoppingToken),
            feed.FollowAsync(keys => Look(queue, keys), LogFailed, time, stoppingToken)), CancellationToken.None);
    }

    private void Look(WorkQueue<WorkloadKey> queue, IEnumerable<WorkloadKey> keys)
    {
        foreach (var key in keys)
        {
            Look(queue, key);
        }
    }

    private void Look(WorkQueue<WorkloadKey> queue, WorkloadKey key)
    {
        if (!feed.Current.TryGetValue(key, out var workload))
        {
            _read.TryRemove(key, out _);
        }
        else if (key.Kind != WorkloadKind.ImageBuild && workload.Job is { } job && IsFailure(job) && workload.Instances.Count > 0 && _read.GetValueOrDefault(key) != workload.Uid)
        {
            queue.Add(key);
        }
    }

    private async ValueTask ReadAsync(WorkloadKey key, CancellationToken cancellationToken)
    {
        if (!feed.Current.TryGetValue(key, out var workload) || _read.GetValueOrDefault(key) == workload.Uid || clusters.Find(key.Cluster) is not { } cluster)
        {
            return;
        }

        var pod = workload.Instances.OrderBy(instance => instance.Status == "Failed").LastOrDefault()?.PodName;
        var end = pod is null ? "" : await EndOfLogAsync(cluster, key.Namespace, pod, cancellationToken).ConfigureAwait(false);
        if (end.Length > 0)
        {
            cluster.State.Jobs.Explain(key, workload.Uid, end);
        }

        _read[key] = workload.Uid;
    }

    /// <returns>Empty when there is none, as for a container that never started.</returns>
    private async Task<string> EndOfLogAsync(ClusterConnection cluster, string @namespace, string pod, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var lines = new Queue<string>();
        try
        {
            await foreach (var line in logs.ReadAsync(cluster, @namespace, pod, ArgoNames.MainContainer, new(TailLines: TailLines), either.Token).ConfigureAwait(false))
            {
                lines.Enqueue(line.Text);
                if (lines.Count > TailLines)
                {
                    lines.Dequeue();
                }
            }
        }
        catch (LogUnavailableException unavailable)
        {
            LogUnavailable(pod, unavailable.Message);
            return "";
        }

        var text = string.Join('\n', lines).Trim();
        text = text.Length > MostCharacters ? "…" + text[^MostCharacters..] : text;
        return SecretText.Hide(text, [options.ObjectStore.AccessKeyId, options.ObjectStore.AccessKeySecret, options.ApiToken]);
    }

    private static bool IsFailure(WorkflowRecord job) => job.Status is WorkflowPhases.Failed or WorkflowPhases.Error;

    [LoggerMessage(LogLevel.Error, "Looking for failed jobs failed and goes on")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(LogLevel.Information, "Why the job of pod {Pod} failed is told without its log: {Problem}")]
    private partial void LogUnavailable(string pod, string problem);
}
