using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Argo;

/// <summary>
/// Makes and removes the objects of jobs and builds, what is asked of one job one after the other. Every step may be repeated, and none is given up because the caller hangs up. A task that
/// has ended is not run twice; where the hub needs that (<see cref="JobObjects.MayRunAgain"/>), not before its end is told.
/// </summary>
internal sealed partial class JobLauncher(
    RunnerOptions options, WorkloadFeed feed, JobArchive archive, JobMaker maker, ReplacementNotes notes, VolumeWaits waits, CarrierMaker carriers, Turns turns, HubLeadership leadership, HubReporter reporter, TimeProvider time, ILogger<JobLauncher> logger)
{
    /// <summary>
    /// Makes a job, or finds it made from the same request before. What it needs is there before it; when it cannot be made, nothing of it stays.
    /// </summary>
    /// <param name="secrets">What an API server may quote but nobody may see.</param>
    /// <returns>The job's record.</returns>
    /// <exception cref="RequestRefusedException">Another job has the name, or the API server does not take it.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer, what has the name does not go, or somebody has stopped the job meanwhile.</exception>
    public async Task<WorkflowRecord> LaunchAsync(ClusterConnection cluster, WorkloadKind kind, JobObjects objects, IReadOnlyCollection<string?> secrets)
    {
        var metadata = objects.Workflow.Metadata;
        var key = new WorkloadKey(cluster.Name, kind, metadata.NamespaceProperty, metadata.Name);
        using var turn = await turns.TakeAsync(key).ConfigureAwait(false);
        if (!objects.MayRunAgain && archive.Find(key) is { Record: { IsFinished: true } ended } && !feed.Current.ContainsKey(key))
        {
            return ended;
        }

        var note = NotedReplacement.Of(cluster, kind, objects);
        return await MakingProblem.TellAsync(
            cluster,
            note.What,
            missing: "",
            async () =>
            {
                var found = await new ArgoApi(cluster, key.Namespace, time).FindAsync(key.Name, CancellationToken.None).ConfigureAwait(false);
                if (found is null && !objects.MayRunAgain && archive.Find(key) is { Record: { IsFinished: true } over })
                {
                    // The cluster has removed it already, though the watch has not told of that.
                    return over;
                }

                return await MakeAsync(cluster, key, objects, note, found).ConfigureAwait(false);
            },
            () => secrets).ConfigureAwait(false);
    }

    /// <summary>Finishes what a process that died has begun, see <see cref="IReplacementFinishing.FinishAsync"/>.</summary>
    public async Task<bool> FinishAsync(ClusterConnection cluster, NotedReplacement note)
    {
        var objects = new JobObjects(note.ReadWorkflow(), null, null, null) { MayRunAgain = true };
        var key = note.KeyIn(objects.Workflow.Metadata.NamespaceProperty);
        var found = await new ArgoApi(cluster, key.Namespace, time).FindAsync(key.Name, CancellationToken.None).ConfigureAwait(false);
        if (found is { Metadata.DeletionTimestamp: null })
        {
            // What was to make room stands. What was made, by whoever has died or by somebody else, is noted until whoever speaks to the hub has told of it.
            await (found.Metadata.Uid == note.Replaces ? notes.EndAsync(note.Id) : notes.MadeAsync(note.Id, found.Metadata.Uid)).ConfigureAwait(false);
            return false;
        }

        if (found is null && note.Replaces is { } before && archive.Find(key) is { } kept && kept.Uid != before && !ComingWorkload.IsUidOf(kept.Uid) && kept.Record.SubmitTime >= new DateTimeOffset(DateTime.SpecifyKind(note.At, DateTimeKind.Utc)).AddSeconds(-1))
        {
            // Somebody else has made it since, in whole seconds, and it has ended and gone.
            await notes.EndAsync(note.Id).ConfigureAwait(false);
            return false;
        }

        await MakeAsync(cluster, key, objects, note, found).ConfigureAwait(false);
        return true;
    }

    /// <returns>Uid of a job that stays; null for none.</returns>
    public async Task<string?> FindAsync(ClusterConnection cluster, WorkloadKey key) =>
        await new ArgoApi(cluster, key.Namespace, time).FindAsync(key.Name, CancellationToken.None).ConfigureAwait(false) is { Metadata: { DeletionTimestamp: null, Uid: var uid } } ? uid : null;

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

        var api = new ArgoApi(cluster, key.Namespace, time);
        try
        {
            using var turn = await turns.TakeToStopAsync(key).ConfigureAwait(false);
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

    private async Task<WorkflowRecord> MakeAsync(ClusterConnection cluster, WorkloadKey key, JobObjects objects, NotedReplacement note, ArgoWorkflow? found)
    {
        var (api, belongings) = (new ArgoApi(cluster, key.Namespace, time), BelongingsOf(cluster, key));
        var isSeen = false;
        var (workflow, isNew) = await carriers.MakeAsync(cluster, note, new CarrierSteps<ArgoWorkflow>(
            begin => PutAsync(cluster, key, belongings, objects, found, begin),
            async there =>
            {
                await maker.AdoptAsync(belongings, objects, key, there).ConfigureAwait(false);
                return objects.Secret is not null || note.Secret is not { } secret || await belongings.AdoptSecretAsync(secret, there).ConfigureAwait(false);
            },
            SeeAsync,
            async made =>
            {
                await api.DeleteAsync(key.Name, made.Metadata.Uid, CancellationToken.None).ConfigureAwait(false);
                await belongings.RemoveAsync(key.Name, note.Secret, objects.Volume?.Metadata.Name).ConfigureAwait(false);
            })).ConfigureAwait(false);
        if (!isNew)
        {
            await SeeAsync(workflow).ConfigureAwait(false);
        }

        LogCreated(key.Kind, key.Name, cluster.Name);
        if (isSeen)
        {
            await AnnounceAsync(api, key, workflow.Metadata.Uid).ConfigureAwait(false);
        }
        else
        {
            LogNotSeen(key.Cluster, key.Name);
        }

        return ProjectionOf(cluster, key, workflow).Job!;

        // The hub may ask at once, and is answered from memory.
        async Task SeeAsync(ArgoWorkflow there)
        {
            try
            {
                await archive.RememberAsync(ProjectionOf(cluster, key, there), CancellationToken.None).ConfigureAwait(false);
            }
            catch (IOException exception)
            {
                // It is there, whatever the disk says, and is written when a watch tells of it.
                LogNotKept(key.Name, exception.Message);
            }

            isSeen = await feed.WaitForAsync(key, there.Metadata.Uid, time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Has a job there: the one that was found, or where that is over and may be run again, another one in its place.</summary>
    private async Task<(ArgoWorkflow Workflow, bool IsNew)> PutAsync(
        ClusterConnection cluster, WorkloadKey key, JobBelongings belongings, JobObjects objects, ArgoWorkflow? found, Func<string, Task> begin)
    {
        if (found is not null)
        {
            RefuseOther(cluster, objects, found);
        }

        var (workflow, isNew) = objects.MayRunAgain ? await ReplaceAsync(cluster, key, belongings, objects, found, begin).ConfigureAwait(false)
            : found is not null ? (found, false)
            : await CreateAsync(cluster, key, belongings, objects).ConfigureAwait(false);
        RefuseOther(cluster, objects, workflow);
        return (workflow, isNew);
    }

    private async Task<(ArgoWorkflow Workflow, bool IsNew)> ReplaceAsync(
        ClusterConnection cluster, WorkloadKey key, JobBelongings belongings, JobObjects objects, ArgoWorkflow? found, Func<string, Task> begin)
    {
        try
        {
            return await new JobReplacement(cluster, key, begin, options, leadership, reporter, time)
                .PutAsync(found, KeepAsync, () => CreateAsync(cluster, key, belongings, objects)).ConfigureAwait(false);
        }
        catch when (found is not null && objects.Secret is not null)
        {
            // It does not go with the one before any more.
            await belongings.RemoveAsync(key.Name, objects.Secret.Metadata.Name, volume: null).ConfigureAwait(false);
            throw;
        }

        Task KeepAsync(ArgoWorkflow leaving) => objects.Secret is { } secret ? belongings.PutSecretAsync(secret, key.Name, leaving.Metadata.Uid) : Task.CompletedTask;
    }

    private Task<(ArgoWorkflow Workflow, bool IsNew)> CreateAsync(ClusterConnection cluster, WorkloadKey key, JobBelongings belongings, JobObjects objects) =>
        JobMaker.CreateAsync(new(cluster, key.Namespace, time), belongings, objects, key);

    private Workload ProjectionOf(ClusterConnection cluster, WorkloadKey key, ArgoWorkflow workflow) =>
        ArgoScopes.Project(new(key, cluster.Status.ClusterId ?? "", workflow, [], null, options.TimeZone));

    /// <summary>Notes on the object that the hub's news of it is safely written, so that a runner that lost its storage does not tell it as new. Not worth a failure.</summary>
    private async Task AnnounceAsync(ArgoApi api, WorkloadKey key, string uid)
    {
        using var patience = new CancellationTokenSource(WorkloadFeed.WatchPatience, time);
        try
        {
            // The feed has it before it is on disk.
            if (leadership.IsLeader && feed.Current.TryGetValue(key, out var known) && known.Uid == uid && known.Job is { IsAnnounced: false }
                && await reporter.HasToldOfAsync(key, uid, patience.Token).ConfigureAwait(false))
            {
                await api.AnnotateAsync(key.Name, HubNames.AnnouncedAnnotation, "true", CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            LogNotAnnounced(key.Name, exception.Message);
        }
    }

    private JobBelongings BelongingsOf(ClusterConnection cluster, WorkloadKey key) => new(cluster, key.Namespace, waits, time, logger);

    [LoggerMessage(LogLevel.Information, "{Kind} {Job} is in cluster {Cluster}")]
    private partial void LogCreated(WorkloadKind kind, string job, string cluster);

    [LoggerMessage(LogLevel.Information, "Deleted {Kind} {Job} in cluster {Cluster}")]
    private partial void LogDeleted(WorkloadKind kind, string job, string cluster);

    [LoggerMessage(LogLevel.Warning, "The watch of cluster {Cluster} has not told of the new job {Job} yet; it is answered as just made")]
    private partial void LogNotSeen(string cluster, string job);

    [LoggerMessage(LogLevel.Warning, "The record of job {Job} is not on disk yet: {Problem}")]
    private partial void LogNotKept(string job, string problem);

    [LoggerMessage(LogLevel.Debug, "Job {Job} does not bear the note that the hub knows it: {Problem}")]
    private partial void LogNotAnnounced(string job, string problem);
}
