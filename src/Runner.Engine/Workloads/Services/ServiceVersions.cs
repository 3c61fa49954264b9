using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.MultiHost;

namespace Runner.Engine.Workloads.Services;

/// <summary>Versions of a model served side by side, and how requests are shared out over them.</summary>
/// <remarks>
/// Decides on what the cluster says now, not on the caches: two changes in a row must build on each other. Each is carried through, whether or not the caller waits for it.
/// </remarks>
public sealed partial class ServiceVersions(RunnerOptions options, TimeProvider time, ILogger<ServiceVersions> logger)
{
    /// <summary>Deploys another commit beside those that are there.</summary>
    /// <param name="initialTraffic">Percent of the requests that it gets, 0 to 100.</param>
    /// <exception cref="VersionRefusedException">It cannot be deployed as things stand; nothing was changed.</exception>
    /// <exception cref="RequestRefusedException">No commit was named.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task CreateAsync(ClusterConnection cluster, string serviceName, string commit, int initialTraffic)
    {
        var removed = "";
        await ChangeAsync(cluster, serviceName, new("was not deployed in another version", "没有部署新版本"), async (api, service, token) =>
        {
            var revisions = await api.RevisionsAsync(serviceName, token).ConfigureAwait(false);
            VersionRules.CheckNew(service, VersionRules.Live(revisions), commit, initialTraffic);
            removed = Prepare(service, revisions, commit, initialTraffic);
            service.Metadata.Annotations?.Remove(ServiceManifest.HashAnnotation);
            return true;
        }).ConfigureAwait(false);

        LogCreated(commit, serviceName, cluster.Name, initialTraffic);
        if (removed.Length > 0)
        {
            // Not before the traffic is set: a change that starts over must find things as they were.
            await MarkAsync(cluster, serviceName, removed, deleted: false).ConfigureAwait(false);
        }
    }

    /// <summary>Has the service make a revision of the commit.</summary>
    /// <returns>A revision that was removed and serves again instead; empty for none.</returns>
    private static string Prepare(KnativeService service, IReadOnlyList<KnativeRevision> revisions, string commit, int initialTraffic)
    {
        var label = VersionRules.Label(commit);
        if (VersionRules.CommitOf(service.Spec!.Template!.Metadata) != label)
        {
            VersionRules.SetCommit(service, commit);
            service.Spec.Traffic = VersionTraffic.WithNew(service, initialTraffic);
            return "";
        }

        // A template that bears the commit already makes no new revision: the one it made before is taken back, or is on its way.
        var removed = revisions.LastOrDefault(revision => VersionRules.IsDeleted(revision) && VersionRules.CommitOf(revision.Metadata) == label)?.Metadata.Name
            ?? throw new VersionRefusedException(VersionCodes.CommitDeployed, $"commit {commit} is being deployed already");
        service.Spec.Traffic = VersionTraffic.WithNew(service, initialTraffic, removed);
        return removed;
    }

    /// <summary>Shares the requests out over the versions.</summary>
    /// <exception cref="VersionRefusedException">A share is not valid; nothing was changed.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public Task SetTrafficAsync(ClusterConnection cluster, string serviceName, IReadOnlyCollection<VersionShare> shares) =>
        ChangeAsync(cluster, serviceName, new("keeps its traffic", "的流量保持不变"), async (api, service, token) =>
        {
            var live = VersionRules.Live(await api.RevisionsAsync(serviceName, token).ConfigureAwait(false));
            return SetTraffic(service, VersionRules.Traffic(live, shares));
        });

