using System.Globalization;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Hub;
using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Replacing;

namespace Runner.Engine.Workloads.Services;

/// <summary>
/// What the hub and administrators do to services. Writes go to the cluster; answers come from the caches. What was asked for is carried through within its own
/// deadlines, whether or not the caller waits for it: half a replacement is the loss of a service.
/// </summary>
public sealed partial class ServiceOperations : IReplacementFinishing
{
    private readonly RunnerOptions _options;
    private readonly LiveSettings _settings;
    private readonly ClusterDirectory _clusters;
    private readonly WorkloadFeed _feed;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HubLeadership _leadership;
    private readonly HubReporter _reporter;
    private readonly JustMade _made;
    private readonly JustStopped _stopped;
    private readonly PodHurry _pods;
    private readonly ReplacementNotes _notes;
    private readonly VolumeWaits _waits;
    private readonly ComingWorkloads _coming;
    private readonly ServiceMaker _maker;
    private readonly Turns _turns;
    private readonly VolumeHolds _volumes = new();

    internal ServiceOperations(
        RunnerOptions options,
        LiveSettings settings,
        ClusterDirectory clusters,
        WorkloadFeed feed,
        HubLeadership leadership,
        HubReporter reporter,
        ReplacementNotes notes,
        VolumeWaits waits,
        CarrierMaker carriers,
        Turns turns,
        TimeProvider time,
        ILogger<ServiceOperations> logger)
    {
        (_options, _settings, _clusters, _feed, _leadership, _reporter, _notes, _waits, _turns, _time, _logger) = (options, settings, clusters, feed, leadership, reporter, notes, waits, turns, time, logger);
        _made = new(clusters, time);
        _stopped = new(feed, time);
        _coming = new(notes, options);
        _pods = new(feed, options.WorkloadNamespace, logger);
        _maker = new(options, notes, waits, carriers, feed, _made, _pods, time, logger);
    }

    /// <summary>Creates the Knative Service, or over several hosts the LeaderWorkerSet, that carries the request, or replaces one of the same name. Safe to repeat: what is there already stays.</summary>
    /// <exception cref="RequestRefusedException">The request cannot be carried out as it is; nothing was created.</exception>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task RunAsync(string serviceName, ServiceRequest request)
    {
        var cluster = _clusters.Resolve(request.ClusterId);
        var live = _settings.Of(cluster.Name);
        var facts = new ClusterFacts(cluster.Status.ClusterId ?? "", live.StorageClass, live.NetworkInterface);
        using var turn = await _turns.TakeAsync(KeyOf(cluster, serviceName)).ConfigureAwait(false);
        using var volume = await _volumes.TakeAsync(cluster.Name, ServiceManifest.VolumeName(request.UserId)).ConfigureAwait(false);
        var (workload, isNew) = await MakingProblem.TellAsync(
            cluster,
            NotedReplacement.WhatOf(WorkloadKind.Service, serviceName),
            missing: "",
            async () =>
            {
                var made = ServiceRequestRules.IsMultiHost(request)
                    ? await _maker.MakeAsync(cluster, await MultiHostAsync(cluster, serviceName, request, facts).ConfigureAwait(false)).ConfigureAwait(false)
                    : await _maker.MakeAsync(cluster, ServiceManifest.Build(serviceName, request, _options, facts)).ConfigureAwait(false);
                await MadeAsync(cluster, made, ServiceRequestRules.IsMultiHost(request)).ConfigureAwait(false);
                return made;
            },
            () => request.Env?.Values ?? Enumerable.Empty<string>()).ConfigureAwait(false);
        await TellAgainAsync(cluster, workload, isNew, ServiceRequestRules.IsMultiHost(request)).ConfigureAwait(false);
    }

    WorkloadKind IReplacementFinishing.Kind => WorkloadKind.Service;

    async Task<bool> IReplacementFinishing.FinishAsync(ClusterConnection cluster, NotedReplacement note) =>
        await _maker.FinishAsync(cluster, note).ConfigureAwait(false) is { } made && await MadeAsync(cluster, made, note.Set is not null).ConfigureAwait(false);

    Task<string?> IReplacementFinishing.FindAsync(ClusterConnection cluster, NotedReplacement note) => _maker.FindAsync(cluster, note.Name);

