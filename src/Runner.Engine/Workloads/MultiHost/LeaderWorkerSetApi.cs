using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Workloads.MultiHost;

/// <summary>The writes that LeaderWorkerSets need, one API call each.</summary>
internal sealed class LeaderWorkerSetApi(ClusterConnection cluster, string @namespace, TimeProvider time)
    : CustomObjectApi<LeaderWorkerSet>(cluster, @namespace, new(LeaderWorkerSetNames.Group, LeaderWorkerSetNames.Version, LeaderWorkerSetNames.Plural), time)
{
    /// <summary>Path of core Services in the namespace.</summary>
    public string ServicesPath => $"api/v1/namespaces/{Namespace}/services";

    /// <summary>Path of StatefulSets in the namespace.</summary>
    public string StatefulSetsPath => $"apis/apps/v1/namespaces/{Namespace}/statefulsets";

    /// <returns>What was created, or null when one of that name exists.</returns>
    public Task<V1Service?> CreateAddressAsync(V1Service address, CancellationToken cancellationToken) => UnlessExistsAsync(
        (client, token) => client.CoreV1.CreateNamespacedServiceAsync(address, Namespace, cancellationToken: token), cancellationToken);

    /// <returns>The Service as it is, or null.</returns>
    public Task<V1Service?> FindAddressAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CoreV1.ReadNamespacedServiceAsync(name, Namespace, cancellationToken: token), cancellationToken);

    /// <summary>Leads a Service with one port to another port of its pods; nothing when it is gone.</summary>
    public Task SetPortAsync(string name, V1ServicePort before, int target, CancellationToken cancellationToken)
    {
        var ports = new[] { new { name = before.Name, port = before.Port, protocol = before.Protocol, targetPort = target } };
        var patch = new V1Patch(JsonSerializer.Serialize(new { spec = new { ports } }), V1Patch.PatchType.MergePatch);
        return UnlessMissingAsync((client, token) => client.CoreV1.PatchNamespacedServiceAsync(patch, name, Namespace, cancellationToken: token), cancellationToken);
    }

    /// <returns>What was created, or null when one of that name exists.</returns>
    /// <exception cref="ApiStatusException">With code 404 where the cluster does not know the kind.</exception>
    public Task<IngressRoute?> CreateRouteAsync(IngressRoute route, CancellationToken cancellationToken) => UnlessExistsAsync(
        (client, token) => client.CustomObjects.CreateNamespacedCustomObjectAsync<IngressRoute>(
            route, IngressRoute.Group, IngressRoute.Version, Namespace, IngressRoute.Plural, cancellationToken: token),
        cancellationToken);

    /// <returns>The route as it is, or null.</returns>
    public Task<IngressRoute?> FindRouteAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CustomObjects.GetNamespacedCustomObjectAsync<IngressRoute>(IngressRoute.Group, IngressRoute.Version, Namespace, IngressRoute.Plural, name, token),
        cancellationToken);
}