    /// <summary>Removes a version; the others take over its requests in proportion to what they have. Nothing happens when it was removed before.</summary>
    /// <exception cref="VersionRefusedException">The commit is unknown, or no other version would remain.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task DeleteAsync(ClusterConnection cluster, string serviceName, string commit)
    {
        IReadOnlyCollection<string> removed = [];
        await ChangeAsync(cluster, serviceName, new($"keeps version {ResourceRules.Shown(commit)}", $"保留版本 {ResourceRules.Shown(commit)}"), async (api, service, token) =>
        {
            var revisions = await api.RevisionsAsync(serviceName, token).ConfigureAwait(false);
            var live = VersionRules.Live(revisions);
            if (VersionRules.Find(live, commit) is null)
            {
                removed = [];
                return revisions.Any(revision => VersionRules.CommitOf(revision.Metadata) == VersionRules.Label(commit))
                    ? false
                    : throw new VersionRefusedException(VersionCodes.CommitUnknown, $"commit '{ResourceRules.Shown(commit)}' is not deployed");
            }

            (var traffic, removed) = VersionRules.Remove(service, live, commit);
            return SetTraffic(service, traffic);
        }).ConfigureAwait(false);

        foreach (var revision in removed)
        {
            await MarkAsync(cluster, serviceName, revision, deleted: true).ConfigureAwait(false);
            LogDeleted(revision, serviceName, cluster.Name);
        }
    }

    private Task MarkAsync(ClusterConnection cluster, string serviceName, string revision, bool deleted) =>
        GuardAsync(cluster, serviceName, new($"could not have revision {revision} marked as {(deleted ? "deleted" : "in use")}", $"的修订 {revision} 未能标记为{(deleted ? "已删除" : "使用中")}"), () => ApiOf(cluster).MarkRevisionAsync(revision, deleted, CancellationToken.None));

    private static bool SetTraffic(KnativeService service, IList<KnativeTrafficTarget> traffic)
    {
        if (VersionTraffic.AreEqual(service.Spec!.Traffic, traffic))
        {
            return false;
        }

        service.Spec.Traffic = traffic;
        service.Metadata.Annotations?.Remove(ServiceManifest.HashAnnotation);
        return true;
    }

    private Task ChangeAsync(
        ClusterConnection cluster, string serviceName, LocalText otherwise, Func<KnativeApi, KnativeService, CancellationToken, Task<bool>> change) =>
        GuardAsync(cluster, serviceName, otherwise, async () =>
        {
            var api = ApiOf(cluster);
            var service = Naming.IsServiceName(serviceName)
                ? await api.ChangeAsync(serviceName, (found, token) => change(api, found, token), CancellationToken.None).ConfigureAwait(false)
                : null;
            if (service is null)
            {
                throw new VersionRefusedException(VersionCodes.ServiceUnknown, SpansHosts(cluster, serviceName)
                    ? $"service '{serviceName}' spans several hosts, so its versions do not run side by side; update it instead"
                    : $"there is no service '{ResourceRules.Shown(serviceName)}'");
            }
        });

    private bool SpansHosts(ClusterConnection cluster, string serviceName) =>
        cluster.State.Services.Sets.Find(options.WorkloadNamespace, LeaderWorkerSetNames.SetOf(serviceName)) is { Metadata.DeletionTimestamp: null };

    private static async Task GuardAsync(ClusterConnection cluster, string serviceName, LocalText otherwise, Func<Task> call)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (ApiStatusException refusal) when (refusal.Code is 400 or 422)
        {
            throw new RequestRefusedException(new LocalText(
                $"Cluster '{cluster.Name}' does not take this: service '{serviceName}' {otherwise.English}. {refusal.Message}",
                $"集群“{cluster.Name}”不接受此更改：服务“{serviceName}”{otherwise.Chinese}。{refusal.Message}"));
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            throw new ClusterOperationException(
                new LocalText($"Service '{serviceName}' {otherwise.English}.", $"服务“{serviceName}”{otherwise.Chinese}。").Then(ClusterProblem.Describe(exception, cluster.Name)), exception);
        }
    }

    private KnativeApi ApiOf(ClusterConnection cluster) => new(cluster, options.WorkloadNamespace, time);

    [LoggerMessage(LogLevel.Information, "Deploying commit {Commit} of service {Service} in cluster {Cluster} with {Percent} % of the requests")]
    private partial void LogCreated(string commit, string service, string cluster, int percent);

    [LoggerMessage(LogLevel.Information, "Removed revision {Revision} of service {Service} in cluster {Cluster}")]
    private partial void LogDeleted(string revision, string service, string cluster);
}
