using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters;

namespace Runner.Engine.Workloads;

/// <summary>Keeps the Secrets of <see cref="SecretEnvironment"/> in a cluster: there before what needs them, and gone with it.</summary>
/// <remarks>Throws <see cref="ApiStatusException"/> when the API server refuses, and what <see cref="ClusterProblem"/> describes when it does not answer.</remarks>
internal sealed class EnvironmentSecrets(ClusterConnection cluster, string @namespace, TimeProvider time) : ApiCalls(cluster, time)
{
    /// <summary>An old owner that goes at the same time may take the Secret with it once; more often is a fault.</summary>
    private const int MostAttempts = 5;

    /// <summary>Creates a Secret unless it exists; one of the same name has the same content.</summary>
    /// <param name="secret">Null for none.</param>
    public async Task EnsureAsync(V1Secret? secret, CancellationToken cancellationToken)
    {
        if (secret is null)
        {
            return;
        }

        try
        {
            await CallAsync((client, token) => client.CoreV1.CreateNamespacedSecretAsync(secret, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        }
        catch (ApiStatusException exists) when (exists is { Code: 409, Reason: "AlreadyExists" })
        {
            // From the same request before, or from one with the same values.
        }
    }

    /// <summary>Lets a Secret go with the object that needs it, and with that one alone: one that was replaced must not take it along.</summary>
    /// <param name="secret">Null for none.</param>
    /// <param name="owner">As the cluster has it.</param>
    public async Task OwnAsync(V1Secret? secret, IKubernetesObject<V1ObjectMeta> owner, CancellationToken cancellationToken)
    {
        if (secret is null)
        {
            return;
        }

        var owners = new[] { new { apiVersion = owner.ApiVersion, kind = owner.Kind, name = owner.Metadata.Name, uid = owner.Metadata.Uid } };
        var patch = new V1Patch(JsonSerializer.Serialize(new { metadata = new { ownerReferences = owners } }), V1Patch.PatchType.MergePatch);
        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            var owned = await UnlessMissingAsync(
                (client, token) => client.CoreV1.PatchNamespacedSecretAsync(patch, secret.Metadata.Name, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false);
            if (owned is { Metadata.DeletionTimestamp: null })
            {
                return;
            }

            await EnsureAsync(secret, cancellationToken).ConfigureAwait(false);
        }

        throw new TimeoutException($"Secret '{secret.Metadata.Name}' goes again and again");
    }
}
