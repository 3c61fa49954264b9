using System.Text;
using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Registry;

/// <summary>The pull secret of a cluster's workload namespace, where the registry's credentials are kept.</summary>
internal sealed class PullSecret(ClusterConnection cluster, string @namespace, string name, TimeProvider time) : ApiCalls(cluster, time)
{
    /// <returns>The text with the credentials; null where there is no such secret.</returns>
    /// <exception cref="ApiStatusException">The API server refuses.</exception>
    public async Task<string?> ReadAsync(CancellationToken cancellationToken) =>
        await FindAsync(cancellationToken).ConfigureAwait(false) is { } secret ? TextOf(secret) : null;

    /// <summary>Keeps other credentials for one registry; those of others stay. Makes the secret where there is none.</summary>
    /// <exception cref="ApiStatusException">The API server refuses.</exception>
    public async Task SaveAsync(RegistryAddress registry, string userName, string password, CancellationToken cancellationToken)
    {
        var secret = await FindAsync(cancellationToken).ConfigureAwait(false);
        var data = new Dictionary<string, byte[]> { [DockerConfig.Key] = Encoding.UTF8.GetBytes(DockerConfig.With(secret is null ? "" : TextOf(secret), registry, userName, password)) };
        if (secret is null)
        {
            var made = new V1Secret { Metadata = new() { Name = name, NamespaceProperty = @namespace }, Type = "kubernetes.io/dockerconfigjson", Data = data };
            await CallAsync((client, token) => client.CoreV1.CreateNamespacedSecretAsync(made, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false);
            return;
        }

        // A patch, as the official chart grants no update of secrets; with the version, so that another's change in between is not lost.
        var patch = new V1Patch(JsonSerializer.Serialize(new { metadata = new { resourceVersion = secret.Metadata.ResourceVersion }, data }), V1Patch.PatchType.MergePatch);
        await CallAsync((client, token) => client.CoreV1.PatchNamespacedSecretAsync(patch, name, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false);
    }

    private Task<V1Secret?> FindAsync(CancellationToken cancellationToken) =>
        UnlessMissingAsync((client, token) => client.CoreV1.ReadNamespacedSecretAsync(name, @namespace, cancellationToken: token), cancellationToken);

    private static string TextOf(V1Secret secret) => secret.Data?.TryGetValue(DockerConfig.Key, out var bytes) == true ? Encoding.UTF8.GetString(bytes) : "";
}
