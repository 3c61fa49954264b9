using k8s;
using k8s.Models;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Workloads.Argo;

/// <summary>The calls that Argo Workflows need, one API call each.</summary>
internal sealed class ArgoApi(ClusterConnection cluster, string @namespace, TimeProvider time)
    : CustomObjectApi<ArgoWorkflow>(cluster, @namespace, new(ArgoNames.Group, ArgoNames.Version, ArgoNames.Plural), time)
{
    /// <summary>The pods of all Workflows that have, or had, a name, as the API server knows them.</summary>
    public async Task<IEnumerable<V1Pod>> PodsOfAsync(string name, CancellationToken cancellationToken) => (await CallAsync(
        (client, token) => client.CoreV1.ListNamespacedPodAsync(Namespace, labelSelector: $"{ArgoNames.WorkflowLabel}={name}", cancellationToken: token), cancellationToken).ConfigureAwait(false)).Items;

    /// <summary>Sets how long a workflow stays after its end; nothing when it is gone or another one has its name.</summary>
    /// <param name="seconds">From its end on.</param>
    public async Task SetTimeToLiveAsync(string name, string uid, int seconds, CancellationToken cancellationToken)
    {
        try
        {
            // The uid makes it a condition that the object is the one that was looked at.
            await PatchAsync(
                ArgoNames.Plural, name, new { metadata = new { uid }, spec = new { ttlStrategy = new { secondsAfterCompletion = seconds } } }, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiStatusException other) when (other.Code == 409)
        {
        }
    }
}