    /// <summary>Deletes the service. Nothing happens when it is gone already.</summary>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task StopAsync(ClusterConnection cluster, string serviceName)
    {
        if (!Naming.IsServiceName(serviceName))
        {
            return;
        }

        try
        {
            using var turn = await _turns.TakeToStopAsync(KeyOf(cluster, serviceName)).ConfigureAwait(false);
            var deleted = await _maker.RemoveAsync(cluster, serviceName).ConfigureAwait(false);
            if (deleted.Count > 0)
            {
                await _pods.HurryAsync(cluster, ApiOf(cluster), serviceName, CancellationToken.None).ConfigureAwait(false);
                LogDeleted(serviceName, cluster.Name);
            }

            _made.Forget(KeyOf(cluster, serviceName));
            await _stopped.AddAsync(KeyOf(cluster, serviceName), deleted).ConfigureAwait(false);
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            throw new ClusterOperationException(new LocalText($"Service '{serviceName}' was not deleted.", $"服务“{serviceName}”未删除。").Then(ClusterProblem.Describe(exception, cluster.Name)), exception);
        }
    }

    /// <summary>Deletes the service, and with a finetune the volume of its user unless another workload uses it.</summary>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public Task PurgeAsync(ClusterConnection cluster, string serviceName)
    {
        var workload = Find(cluster, serviceName);
        return PurgeAsync(cluster, serviceName, workload?.DeployType ?? 0, workload?.UserId ?? "");
    }

    /// <inheritdoc cref="PurgeAsync(ClusterConnection, string)"/>
    /// <param name="deployType">The hub's deploy type; 2 is a finetune.</param>
    /// <param name="userId">The hub's id of the user, after whom the volume is named; empty leaves every volume.</param>
    public async Task PurgeAsync(ClusterConnection cluster, string serviceName, int deployType, string userId)
    {
        const int Finetune = 2;
        await StopAsync(cluster, serviceName).ConfigureAwait(false);
        if (deployType != Finetune || userId.Length == 0)
        {
            return;
        }

        var volume = ServiceManifest.VolumeName(userId);
        using var deletion = _volumes.TryDelete(cluster.Name, volume);
        switch (deletion is null ? true : await IsUsedAsync(cluster, volume, serviceName).ConfigureAwait(false))
        {
            case true:
                LogVolumeStays(volume, cluster.Name, serviceName);
                return;
            case null:
                throw new ClusterOperationException(
                    new LocalText(
                        $"Volume '{volume}' was not deleted: whether another workload uses it is not known, those of cluster '{cluster.Name}' have not been listed. Ask again in a moment.",
                        $"存储卷“{volume}”未删除：尚不清楚是否有其他工作负载在使用它，集群“{cluster.Name}”的工作负载还没有列出。请稍后再试。"));
        }

        try
        {
            await VolumesOf(cluster).DeleteAsync(volume, preconditions: null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            throw new ClusterOperationException(
                new LocalText($"Volume '{volume}' of service '{serviceName}' was not deleted.", $"服务“{serviceName}”的存储卷“{volume}”未删除。").Then(ClusterProblem.Describe(exception, cluster.Name)), exception);
        }
    }

    /// <summary>The service as the watches know it, as it was just made while they have not told of it, or as it is to be while another one makes room for it; null when there is none.</summary>
    /// <exception cref="ClusterOperationException">Nothing is known of the cluster's services yet, so that nobody can say that there is none.</exception>
    public Workload? Find(ClusterConnection cluster, string serviceName)
    {
        var key = KeyOf(cluster, serviceName);
        if (_coming.Instead(cluster, WorkloadKind.Service, serviceName, _stopped.Find(key) ?? _made.Find(key, cluster)) is { } workload)
        {
            return workload;
        }

        if (!cluster.State.Synced)
        {
            var problem = cluster.Status.Problem;
            throw new ClusterOperationException(
                $"Whether service '{serviceName}' exists is not known yet: the services of cluster '{cluster.Name}' have not been listed. {(problem.Length > 0 ? problem : "Ask again in a moment.")}");
        }

        return null;
    }

    /// <summary>Whether a volume is in use, or about to be, at whichever replica.</summary>
    private async Task<bool?> IsUsedAsync(ClusterConnection cluster, string volume, string exceptService)
    {
        if (VolumeUse.IsUsed(cluster.State, volume, exceptService) is not false and var known)
        {
            return known;
        }

        // What makes room is noted before it goes, and what comes is there before the note goes: it is in one of the two, or by now in the first.
        return VolumeUse.IsAwaited(await _notes.FreshAsync(cluster.Name).ConfigureAwait(false), volume) ? true : VolumeUse.IsUsed(cluster.State, volume, exceptService);
    }

    private async Task<MultiHostObjects> MultiHostAsync(ClusterConnection cluster, string serviceName, ServiceRequest request, ClusterFacts facts)
    {
        // What is wrong with the request is said before anything is asked.
        var objects = MultiHostManifest.Build(serviceName, request, _options, facts);
        return MultiHostManifest.Routed(objects, await new KnativeIngress(cluster, _time).RoutingAsync(CancellationToken.None).ConfigureAwait(false));
    }

    private async Task<bool> MadeAsync(ClusterConnection cluster, (Workload Workload, bool IsNew) made, bool isMultiHost)
    {
        if (made.IsNew)
        {
            LogCreated(made.Workload.Key.Name, cluster.Name, made.Workload.DeployId, made.Workload.TaskId);
        }

        await AnnounceAsync(cluster, made.Workload, isMultiHost).ConfigureAwait(false);
        return true;
    }

    /// <summary>Has the hub told of a service once more where it forgets with the answer what it was told. Whoever speaks to it learns that from the object. Not worth a failure.</summary>
    private async Task TellAgainAsync(ClusterConnection cluster, Workload workload, bool isNew, bool isMultiHost)
    {
        var status = _feed.Current.TryGetValue(workload.Key, out var seen) && seen.Uid == workload.Uid ? seen.Status : (DeployStatus?)null;
        if (!Telling.IsLostToAnswer(isNew, status))
        {
            return;
        }

        if (_leadership.IsLeader)
        {
            _reporter.TellAgainAfterAnswer(workload.Key, workload.Uid);
            return;
        }

        try
        {
            await AnnotateAsync(cluster, workload.Key.Name, isMultiHost, HubNames.AnsweredAnnotation, _time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture)).ConfigureAwait(false);
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            LogNotToldAgain(workload.Key.Name, exception.Message);
        }
    }

