using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters;

namespace Runner.Engine.Workloads.Argo;

/// <summary>What was made for a workflow that has not claimed it.</summary>
/// <param name="Job">Name of the workflow.</param>
/// <param name="Secret">Null when it is a volume.</param>
/// <param name="Volume">Null when it is a Secret.</param>
internal sealed record Unclaimed(string Job, string? Secret, string? Volume, DateTime? CreatedAt);

/// <summary>The writes that Argo Workflows need, one API call each.</summary>
internal sealed class ArgoApi(ClusterConnection cluster, string @namespace, TimeProvider time) : ApiCalls(cluster, time)
{
    /// <returns>What was created, or null when one of that name exists.</returns>
    public Task<ArgoWorkflow?> CreateAsync(ArgoWorkflow workflow, CancellationToken cancellationToken) => UnlessExistsAsync(
        (client, token) => client.CustomObjects.CreateNamespacedCustomObjectAsync<ArgoWorkflow>(
            workflow, ArgoNames.Group, ArgoNames.Version, @namespace, ArgoNames.Plural, cancellationToken: token),
        cancellationToken);

    /// <returns>The workflow as it is, or null.</returns>
    public Task<ArgoWorkflow?> FindAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CustomObjects.GetNamespacedCustomObjectAsync<ArgoWorkflow>(
            ArgoNames.Group, ArgoNames.Version, @namespace, ArgoNames.Plural, name, token),
        cancellationToken);

    /// <returns>False when there was nothing to delete.</returns>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellationToken) => await UnlessMissingAsync(
        (client, token) => client.CustomObjects.DeleteNamespacedCustomObjectAsync<object>(
            ArgoNames.Group, ArgoNames.Version, @namespace, ArgoNames.Plural, name, new V1DeleteOptions { PropagationPolicy = "Background" }, cancellationToken: token),
        cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Sets an annotation; nothing when the workflow is gone.</summary>
    public Task AnnotateAsync(string name, string annotation, string value, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CustomObjects.PatchNamespacedCustomObjectAsync<object>(
            AnnotationPatch(annotation, value), ArgoNames.Group, ArgoNames.Version, @namespace, ArgoNames.Plural, name, cancellationToken: token),
        cancellationToken);

    /// <summary>Sets how long a workflow stays after its end; nothing when it is gone or another one has its name.</summary>
    /// <param name="seconds">From its end on.</param>
    public async Task SetTimeToLiveAsync(string name, string uid, int seconds, CancellationToken cancellationToken)
    {
        // The uid makes it a condition that the object is the one that was looked at.
        var patch = new V1Patch(
            JsonSerializer.Serialize(new { metadata = new { uid }, spec = new { ttlStrategy = new { secondsAfterCompletion = seconds } } }), V1Patch.PatchType.MergePatch);
        try
        {
            await UnlessMissingAsync(
                (client, token) => client.CustomObjects.PatchNamespacedCustomObjectAsync<object>(
                    patch, ArgoNames.Group, ArgoNames.Version, @namespace, ArgoNames.Plural, name, cancellationToken: token),
                cancellationToken).ConfigureAwait(false);
        }
        catch (ApiStatusException other) when (other.Code == 409)
        {
        }
    }

    /// <summary>Makes a workflow the owner of a Secret and a volume; null for none.</summary>
    public async Task AdoptAsync(ArgoWorkflow workflow, string? secret, string? volume, CancellationToken cancellationToken)
    {
        var owners = new[] { new { apiVersion = workflow.ApiVersion, kind = workflow.Kind, name = workflow.Metadata.Name, uid = workflow.Metadata.Uid } };
        var labels = new Dictionary<string, string?> { [ArgoNames.UnclaimedLabel] = null };
        var patch = new V1Patch(JsonSerializer.Serialize(new { metadata = new { ownerReferences = owners, labels } }), V1Patch.PatchType.MergePatch);
        if (secret is not null)
        {
            await CallAsync((client, token) => client.CoreV1.PatchNamespacedSecretAsync(patch, secret, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        }

        if (volume is not null)
        {
            await CallAsync(
                (client, token) => client.CoreV1.PatchNamespacedPersistentVolumeClaimAsync(patch, volume, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Creates a Secret, or gives the one of that name this content.</summary>
    public async Task PutSecretAsync(V1Secret secret, CancellationToken cancellationToken)
    {
        // A patch, as the official chart grants no update of secrets. Whoever owned one of that name does so no more.
        var content = new { metadata = new { labels = secret.Metadata.Labels, ownerReferences = secret.Metadata.OwnerReferences }, data = secret.Data, stringData = secret.StringData };
        var patch = new V1Patch(JsonSerializer.Serialize(content), V1Patch.PatchType.MergePatch);

        // One of that name that belongs to a workflow that is gone can be collected between the two calls: then the next creation succeeds.
        while (await UnlessExistsAsync(
                   (client, token) => client.CoreV1.CreateNamespacedSecretAsync(secret, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false) is null
               && await UnlessMissingAsync(
                   (client, token) => client.CoreV1.PatchNamespacedSecretAsync(patch, secret.Metadata.Name, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false) is null)
        {
        }
    }

    public Task DeleteSecretAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CoreV1.DeleteNamespacedSecretAsync(name, @namespace, cancellationToken: token), cancellationToken);

    /// <returns>True when it was created, false when one of that name exists.</returns>
    public async Task<bool> CreateVolumeAsync(V1PersistentVolumeClaim claim, CancellationToken cancellationToken) => await UnlessExistsAsync(
        (client, token) => client.CoreV1.CreateNamespacedPersistentVolumeClaimAsync(claim, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false) is not null;

    public Task DeleteVolumeAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CoreV1.DeleteNamespacedPersistentVolumeClaimAsync(name, @namespace, cancellationToken: token), cancellationToken);

    /// <summary>Secrets and volumes that no workflow owns yet, by the names of the workflows they were made for.</summary>
    public async Task<IReadOnlyList<Unclaimed>> UnclaimedAsync(CancellationToken cancellationToken)
    {
        var secrets = await CallAsync(
            (client, token) => client.CoreV1.ListNamespacedSecretAsync(@namespace, labelSelector: ArgoNames.UnclaimedLabel, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        var volumes = await CallAsync(
            (client, token) => client.CoreV1.ListNamespacedPersistentVolumeClaimAsync(@namespace, labelSelector: ArgoNames.UnclaimedLabel, cancellationToken: token),
            cancellationToken).ConfigureAwait(false);
        return
        [
            .. secrets.Items.Select(secret => new Unclaimed(secret.GetLabel(ArgoNames.UnclaimedLabel), secret.Metadata.Name, null, secret.Metadata.CreationTimestamp)),
            .. volumes.Items.Select(volume => new Unclaimed(volume.GetLabel(ArgoNames.UnclaimedLabel), null, volume.Metadata.Name, volume.Metadata.CreationTimestamp)),
        ];
    }

    private async Task<T?> UnlessExistsAsync<T>(Func<IKubernetes, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await CallAsync(call, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiStatusException exists) when (exists is { Code: 409, Reason: "AlreadyExists" })
        {
            return null;
        }
    }
}
