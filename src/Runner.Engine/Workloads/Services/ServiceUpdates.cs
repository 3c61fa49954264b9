using System.Globalization;
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

/// <summary>Changes running services: another image, environment, hardware or number of instances. Carried through, whether or not the caller waits for it.</summary>
public sealed partial class ServiceUpdates(RunnerOptions options, LiveSettings settings, ClusterDirectory clusters, ComingWorkloads coming, TimeProvider time, ILogger<ServiceUpdates> logger)
{
    /// <summary>Changes the service. Safe to repeat: a service that is as wanted stays as it is, without a new revision.</summary>
    /// <returns>The hub's id of the deploy, 0 where none is known; null when there is no such service.</returns>
    /// <exception cref="RequestRefusedException">The request cannot be carried out as it is; nothing was changed.</exception>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task<long?> UpdateAsync(string serviceName, ServiceUpdateRequest request)
    {
        var cluster = clusters.Resolve(request.ClusterId);
        if (!Naming.IsServiceName(serviceName))
        {
            return null;
        }

        string Safe(string message) => SecretText.Hide(message, request.Env?.Values ?? Enumerable.Empty<string>());
        try
        {
            var secrets = new EnvironmentSecrets(cluster, options.WorkloadNamespace, time);
            var changed = false;
            async Task<bool> ChangeAsync(IKubernetesObject<V1ObjectMeta> carrier, bool isOther, V1Secret? secret, CancellationToken token)
            {
                // What pods need is there, and goes with the service whatever becomes of the update, before the first of them can ask for it.
                await secrets.PutAsync(secret, carrier, token).ConfigureAwait(false);
                return changed = isOther;
            }

            var api = new KnativeApi(cluster, options.WorkloadNamespace, time);
            IKubernetesObject<V1ObjectMeta>? carrier = await api.ChangeAsync(
                serviceName,
                async (found, token) =>
                {
                    var revisions = await api.PinnedRevisionsAsync(found, token).ConfigureAwait(false);
                    return await ChangeAsync(found, ServiceUpdate.Apply(found, revisions, request, options, out var secret), secret, token).ConfigureAwait(false);
                },
                CancellationToken.None).ConfigureAwait(false);
            if (carrier is null)
            {
                var sets = new LeaderWorkerSetApi(cluster, options.WorkloadNamespace, time);
                var set = !cluster.State.Services.MayHaveSets ? null : await sets.ChangeAsync(
                    LeaderWorkerSetNames.SetOf(serviceName),
                    (found, token) => ChangeAsync(found, MultiHostUpdate.Apply(found, request, options, settings.Of(cluster.Name).NetworkInterface, out var secret), secret, token), CancellationToken.None).ConfigureAwait(false);
                if (set is null)
                {
                    return !coming.IsAwaited(cluster, WorkloadKind.Service, serviceName) ? null : throw new ClusterOperationException(
                        $"Service '{serviceName}' was not updated: it is being replaced, and the new one is not there yet. Ask again in a moment.");
                }

                await LeadAsync(sets, serviceName, set).ConfigureAwait(false);
                carrier = set;
            }

            if (changed)
            {
                LogUpdated(serviceName, cluster.Name);
            }

            return carrier.Metadata.Annotations?.TryGetValue(HubNames.DeployIdAnnotation, out var text) == true
                && long.TryParse(text, CultureInfo.InvariantCulture, out var id) ? id : 0;
        }
        catch (ApiStatusException refusal) when (refusal.Code is 400 or 422)
        {
            throw new RequestRefusedException($"Cluster '{cluster.Name}' does not take the update of service '{serviceName}': {Safe(refusal.Message)}");
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            throw new ClusterOperationException(Safe($"Service '{serviceName}' was not updated. {ClusterProblem.Describe(exception, cluster.Name)}"), exception);
        }
    }

    /// <summary>The address of a service over several hosts leads to the port on which the leaders listen, which an update may change.</summary>
    private static async Task LeadAsync(LeaderWorkerSetApi sets, string serviceName, LeaderWorkerSet set)
    {
        if (MultiHostManifest.PortOf(set) is { } port
            && await sets.FindAddressAsync(serviceName, CancellationToken.None).ConfigureAwait(false) is { Spec.Ports: [{ } leads] } && leads.TargetPort != port.ToString(CultureInfo.InvariantCulture))
        {
            await sets.SetPortAsync(serviceName, leads, port, CancellationToken.None).ConfigureAwait(false);
        }
    }

    [LoggerMessage(LogLevel.Information, "Updated service {Service} in cluster {Cluster}")]
    private partial void LogUpdated(string service, string cluster);
}
