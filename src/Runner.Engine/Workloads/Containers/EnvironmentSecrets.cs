using System.Globalization;
using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Workloads.Containers;

/// <summary>Keeps the Secrets of <see cref="SecretEnvironment"/> in a cluster: there before what needs them, and gone with it.</summary>
/// <remarks>Throws <see cref="ApiStatusException"/> when the API server refuses, and what <see cref="ClusterProblem"/> describes when it does not answer.</remarks>
internal sealed class EnvironmentSecrets(ClusterConnection cluster, string @namespace, TimeProvider time) : ApiCalls(cluster, time)
{
    /// <summary>An old owner that goes at the same time may take the Secret with it once; more often is a fault.</summary>
    private const int MostAttempts = 5;

    /// <summary>Annotation with the time at which a Secret that was there was last wanted by somebody who was about to refer to it.</summary>
    internal const string WantedAnnotation = "csghub-environment-wanted-at";

    /// <summary>
    /// Creates a Secret unless it exists; one of the same name has the same content, and is marked as wanted, so that nobody takes it for left behind. It does not go with what had it before,
    /// which may be about to make room.
    /// </summary>
    /// <param name="secret">Null for none.</param>
    public Task EnsureAsync(V1Secret? secret, CancellationToken cancellationToken) =>
        PutAsync(secret, new() { ["annotations"] = Wanted(), ["ownerReferences"] = null }, createsFirst: true, cancellationToken);

    /// <summary>Lets a Secret go with the object that needs it, and with that one alone: one that was replaced must not take it along. Creates it where it has gone.</summary>
    /// <param name="secret">Null for none.</param>
    /// <param name="owner">As the cluster has it.</param>
    public Task OwnAsync(V1Secret? secret, IKubernetesObject<V1ObjectMeta> owner, CancellationToken cancellationToken) =>
        PutAsync(secret, new() { ["ownerReferences"] = Owners(owner) }, createsFirst: false, cancellationToken);

    /// <summary>As <see cref="OwnAsync(V1Secret?, IKubernetesObject{V1ObjectMeta}, CancellationToken)"/>, where its content is not known any more.</summary>
    /// <param name="secret">Its name.</param>
    /// <returns>False when there is none.</returns>
    public async Task<bool> OwnAsync(string secret, IKubernetesObject<V1ObjectMeta> owner, CancellationToken cancellationToken)
    {
        var patch = PatchOf(new() { ["ownerReferences"] = Owners(owner) });
        return await UnlessMissingAsync(
            (client, token) => client.CoreV1.PatchNamespacedSecretAsync(patch, secret, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false) is { Metadata.DeletionTimestamp: null };
    }

    /// <summary>As <see cref="EnsureAsync"/>, for an object that is there already and is about to need the Secret, with which the Secret goes.</summary>
    public Task PutAsync(V1Secret? secret, IKubernetesObject<V1ObjectMeta> owner, CancellationToken cancellationToken) =>
        PutAsync(secret, new() { ["annotations"] = Wanted(), ["ownerReferences"] = Owners(owner) }, createsFirst: true, cancellationToken);

    /// <summary>Every such Secret.</summary>
    public async Task<IList<V1Secret>> ListAsync(CancellationToken cancellationToken) => (await CallAsync(
        (client, token) => client.CoreV1.ListNamespacedSecretAsync(@namespace, labelSelector: SecretEnvironment.OwnerLabel, cancellationToken: token), cancellationToken).ConfigureAwait(false)).Items;

    /// <summary>Deletes a Secret exactly as it was looked at.</summary>
    /// <returns>False when somebody has touched it since.</returns>
    public Task<bool> DeleteAsync(V1Secret secret, CancellationToken cancellationToken) => DeleteIfAsync(
        (client, options, token) => client.CoreV1.DeleteNamespacedSecretAsync(secret.Metadata.Name, @namespace, options, cancellationToken: token),
        new() { Uid = secret.Metadata.Uid, ResourceVersion = secret.Metadata.ResourceVersion },
        cancellationToken);

    private Dictionary<string, string> Wanted() => new() { [WantedAnnotation] = Time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture) };

    private static object[] Owners(IKubernetesObject<V1ObjectMeta> owner) =>
        [new { apiVersion = owner.ApiVersion, kind = owner.Kind, name = owner.Metadata.Name, uid = owner.Metadata.Uid }];

    private static V1Patch PatchOf(Dictionary<string, object?> metadata) => new(JsonSerializer.Serialize(new { metadata }), V1Patch.PatchType.MergePatch);

    /// <summary>Has a Secret there with this in its metadata.</summary>
    private async Task PutAsync(V1Secret? secret, Dictionary<string, object?> metadata, bool createsFirst, CancellationToken cancellationToken)
    {
        if (secret is null)
        {
            return;
        }

        var name = secret.Metadata.Name;
        var patch = PatchOf(metadata);
        for (var attempt = 1; attempt <= MostAttempts; attempt++)
        {
            if (createsFirst || attempt > 1)
            {
                await UnlessExistsAsync((client, token) => client.CoreV1.CreateNamespacedSecretAsync(secret, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false);
            }

            var there = await UnlessMissingAsync(
                (client, token) => client.CoreV1.PatchNamespacedSecretAsync(patch, name, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false);
            if (there is { Metadata.DeletionTimestamp: null })
            {
                return;
            }
        }

        throw new TimeoutException($"Secret '{name}' goes again and again");
    }
}
