using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Replacing;

namespace Runner.Engine.Workloads.Services;

/// <summary>Has the objects of services there, in place of whatever carries a service of the same name, as <see cref="CarrierMaker"/> does.</summary>
/// <remarks>Throws <see cref="ApiStatusException"/> when the API server refuses, and what <see cref="ClusterProblem"/> describes when it does not answer.</remarks>
internal sealed partial class ServiceMaker(RunnerOptions options, ReplacementNotes notes, VolumeWaits waits, CarrierMaker carriers, WorkloadFeed feed, JustMade justMade, PodHurry pods, TimeProvider time, ILogger logger)
{
    /// <returns>The service, and whether it was made by this call; one that carries the same request already stays.</returns>
    /// <exception cref="ClusterOperationException">The old service does not go, or somebody has stopped the service meanwhile.</exception>
    public async Task<(Workload Workload, bool IsNew)> MakeAsync(ClusterConnection cluster, ServiceObjects objects)
    {
        if (objects.Volume is not null || objects.Secret is not null)
        {
            // Neither a volume nor a Secret for a service that the API server refuses.
            await ApiOf(cluster).CheckAsync(objects.Service, CancellationToken.None).ConfigureAwait(false);
            await EnsureAsync(cluster, objects.Service.Metadata.Name, objects.Volume, objects.Secret).ConfigureAwait(false);
        }

        return await PutAsync(cluster, objects, NotedReplacement.Of(cluster, objects.Service, objects.Secret)).ConfigureAwait(false);
    }

    /// <inheritdoc cref="MakeAsync(ClusterConnection, ServiceObjects)"/>
    public async Task<(Workload Workload, bool IsNew)> MakeAsync(ClusterConnection cluster, MultiHostObjects objects)
    {
        try
        {
            // What the API server would refuse must cost neither a volume nor a service that is there.
            await SetsOf(cluster).CreateAsync(objects.Set, dryRun: true, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ApiStatusException missing) when (missing.Code == 404)
        {
            throw new ClusterOperationException(
                $"Service '{objects.Address.Metadata.Name}' was not created: cluster '{cluster.Name}' has no LeaderWorkerSets ({missing.Message}). Install {LeaderWorkerSetNames.Group} to run instances over several hosts.",
                missing);
        }

        await EnsureAsync(cluster, objects.Address.Metadata.Name, objects.Volume, objects.Secret).ConfigureAwait(false);
        return await PutAsync(cluster, objects, NotedReplacement.Of(cluster, objects)).ConfigureAwait(false);
    }

    /// <summary>Finishes what a process that died has begun: only what was gone by then is made good.</summary>
    /// <returns>Null when there is nothing to make: the old service stands, another one has been made since, or nothing was there before and none of it is made.</returns>
    /// <inheritdoc cref="MakeAsync(ClusterConnection, ServiceObjects)"/>
    public async Task<(Workload Workload, bool IsNew)?> FinishAsync(ClusterConnection cluster, NotedReplacement note)
    {
        var (service, set) = (note.ReadService(), note.Set is null ? null : note.ReadSet());
        var wanted = HashOf((IMetadata<V1ObjectMeta>?)service ?? set!.Set);
        var (there, thereSet) = await CarriersAsync(cluster, note.Name).ConfigureAwait(false);
        IMetadata<V1ObjectMeta>[] staying = [.. new IMetadata<V1ObjectMeta>?[] { there, thereSet }.OfType<IMetadata<V1ObjectMeta>>().Where(carrier => carrier.Metadata.DeletionTimestamp is null)];
        if (staying.Any(carrier => HashOf(carrier) != wanted) || (note.IsFirst && staying.Length == 0))
        {
            await notes.EndAsync(note.Id).ConfigureAwait(false);
            return null;
        }

        return service is not null
            ? await PutAsync(cluster, new ServiceObjects(service, Volume: null, Secret: null), note).ConfigureAwait(false)
            : await PutAsync(cluster, set!, note).ConfigureAwait(false);
    }

    /// <returns>Uid of what carries a service and stays; null for nothing.</returns>
    public async Task<string?> FindAsync(ClusterConnection cluster, string name)
    {
        var (service, set) = await CarriersAsync(cluster, name).ConfigureAwait(false);
        return new IMetadata<V1ObjectMeta>?[] { service, set }.FirstOrDefault(carrier => carrier is { Metadata.DeletionTimestamp: null })?.Metadata.Uid;
    }

    /// <summary>Deletes what carries a service as it is now: what comes in its place meanwhile, from another replica, stays. To be called in a turn that was taken to stop it.</summary>
    /// <returns>Uids of what was deleted; empty for nothing.</returns>
    public async Task<IReadOnlyList<string>> RemoveAsync(ClusterConnection cluster, string name)
    {
        var (service, set) = await CarriersAsync(cluster, name).ConfigureAwait(false);
        List<string> deleted = [];
        foreach (var carrier in new IKubernetesObject<V1ObjectMeta>?[] { set, service }.OfType<IKubernetesObject<V1ObjectMeta>>())
        {
            if (await RemoveAsync(cluster, carrier).ConfigureAwait(false))
            {
                deleted.Add(carrier.Metadata.Uid);
            }
        }

        return deleted;
    }

    private static string HashOf(IMetadata<V1ObjectMeta> carrier) => HubFacts.Text(carrier.Metadata.Annotations, ServiceManifest.HashAnnotation);

    private Task<bool> RemoveAsync(ClusterConnection cluster, IKubernetesObject<V1ObjectMeta> carrier) => carrier is LeaderWorkerSet
        ? SetsOf(cluster).DeleteAsync(carrier.Metadata.Name, carrier.Metadata.Uid, CancellationToken.None)
        : ApiOf(cluster).DeleteAsync(carrier.Metadata.Name, carrier.Metadata.Uid, CancellationToken.None);

    private Task<(Workload Workload, bool IsNew)> PutAsync(ClusterConnection cluster, ServiceObjects objects, NotedReplacement note) => PutAsync(
        cluster,
        note,
        objects.Secret,
        async begin =>
        {
            var (api, name) = (ApiOf(cluster), objects.Service.Metadata.Name);
            var isBegun = await new MultiHostReplacement(cluster, SetsOf(cluster), begin, time, logger)
                .RemoveAsync(name, token => api.CheckAsync(objects.Service, token)).ConfigureAwait(false);
            return await new ServiceReplacement(cluster, api, pods, begin, time, logger).CreateOrReplaceAsync(objects.Service, isBegun).ConfigureAwait(false);
        },
        service => ServiceProjection.Project(cluster.Name, cluster.Status.ClusterId ?? "", service, [], []));

    private Task<(Workload Workload, bool IsNew)> PutAsync(ClusterConnection cluster, MultiHostObjects objects, NotedReplacement note) => PutAsync(
        cluster,
        note,
        objects.Secret,
        async begin =>
        {
            var api = ApiOf(cluster);
            var single = await api.FindAsync(objects.Address.Metadata.Name, CancellationToken.None).ConfigureAwait(false);
            if (single is not null)
            {
                await new ServiceReplacement(cluster, api, pods, begin, time, logger).RemoveAsync(single).ConfigureAwait(false);
            }

            return await new MultiHostReplacement(cluster, SetsOf(cluster), begin, time, logger).CreateOrReplaceAsync(objects, isBegun: single is not null).ConfigureAwait(false);
        },
        set => MultiHostProjection.Project(cluster.Name, cluster.Status.ClusterId ?? "", set, []));

    private async Task<(Workload Workload, bool IsNew)> PutAsync<T>(
        ClusterConnection cluster, NotedReplacement note, V1Secret? secret, Func<Func<string, Task>, Task<(T Carrier, bool IsNew)>> put, Func<T, Workload> project)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var (carrier, isNew) = await carriers.MakeAsync(cluster, note, new CarrierSteps<T>(
            put,
            there => carriers.OwnAsync(cluster, note, secret, there),
            made => WaitUntilSeenAsync(cluster, project(made)),
            made =>
            {
                justMade.Forget(project(made).Key);
                return RemoveAsync(cluster, made);
            })).ConfigureAwait(false);
        return (project(carrier), isNew);
    }

