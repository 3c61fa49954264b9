using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.MultiHost;

namespace Runner.Engine.Workloads.Services;

/// <summary>What an administrator does to a service that stays: starts its instances anew, or changes how many there may be. Carried through, whether or not the caller waits for it.</summary>
public sealed partial class ServiceControl(RunnerOptions options, TimeProvider time, ILogger<ServiceControl> logger)
{
    /// <summary>
    /// Starts all instances of the newest version anew, one after the other, so that the service goes on answering. Versions beside it stay as they are.
    /// </summary>
    /// <exception cref="RequestRefusedException">There is no such service, or the cluster does not take the change.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task RestartAsync(ClusterConnection cluster, string serviceName)
    {
        // One moment for all attempts: whoever writes in between does not cause a second restart.
        var at = time.GetUtcNow();
        await ChangeAsync(cluster, serviceName, new("was not restarted", "未重启"), (service, revisions) => ServiceChanges.Restart(service, revisions, at), set => ServiceChanges.Restart(set, at)).ConfigureAwait(false);
        LogRestarted(serviceName, cluster.Name);
    }

    /// <summary>Changes how many instances there may be. Safe to repeat: a service that is as wanted stays as it is.</summary>
    /// <exception cref="RequestRefusedException">The service cannot have so many, there is no such service, or the cluster does not take the change.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task ScaleAsync(ClusterConnection cluster, string serviceName, ReplicaRange range)
    {
        await ChangeAsync(cluster, serviceName, new("was not scaled", "未扩缩容"), (service, revisions) => ServiceChanges.Scale(service, revisions, range), set => ServiceChanges.Scale(set, range)).ConfigureAwait(false);
        LogScaled(serviceName, cluster.Name, range.Min, range.Max);
    }

    private async Task ChangeAsync(
        ClusterConnection cluster, string serviceName, LocalText otherwise, Func<KnativeService, IReadOnlyList<KnativeRevision>, bool> change, Func<LeaderWorkerSet, bool> changeSet)
    {
        var api = new KnativeApi(cluster, options.WorkloadNamespace, time);
        try
        {
            var isFound = Naming.IsServiceName(serviceName)
                && (await api.ChangeAsync(
                        serviceName, async (found, token) => change(found, await api.PinnedRevisionsAsync(found, token).ConfigureAwait(false)), CancellationToken.None).ConfigureAwait(false) is not null
                    || (cluster.State.Services.MayHaveSets
                        && await new LeaderWorkerSetApi(cluster, options.WorkloadNamespace, time).ChangeAsync(LeaderWorkerSetNames.SetOf(serviceName), changeSet, CancellationToken.None).ConfigureAwait(false) is not null));
            if (!isFound)
            {
                throw new RequestRefusedException(new LocalText(
                    $"Service '{ResourceRules.Shown(serviceName)}' {otherwise.English}: there is none of that name in cluster '{cluster.Name}'.",
                    $"服务“{ResourceRules.Shown(serviceName)}”{otherwise.Chinese}：集群“{cluster.Name}”中没有该名称的服务。"));
            }
        }
        catch (ApiStatusException refusal) when (refusal.Code is 400 or 422)
        {
            throw new RequestRefusedException(new LocalText(
                $"Service '{serviceName}' {otherwise.English}: cluster '{cluster.Name}' does not take the change. {refusal.Message}",
                $"服务“{serviceName}”{otherwise.Chinese}：集群“{cluster.Name}”不接受该更改。{refusal.Message}"));
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            throw new ClusterOperationException(
                new LocalText($"Service '{serviceName}' {otherwise.English}.", $"服务“{serviceName}”{otherwise.Chinese}。").Then(ClusterProblem.Describe(exception, cluster.Name)), exception);
        }
    }

    [LoggerMessage(LogLevel.Information, "Restarted service {Service} in cluster {Cluster}")]
    private partial void LogRestarted(string service, string cluster);

    [LoggerMessage(LogLevel.Information, "Service {Service} in cluster {Cluster} may have {Min} to {Max} instances")]
    private partial void LogScaled(string service, string cluster, int min, int max);
}
