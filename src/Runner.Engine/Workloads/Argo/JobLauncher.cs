using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Argo;

/// <summary>
/// Makes and removes the objects of jobs and builds, what is asked of one job one after the other. Every step may be repeated, and none is given up because the caller hangs up. A task that
/// has ended is not run twice; where the hub needs that (<see cref="JobObjects.MayRunAgain"/>), not before its end is told.
/// </summary>
internal sealed partial class JobLauncher(
    RunnerOptions options, WorkloadFeed feed, JobArchive archive, JobMaker maker, Turns turns, HubLeadership leadership, HubReporter reporter, TimeProvider time, ILogger<JobLauncher> logger)
{
    /// <summary>How long the caller waits for the watch to tell of what was made.</summary>
    private static readonly TimeSpan WatchPatience = TimeSpan.FromSeconds(2);

    /// <summary>How long the caller waits until what is over is told of and gone.</summary>
    private static readonly TimeSpan OverPatience = TimeSpan.FromSeconds(20);

    /// <summary>Pauses between looks at what is over.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Makes a job, or finds it made from the same request before. What it needs is there before it; when it cannot be made, nothing of it stays.
    /// </summary>
    /// <param name="secrets">What an API server may quote but nobody may see.</param>
    /// <returns>The job's record.</returns>
    /// <exception cref="RequestRefusedException">Another job has the name, or the API server does not take it.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer, or an old volume of the job's name does not go.</exception>
    public async Task<WorkflowRecord> LaunchAsync(ClusterConnection cluster, WorkloadKind kind, JobObjects objects, IReadOnlyCollection<string?> secrets)
    {
        var metadata = objects.Workflow.Metadata;
        var key = new WorkloadKey(cluster.Name, kind, metadata.NamespaceProperty, metadata.Name);
        using var turn = await turns.TakeAsync(key).ConfigureAwait(false);
        if (!objects.MayRunAgain && archive.Find(key) is { Record: { IsFinished: true } ended } && !feed.Current.ContainsKey(key))
        {
            return ended;
        }

        var (api, belongings) = (new ArgoApi(cluster, key.Namespace, time), BelongingsOf(cluster, key));
        try
        {
            var workflow = await api.FindAsync(key.Name, CancellationToken.None).ConfigureAwait(false);
            if (workflow is not null)
            {
                RefuseOther(cluster, objects, workflow);
                workflow = objects.MayRunAgain ? await ClearAsync(cluster, api, key, workflow).ConfigureAwait(false) : workflow;
            }
            else if (!objects.MayRunAgain && archive.Find(key) is { Record: { IsFinished: true } over })
            {
                // The cluster has removed it already, though the watch has not told of that.
                return over;
            }

            workflow ??= await JobMaker.CreateAsync(api, belongings, objects).ConfigureAwait(false);
            RefuseOther(cluster, objects, workflow);
            await maker.AdoptAsync(belongings, objects, workflow).ConfigureAwait(false);
            var workload = ProjectionOf(cluster, key, workflow);
            await archive.RememberAsync(workload, CancellationToken.None).ConfigureAwait(false);
            LogCreated(kind, key.Name, cluster.Name);
            await AnnounceAsync(api, key, workload.Uid).ConfigureAwait(false);
            return workload.Job!;
        }
        catch (ApiStatusException refusal) when (refusal.Code is 400 or 422)
        {
            throw new RequestRefusedException($"Cluster '{cluster.Name}' does not take job '{key.Name}': {SecretText.Hide(refusal.Message, secrets)}");
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            throw new ClusterOperationException(SecretText.Hide($"Job '{key.Name}' was not created. {ClusterProblem.Describe(exception, cluster.Name)}", secrets), exception);
        }
    }

    /// <summary>Deletes a job and what was made for it. Nothing happens when it is gone already, or when the object is no job of this kind.</summary>
    /// <param name="secret">Name of its own Secret.</param>
    /// <param name="volume">Name of its own volume; null for none.</param>
    /// <returns>False when there was nothing to delete.</returns>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task<bool> DeleteAsync(ClusterConnection cluster, WorkloadKey key, string secret, string? volume)
    {
        if (!Naming.IsLabel(key.Name))
        {
            return false;
        }

        using var turn = await turns.TakeAsync(key).ConfigureAwait(false);
        var api = new ArgoApi(cluster, key.Namespace, time);
        try
        {
            var workflow = await api.FindAsync(key.Name, CancellationToken.None).ConfigureAwait(false);
            if (workflow is not null && ArgoScopes.KindOf(workflow.GetLabel(ArgoNames.ScopeLabel) ?? "") != key.Kind)
            {
                return false;
            }

            // As it was seen: another one that another replica makes meanwhile stays, and so does what that one needs.
            var deleted = workflow is not null && await api.DeleteAsync(key.Name, workflow.Metadata.Uid, CancellationToken.None).ConfigureAwait(false);
            await BelongingsOf(cluster, key).RemoveAsync(key.Name, secret, volume).ConfigureAwait(false);
            if (deleted)
            {
                LogDeleted(key.Kind, key.Name, cluster.Name);
            }

            return deleted;
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            throw new ClusterOperationException(new LocalText($"Job '{key.Name}' was not deleted.", $"任务“{key.Name}”未删除。").Then(ClusterProblem.Describe(exception, cluster.Name)), exception);
        }
    }

    private static void RefuseOther(ClusterConnection cluster, JobObjects objects, ArgoWorkflow workflow)
    {
        if (!objects.AreOf(workflow))
        {
            throw new RequestRefusedException($"Cluster '{cluster.Name}' has another job '{workflow.Metadata.Name}' already; ids of tasks must not be used again.");
        }
    }

    /// <summary>Makes room for a task that is run once more: what has ended goes once its end is told, so that this end is not taken for one that nobody saw.</summary>
    /// <returns>What stays, or null: a job that goes on, or one whose end the hub is still to hear of.</returns>
    /// <exception cref="ClusterOperationException">An earlier one does not go.</exception>
    private async Task<ArgoWorkflow?> ClearAsync(ClusterConnection cluster, ArgoApi api, WorkloadKey key, ArgoWorkflow found)
    {
        var began = time.GetTimestamp();
        for (var workflow = found; workflow is not null; workflow = await api.FindAsync(key.Name, CancellationToken.None).ConfigureAwait(false))
        {
            var isGoing = workflow.Metadata.DeletionTimestamp is not null;
            if (!isGoing && !WorkflowPhases.IsFinished(ArgoFacts.PhaseOf(workflow)))
            {
                return workflow;
            }

            if (time.GetElapsedTime(began) > OverPatience)
            {
                return !isGoing ? workflow : throw new ClusterOperationException(
                    $"Job '{key.Name}' was not created: an earlier one of its name did not go within {OverPatience.TotalSeconds:0} s. See whether a finalizer keeps its Workflow, then ask again.");
            }

            if (!isGoing && await HasToldAsync(cluster, key, workflow).ConfigureAwait(false))
            {
                await api.DeleteAsync(key.Name, workflow.Metadata.Uid, CancellationToken.None).ConfigureAwait(false);
            }
            else
            {
                await Task.Delay(Pause, time, CancellationToken.None).ConfigureAwait(false);
            }
        }

        return null;
    }

    /// <summary>Whether the end of a job is written for the hub. Where another replica speaks to the hub, the time to live that it has set says so.</summary>
    private async ValueTask<bool> HasToldAsync(ClusterConnection cluster, WorkloadKey key, ArgoWorkflow workflow) => leadership.IsLeader
        ? await reporter.HasToldAsync(ProjectionOf(cluster, key, workflow), CancellationToken.None).ConfigureAwait(false)
        : JobTimeToLive.IsTold(workflow, JobTimeToLive.Configured(options, key.Kind));

    private Workload ProjectionOf(ClusterConnection cluster, WorkloadKey key, ArgoWorkflow workflow) =>
        ArgoScopes.Project(new(key, cluster.Status.ClusterId ?? "", workflow, [], null, options.TimeZone));

    /// <summary>
    /// Waits for the watch, because the hub may ask at once and is answered from memory; then notes on the object that the hub's news of it is safely
    /// written, so that a runner that lost its storage does not tell it as new.
    /// </summary>
    private async Task AnnounceAsync(ArgoApi api, WorkloadKey key, string uid)
    {
        using var subscription = feed.Subscribe();
        using var patience = new CancellationTokenSource(WatchPatience, time);
        try
        {
            while (!(feed.Current.TryGetValue(key, out var seen) && seen.Uid == uid))
            {
                await subscription.NextAsync(patience.Token).ConfigureAwait(false);
            }

            // The feed has it before it is on disk.
            if (leadership.IsLeader && feed.Current.TryGetValue(key, out var known) && known.Job is { IsAnnounced: false }
                && await reporter.HasToldOfAsync(key, uid, patience.Token).ConfigureAwait(false))
            {
                await api.AnnotateAsync(key.Name, HubNames.AnnouncedAnnotation, "true", CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            LogNotSeen(key.Cluster, key.Name);
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            LogNotAnnounced(key.Name, exception.Message);
        }
    }

    private JobBelongings BelongingsOf(ClusterConnection cluster, WorkloadKey key) => new(cluster, key.Namespace, time, logger);

    [LoggerMessage(LogLevel.Information, "{Kind} {Job} is in cluster {Cluster}")]
    private partial void LogCreated(WorkloadKind kind, string job, string cluster);

    [LoggerMessage(LogLevel.Information, "Deleted {Kind} {Job} in cluster {Cluster}")]
    private partial void LogDeleted(WorkloadKind kind, string job, string cluster);

    [LoggerMessage(LogLevel.Warning, "The watch of cluster {Cluster} has not told of the new job {Job} yet; it is answered as just made")]
    private partial void LogNotSeen(string cluster, string job);

    [LoggerMessage(LogLevel.Debug, "Job {Job} does not bear the note that the hub knows it: {Problem}")]
    private partial void LogNotAnnounced(string job, string problem);
}