    /// <summary>The hub may ask for the status right after the call: it is answered from the caches, or from what was just made.</summary>
    private async Task WaitUntilSeenAsync(ClusterConnection cluster, Workload workload)
    {
        justMade.Add(workload, cluster);
        if (await feed.WaitForAsync(workload.Key, workload.Uid, time, CancellationToken.None).ConfigureAwait(false))
        {
            justMade.Forget(workload.Key);
        }
        else
        {
            LogNotSeen(workload.Key.Name, workload.Key.Cluster);
        }
    }

    private async Task<(KnativeService? Service, LeaderWorkerSet? Set)> CarriersAsync(ClusterConnection cluster, string name) => (
        await ApiOf(cluster).FindAsync(name, CancellationToken.None).ConfigureAwait(false),
        cluster.State.Services.MayHaveSets ? await SetsOf(cluster).FindAsync(LeaderWorkerSetNames.SetOf(name), CancellationToken.None).ConfigureAwait(false) : null);

    private async Task EnsureAsync(ClusterConnection cluster, string name, V1PersistentVolumeClaim? volume, V1Secret? secret)
    {
        if (volume is not null)
        {
            await new VolumeClaims(cluster, options.WorkloadNamespace, waits, time, logger).EnsureAsync(volume, KeyOf(cluster, name), CancellationToken.None).ConfigureAwait(false);
        }

        await new EnvironmentSecrets(cluster, options.WorkloadNamespace, time).EnsureAsync(secret, CancellationToken.None).ConfigureAwait(false);
    }

    private WorkloadKey KeyOf(ClusterConnection cluster, string name) => new(cluster.Name, WorkloadKind.Service, options.WorkloadNamespace, name);

    private KnativeApi ApiOf(ClusterConnection cluster) => new(cluster, options.WorkloadNamespace, time);

    private LeaderWorkerSetApi SetsOf(ClusterConnection cluster) => new(cluster, options.WorkloadNamespace, time);

    [LoggerMessage(LogLevel.Warning, "The watch of cluster {Cluster} has not told of the new service {Service} yet; its status is answered as just made")]
    private partial void LogNotSeen(string service, string cluster);
}
