using System.Net;
using System.Text.Json;
using k8s;
using Runner.Engine.Clusters.Api;

namespace Runner.Engine.Clusters.Connections;

/// <summary>Asks a cluster who it is.</summary>
/// <param name="ConfiguredId">Id that the configuration gives the cluster, null where it gives none.</param>
/// <param name="Namespace">Namespace of the workloads, whose UID is the cluster's id otherwise.</param>
internal sealed record ClusterIdentity(string? ConfiguredId, string Namespace)
{
    /// <summary>The API server's version such as <c>v1.36.2</c>, empty where it may not be asked.</summary>
    public async Task<string> VersionAsync(IKubernetes client, CancellationToken cancellationToken)
    {
        _ = this;
        try
        {
            using var response = await RawApi.GetAsync(client, "version", cancellationToken).ConfigureAwait(false);
            using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
            return json.RootElement.TryGetProperty("gitVersion", out var version) ? version.GetString() ?? "" : "";
        }
        catch (ApiStatusException exception) when (exception.Code == (int)HttpStatusCode.Forbidden)
        {
            return "";
        }
    }

    /// <summary>The id by which the hub knows the cluster, or null and why it cannot be told.</summary>
    public async Task<(string? Id, LocalText Problem)> IdAsync(IKubernetes client, string cluster, CancellationToken cancellationToken)
    {
        if (ConfiguredId is not null)
        {
            return (ConfiguredId, LocalText.None);
        }

        try
        {
            using var response = await RawApi.GetAsync(client, $"api/v1/namespaces/{Uri.EscapeDataString(Namespace)}", cancellationToken).ConfigureAwait(false);
            using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
            return (json.RootElement.GetProperty("metadata").GetProperty("uid").GetString(), LocalText.None);
        }
        catch (ApiStatusException exception) when (exception.Code == (int)HttpStatusCode.NotFound)
        {
            return (null, new(
                $"Cluster '{cluster}' has no namespace '{Namespace}' for workloads. Create it, or name another with STARHUB_SERVER_CLUSTER_SPACES_NAMESPACE.",
                $"集群“{cluster}”中没有用于工作负载的命名空间“{Namespace}”。请创建它，或用 STARHUB_SERVER_CLUSTER_SPACES_NAMESPACE 指定其他命名空间。"));
        }
        catch (ApiStatusException exception) when (exception.Code == (int)HttpStatusCode.Forbidden)
        {
            return (null, new(
                $"The runner may not read namespace '{Namespace}' of cluster '{cluster}', whose UID is the cluster's id. Grant it get on namespaces, or set STARHUB_SERVER_CLUSTER_ID.",
                $"Runner 无权读取集群“{cluster}”的命名空间“{Namespace}”，而其 UID 即集群标识。请授予对 namespaces 的 get 权限，或设置 STARHUB_SERVER_CLUSTER_ID。"));
        }
    }
}
