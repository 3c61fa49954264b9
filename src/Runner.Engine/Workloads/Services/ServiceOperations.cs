using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters;
using Runner.Engine.Configuration;

namespace Runner.Engine.Workloads.Services;

/// <summary>What the hub and administrators do to services. Writes go to the cluster; answers come from the caches.</summary>
public sealed partial class ServiceOperations(
    RunnerOptions options, ClusterDirectory clusters, WorkloadFeed feed, TimeProvider time, ILogger<ServiceOperations> logger)
{
    /// <summary>How long an old service of the same name may take to go.</summary>
    private static readonly TimeSpan ReplaceDeadline = TimeSpan.FromSeconds(30);

    /// <summary>Pauses between looks at something that is about to change.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>How long the caller waits for the watch to tell of what was made.</summary>
    private static readonly TimeSpan WatchPatience = TimeSpan.FromSeconds(2);

    /// <summary>How long a service that was just made is known although the watch has not told of it yet.</summary>
    private static readonly TimeSpan MadeIsKnown = TimeSpan.FromMinutes(2);

    /// <summary>Pods of a service that goes free their node after this time at the latest.</summary>
    private static readonly TimeSpan PodGrace = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<WorkloadKey, (Workload Workload, DateTimeOffset Until)> _made = new();

    /// <summary>Creates the Knative Service that carries the request, or replaces one of the same name. Safe to repeat: what is there already stays.</summary>
    /// <exception cref="RequestRefusedException">The request cannot be carried out as it is; nothing was created.</exception>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task RunAsync(string serviceName, ServiceRequest request, CancellationToken cancellationToken)
    {
        var cluster = clusters.Resolve(request.ClusterId);
        var objects = ServiceManifest.Build(serviceName, request, options, new(cluster.Status.ClusterId ?? "", options.StorageClass));
        var api = new KnativeApi(cluster, options.WorkloadNamespace, time);
        try
        {
            if (objects.Volume is { } volume)
            {
                // No volume for a service that the API server refuses.
                await api.CheckAsync(objects.Service, cancellationToken).ConfigureAwait(false);
                await api.EnsureVolumeAsync(volume, cancellationToken).ConfigureAwait(false);
            }

            var (service, isNew) = await CreateOrReplaceAsync(cluster, api, objects.Service, cancellationToken).ConfigureAwait(false);
            if (isNew)
            {
                LogCreated(serviceName, cluster.Name, request.DeployId, request.TaskId);
                Remember(cluster, service);
                await WaitUntilSeenAsync(KeyOf(cluster, serviceName), service.Metadata.Uid, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ApiStatusException refusal) when (refusal.Code is 400 or 422)
        {
            throw new RequestRefusedException($"Cluster '{cluster.Name}' does not take service '{serviceName}': {WithoutSecrets(refusal.Message, request)}");
        }
        catch (Exception exception) when (IsClusterFailure(exception, cancellationToken))
        {
            throw new ClusterOperationException(WithoutSecrets($"Service '{serviceName}' was not created. {ClusterProblem.Describe(exception, cluster.Name)}", request), exception);
        }
    }

    /// <summary>Deletes the service. Nothing happens when it is gone already.</summary>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task StopAsync(ClusterConnection cluster, string serviceName, CancellationToken cancellationToken)
    {
        if (!Naming.IsServiceName(serviceName))
        {
            return;
        }

        try
        {
            var api = new KnativeApi(cluster, options.WorkloadNamespace, time);
            if (await api.DeleteAsync(serviceName, uid: null, cancellationToken).ConfigureAwait(false))
            {
                await HurryPodsAsync(cluster, api, serviceName, cancellationToken).ConfigureAwait(false);
                LogDeleted(serviceName, cluster.Name);
            }

            _made.TryRemove(KeyOf(cluster, serviceName), out _);
        }
        catch (Exception exception) when (IsClusterFailure(exception, cancellationToken))
        {
            throw new ClusterOperationException($"Service '{serviceName}' was not deleted. {ClusterProblem.Describe(exception, cluster.Name)}", exception);
        }
    }

    /// <summary>Deletes the service and everything that was kept for it alone, such as the volume of a finetune. A user's own volume stays.</summary>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public Task PurgeAsync(ClusterConnection cluster, string serviceName, CancellationToken cancellationToken) =>
        PurgeAsync(cluster, serviceName, Find(cluster, serviceName)?.DeployType ?? 0, cancellationToken);

    /// <inheritdoc cref="PurgeAsync(ClusterConnection, string, CancellationToken)"/>
    /// <param name="deployType">The hub's deploy type; 2 (finetune) has a volume of the service's name.</param>
    public async Task PurgeAsync(ClusterConnection cluster, string serviceName, int deployType, CancellationToken cancellationToken)
    {
        const int Finetune = 2;
        await StopAsync(cluster, serviceName, cancellationToken).ConfigureAwait(false);
        if (deployType != Finetune || !Naming.IsServiceName(serviceName))
        {
            return;
        }

        try
        {
            await new KnativeApi(cluster, options.WorkloadNamespace, time).DeleteVolumeAsync(serviceName, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsClusterFailure(exception, cancellationToken))
        {
            throw new ClusterOperationException($"The volume of service '{serviceName}' was not deleted. {ClusterProblem.Describe(exception, cluster.Name)}", exception);
        }
    }

    /// <summary>The service as the watches know it, or as it was just made while they have not told of it; null when there is none.</summary>
    /// <exception cref="ClusterOperationException">Nothing is known of the cluster's services yet, so that nobody can say that there is none.</exception>
    public Workload? Find(ClusterConnection cluster, string serviceName)
    {
        var key = KeyOf(cluster, serviceName);
        if (feed.Current.TryGetValue(key, out var workload))
        {
            return workload;
        }

        if (_made.TryGetValue(key, out var made) && made.Until > time.GetUtcNow())
        {
            return made.Workload;
        }

        if (!cluster.State.Synced)
        {
            var problem = cluster.Status.Problem;
            throw new ClusterOperationException(
                $"Whether service '{serviceName}' exists is not known yet: the services of cluster '{cluster.Name}' have not been listed. {(problem.Length > 0 ? problem : "Ask again in a moment.")}");
        }

        return null;
    }

    private async Task<(KnativeService Service, bool IsNew)> CreateOrReplaceAsync(
        ClusterConnection cluster, KnativeApi api, KnativeService wanted, CancellationToken cancellationToken)
    {
        var name = wanted.Metadata.Name;
        var deadline = time.GetUtcNow() + ReplaceDeadline;
        while (true)
        {
            if (await api.CreateAsync(wanted, cancellationToken).ConfigureAwait(false) is { } created)
            {
                return (created, true);
            }

            var existing = await api.FindAsync(name, cancellationToken).ConfigureAwait(false);
            if (existing is { Metadata.DeletionTimestamp: null } && IsSame(existing, wanted))
            {
                return (existing, false);
            }

            if (time.GetUtcNow() > deadline)
            {
                throw new TimeoutException($"The old service '{name}' did not go within {ReplaceDeadline.TotalSeconds} s");
            }

            if (existing is { Metadata.DeletionTimestamp: null })
            {
                // What the API server would refuse must not cost the service that is there.
                await api.CheckAsync(wanted, cancellationToken).ConfigureAwait(false);
                LogReplacing(name, cluster.Name);
                await api.DeleteAsync(name, existing.Metadata.Uid, cancellationToken).ConfigureAwait(false);
                await HurryPodsAsync(cluster, api, name, cancellationToken).ConfigureAwait(false);
                await WaitUntilNothingIsLeftAsync(api, name, deadline, cancellationToken).ConfigureAwait(false);
            }
            else if (existing is not null)
            {
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// A new service does not take over the configuration and route of the one before it, so it would stand as failed (<c>NotOwned</c>) until they are collected.
    /// </summary>
    private async Task WaitUntilNothingIsLeftAsync(KnativeApi api, string name, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        try
        {
            while (time.GetUtcNow() < deadline
                && (await api.ExistsAsync("configurations", name, cancellationToken).ConfigureAwait(false)
                    || await api.ExistsAsync("routes", name, cancellationToken).ConfigureAwait(false)))
            {
                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ApiStatusException refusal) when (refusal.Code == 403)
        {
            // Without the right to look, the new service stands as failed for a moment.
            LogCannotLook(name, refusal.Message);
        }
    }

    /// <summary>Frees accelerators sooner than the pods' own grace period would; the garbage collector deletes them in any case.</summary>
    private async Task HurryPodsAsync(ClusterConnection cluster, KnativeApi api, string name, CancellationToken cancellationToken)
    {
        if (!feed.Current.TryGetValue(KeyOf(cluster, name), out var workload))
        {
            return;
        }

        foreach (var instance in workload.Instances.Where(instance => !instance.Terminating))
        {
            try
            {
                await api.DeletePodAsync(instance.PodName, PodGrace, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (IsClusterFailure(exception, cancellationToken))
            {
                LogPodStays(instance.PodName, ClusterProblem.Describe(exception, cluster.Name));
                return;
            }
        }
    }

    /// <summary>The hub may ask for the status right after this call: it is answered from the caches.</summary>
    private async Task WaitUntilSeenAsync(WorkloadKey key, string uid, CancellationToken cancellationToken)
    {
        using var subscription = feed.Subscribe();
        using var patience = new CancellationTokenSource(WatchPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            while (!(feed.Current.TryGetValue(key, out var seen) && seen.Uid == uid))
            {
                await subscription.NextAsync(either.Token).ConfigureAwait(false);
            }

            _made.TryRemove(key, out _);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotSeen(key.Name, key.Cluster);
        }
    }

    private void Remember(ClusterConnection cluster, KnativeService service)
    {
        var now = time.GetUtcNow();
        foreach (var (key, made) in _made)
        {
            if (made.Until <= now)
            {
                _made.TryRemove(new(key, made));
            }
        }

        _made[KeyOf(cluster, service.Metadata.Name)] = (ServiceProjection.Project(cluster.Name, cluster.Status.ClusterId ?? "", service, [], []), now + MadeIsKnown);
    }

    private WorkloadKey KeyOf(ClusterConnection cluster, string serviceName) => new(cluster.Name, WorkloadKind.Service, options.WorkloadNamespace, serviceName);

    private static bool IsSame(KnativeService existing, KnativeService wanted) =>
        existing.Metadata.Annotations is { } annotations
        && annotations.TryGetValue(ServiceManifest.HashAnnotation, out var hash)
        && hash == wanted.Metadata.Annotations[ServiceManifest.HashAnnotation];

    private static bool IsClusterFailure(Exception exception, CancellationToken cancellationToken) => ClusterProblem.IsFailure(exception, cancellationToken);

    /// <summary>An API server may quote what it refuses; what came in the environment is for the container alone.</summary>
    private static string WithoutSecrets(string message, ServiceRequest request) => SecretText.Hide(message, request.Env?.Values ?? Enumerable.Empty<string>());

    [LoggerMessage(LogLevel.Information, "Created service {Service} in cluster {Cluster} for deploy {DeployId}, task {TaskId}")]
    private partial void LogCreated(string service, string cluster, long deployId, long taskId);

    [LoggerMessage(LogLevel.Warning, "The watch of cluster {Cluster} has not told of the new service {Service} yet; its status is answered as just made")]
    private partial void LogNotSeen(string service, string cluster);

    [LoggerMessage(LogLevel.Information, "Replacing service {Service} in cluster {Cluster}: another one of its name exists")]
    private partial void LogReplacing(string service, string cluster);

    [LoggerMessage(LogLevel.Information, "Deleted service {Service} in cluster {Cluster}")]
    private partial void LogDeleted(string service, string cluster);

    [LoggerMessage(LogLevel.Warning, "Pod {Pod} is left to its own grace period. {Problem}")]
    private partial void LogPodStays(string pod, string problem);

    [LoggerMessage(LogLevel.Warning, "Cannot see whether the configuration and route of the old service {Service} are gone: {Problem}")]
    private partial void LogCannotLook(string service, string problem);
}

/// <summary>A request that is refused, with a sentence for whoever sent it. Holds no secret.</summary>
public sealed class RequestRefusedException(string message) : Exception(message);

/// <summary>A cluster refused or did not answer. The message says what was not done, why and what to try; it holds no secret.</summary>
public sealed class ClusterOperationException(string message, Exception? inner = null) : Exception(message, inner);