    private Task AnnotateAsync(ClusterConnection cluster, string name, bool isMultiHost, string annotation, string value) => isMultiHost
        ? SetsOf(cluster).AnnotateAsync(LeaderWorkerSetNames.SetOf(name), annotation, value, CancellationToken.None)
        : ApiOf(cluster).AnnotateAsync(name, annotation, value, CancellationToken.None);

    /// <summary>Notes on the object that the hub hears of it, once that is written down for the hub. Not worth a failure.</summary>
    private async Task AnnounceAsync(ClusterConnection cluster, Workload workload, bool isMultiHost)
    {
        if (!_leadership.IsLeader || !_feed.Current.TryGetValue(workload.Key, out var seen) || seen.Uid != workload.Uid || seen.IsAnnounced)
        {
            return;
        }

        using var patience = new CancellationTokenSource(WorkloadFeed.WatchPatience, _time);
        try
        {
            // The feed has it before it is on disk.
            if (!await _reporter.HasToldOfAsync(workload.Key, workload.Uid, patience.Token).ConfigureAwait(false))
            {
                return;
            }

            await AnnotateAsync(cluster, workload.Key.Name, isMultiHost, HubNames.AnnouncedAnnotation, "true").ConfigureAwait(false);
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            LogNotAnnounced(workload.Key.Name, exception.Message);
        }
    }

    private VolumeClaims VolumesOf(ClusterConnection cluster) => new(cluster, _options.WorkloadNamespace, _waits, _time, _logger);

    private KnativeApi ApiOf(ClusterConnection cluster) => new(cluster, _options.WorkloadNamespace, _time);

    private LeaderWorkerSetApi SetsOf(ClusterConnection cluster) => new(cluster, _options.WorkloadNamespace, _time);

    private WorkloadKey KeyOf(ClusterConnection cluster, string serviceName) => new(cluster.Name, WorkloadKind.Service, _options.WorkloadNamespace, serviceName);

    [LoggerMessage(LogLevel.Information, "Created service {Service} in cluster {Cluster} for deploy {DeployId}, task {TaskId}")]
    private partial void LogCreated(string service, string cluster, long deployId, long taskId);

    [LoggerMessage(LogLevel.Debug, "Service {Service} does not bear the note that the hub knows it: {Problem}")]
    private partial void LogNotAnnounced(string service, string problem);

    [LoggerMessage(LogLevel.Debug, "The hub may hold service {Service} for being deployed until it changes, as the replica that speaks to it could not be told: {Problem}")]
    private partial void LogNotToldAgain(string service, string problem);

    [LoggerMessage(LogLevel.Information, "Deleted service {Service} in cluster {Cluster}")]
    private partial void LogDeleted(string service, string cluster);

    [LoggerMessage(LogLevel.Information, "Volume {Volume} in cluster {Cluster} stays although service {Service} was purged: another workload uses it")]
    private partial void LogVolumeStays(string volume, string cluster, string service);
}
