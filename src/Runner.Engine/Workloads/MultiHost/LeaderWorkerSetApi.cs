using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters;

namespace Runner.Engine.Workloads.MultiHost;

/// <summary>The writes that LeaderWorkerSets need, one API call each.</summary>
internal sealed class LeaderWorkerSetApi(ClusterConnection cluster, string @namespace, TimeProvider time) : ApiCalls(cluster, time)
{
    /// <summary>The manager writes to a set only its status; more conflicts in a row than this are a fault.</summary>
    private const int MostAttempts = 10;

    /// <summary>Path of the kind in the namespace.</summary>
    public string Path => $"apis/{LeaderWorkerSetNames.Group}/{LeaderWorkerSetNames.Version}/namespaces/{@namespace}/{LeaderWorkerSetNames.Plural}";

    /// <summary>Path of core Services in the namespace.</summary>
    public string ServicesPath => $"api/v1/namespaces/{@namespace}/services";

    /// <summary>Path of StatefulSets in the namespace.</summary>
    public string StatefulSetsPath => $"apis/apps/v1/namespaces/{@namespace}/statefulsets";

    /// <param name="dryRun">Only has the API server check it.</param>
    /// <returns>What was created, or null when one of that name exists.</returns>
    /// <exception cref="ApiStatusException">With code 404 where the cluster does not know the kind.</exception>
    public Task<LeaderWorkerSet?> CreateAsync(LeaderWorkerSet set, bool dryRun, CancellationToken cancellationToken) => UnlessExistsAsync(
        (client, token) => client.CustomObjects.CreateNamespacedCustomObjectAsync<LeaderWorkerSet>(
            set, LeaderWorkerSetNames.Group, LeaderWorkerSetNames.Version, @namespace, LeaderWorkerSetNames.Plural, dryRun: dryRun ? "All" : null, cancellationToken: token),
        cancellationToken);

    /// <returns>The set as it is, or null.</returns>
    public Task<LeaderWorkerSet?> FindAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CustomObjects.GetNamespacedCustomObjectAsync<LeaderWorkerSet>(
            LeaderWorkerSetNames.Group, LeaderWorkerSetNames.Version, @namespace, LeaderWorkerSetNames.Plural, name, token),
        cancellationToken);

    /// <summary>Reads a set, has it changed and writes it; once more from the start when somebody else wrote in between.</summary>
    /// <param name="change">Changes the set; false when there is nothing to write. May be called several times.</param>
    /// <returns>The set as the cluster has it, or null when there is none.</returns>
    public async Task<LeaderWorkerSet?> ChangeAsync(string name, Func<LeaderWorkerSet, CancellationToken, Task<bool>> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var set = await FindAsync(name, cancellationToken).ConfigureAwait(false);
            if (set is null or { Metadata.DeletionTimestamp: not null })
            {
                return null;
            }

            if (!await change(set, cancellationToken).ConfigureAwait(false))
            {
                return set;
            }

            set.Status = null;
            try
            {
                return await CallAsync(
                    (client, token) => client.CustomObjects.ReplaceNamespacedCustomObjectAsync<LeaderWorkerSet>(
                        set, LeaderWorkerSetNames.Group, LeaderWorkerSetNames.Version, @namespace, LeaderWorkerSetNames.Plural, name, cancellationToken: token),
                    cancellationToken).ConfigureAwait(false);
            }
            catch (ApiStatusException conflict) when (conflict.Code == 409 && attempt < MostAttempts)
            {
                // With the set as it is now.
            }
        }
    }

    /// <summary>Sets an annotation of a set; nothing when it is gone.</summary>
    public Task AnnotateAsync(string name, string annotation, string value, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CustomObjects.PatchNamespacedCustomObjectAsync<object>(
            AnnotationPatch(annotation, value), LeaderWorkerSetNames.Group, LeaderWorkerSetNames.Version, @namespace, LeaderWorkerSetNames.Plural, name, cancellationToken: token),
        cancellationToken);

    /// <summary>Deletes a set in the background: a foreground deletion does not end, because the manager makes anew what the collector deletes.</summary>
    /// <param name="uid">Deletes only the object with this uid; null for whichever has the name.</param>
    /// <returns>False when there was nothing to delete.</returns>
    public async Task<bool> DeleteAsync(string name, string? uid, CancellationToken cancellationToken)
    {
        var options = new V1DeleteOptions { PropagationPolicy = "Background", Preconditions = uid is null ? null : new() { Uid = uid } };
        try
        {
            return await UnlessMissingAsync(
                (client, token) => client.CustomObjects.DeleteNamespacedCustomObjectAsync<object>(
                    LeaderWorkerSetNames.Group, LeaderWorkerSetNames.Version, @namespace, LeaderWorkerSetNames.Plural, name, options, cancellationToken: token),
                cancellationToken).ConfigureAwait(false) is not null;
        }
        catch (ApiStatusException conflict) when (conflict.Code == 409 && uid is not null)
        {
            // Another one has the name by now: the one that was meant is gone.
            return false;
        }
    }

    /// <returns>What was created, or null when one of that name exists.</returns>
    public Task<V1Service?> CreateAddressAsync(V1Service address, CancellationToken cancellationToken) => UnlessExistsAsync(
        (client, token) => client.CoreV1.CreateNamespacedServiceAsync(address, @namespace, cancellationToken: token), cancellationToken);

    /// <returns>The Service as it is, or null.</returns>
    public Task<V1Service?> FindAddressAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CoreV1.ReadNamespacedServiceAsync(name, @namespace, cancellationToken: token), cancellationToken);

    /// <summary>Leads a Service with one port to another port of its pods; nothing when it is gone.</summary>
    public Task SetPortAsync(string name, V1ServicePort before, int target, CancellationToken cancellationToken)
    {
        var ports = new[] { new { name = before.Name, port = before.Port, protocol = before.Protocol, targetPort = target } };
        var patch = new V1Patch(JsonSerializer.Serialize(new { spec = new { ports } }), V1Patch.PatchType.MergePatch);
        return UnlessMissingAsync((client, token) => client.CoreV1.PatchNamespacedServiceAsync(patch, name, @namespace, cancellationToken: token), cancellationToken);
    }

    /// <returns>What was created, or null when one of that name exists.</returns>
    /// <exception cref="ApiStatusException">With code 404 where the cluster does not know the kind.</exception>
    public Task<IngressRoute?> CreateRouteAsync(IngressRoute route, CancellationToken cancellationToken) => UnlessExistsAsync(
        (client, token) => client.CustomObjects.CreateNamespacedCustomObjectAsync<IngressRoute>(
            route, IngressRoute.Group, IngressRoute.Version, @namespace, IngressRoute.Plural, cancellationToken: token),
        cancellationToken);

    /// <returns>The route as it is, or null.</returns>
    public Task<IngressRoute?> FindRouteAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CustomObjects.GetNamespacedCustomObjectAsync<IngressRoute>(IngressRoute.Group, IngressRoute.Version, @namespace, IngressRoute.Plural, name, token),
        cancellationToken);
}
