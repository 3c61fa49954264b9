using System.Text.Json;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Argo;

/// <summary>
/// What a job has beside its Workflow: Secrets and a volume, there before it and gone with it. Only what the runner has made for a job is ever changed or removed; what somebody
/// else has put under one of the names stays as it is.
/// </summary>
/// <remarks>Throws <see cref="ApiStatusException"/> when the API server refuses, and what <see cref="ClusterProblem"/> describes when it does not answer.</remarks>
internal sealed class JobBelongings(ClusterConnection cluster, string @namespace, VolumeWaits waits, TimeProvider time, ILogger logger) : ApiCalls(cluster, time)
{
    private static readonly Dictionary<string, string?> Claimed = new() { [ArgoNames.UnclaimedLabel] = null };

    private readonly VolumeClaims _volumes = new(cluster, @namespace, waits, time, logger);
    private readonly ArgoApi _jobs = new(cluster, @namespace, time);

    /// <summary>Has a volume there, made by this call or for the job before.</summary>
    /// <param name="job">The job that needs it.</param>
    /// <returns>What this call has made; null when it was there.</returns>
    /// <exception cref="RequestRefusedException">Somebody else has made one of that name.</exception>
    /// <exception cref="ClusterOperationException">An old one of that name does not go, or somebody has stopped the job while it went.</exception>
    public async Task<V1ObjectMeta?> PutVolumeAsync(V1PersistentVolumeClaim volume, WorkloadKey job)
    {
        var (claim, isNew) = await _volumes.EnsureAsync(volume, job, CancellationToken.None).ConfigureAwait(false);
        return isNew ? claim.Metadata
            : IsOurs(claim.Metadata, job.Name) ? null
            : throw Foreign("Volume", volume.Metadata.Name);
    }

    /// <summary>Has a Secret there, made by this call or before: with this content, unless a job that is there has it, which another replica has made meanwhile and which counts.</summary>
    /// <param name="job">Name of the Workflow that needs it.</param>
    /// <param name="leaving">Uid of a job of that name that makes room: what it has does not count, and does not go with it any more. Null for none.</param>
    /// <inheritdoc cref="PutVolumeAsync"/>
    public async Task<V1ObjectMeta?> PutSecretAsync(V1Secret secret, string job, string? leaving = null)
    {
        var name = secret.Metadata.Name;
        while (true)
        {
            if (await UnlessExistsAsync(
                    (client, token) => client.CoreV1.CreateNamespacedSecretAsync(secret, @namespace, cancellationToken: token), CancellationToken.None).ConfigureAwait(false) is { } created)
            {
                return created.Metadata;
            }

            // One that belongs to a workflow that is gone can be collected between two of these calls: then the next creation succeeds.
            if (await FindSecretAsync(name).ConfigureAwait(false) is { } found)
            {
                if (!IsOurs(found.Metadata, job))
                {
                    throw Foreign("Secret", name);
                }

                if (await HasAsync(job, found.Metadata, leaving).ConfigureAwait(false) || await FillAsync(secret, found.Metadata).ConfigureAwait(false))
                {
                    return null;
                }
            }
        }
    }

    /// <summary>
    /// From now on the cluster removes what is the job's own together with the job, whether or not a runner is there to see it. What has gone since it was put there, with an earlier
    /// job of the name, is put there once more. The Secret has what this job asked for, whatever somebody who asked for another one under the name has put there.
    /// </summary>
    /// <exception cref="ClusterOperationException">It could not be put there once more.</exception>
    public async Task AdoptAsync(JobObjects objects, WorkloadKey key, ArgoWorkflow workflow)
    {
        var patch = Adoption(workflow);
        var job = workflow.Metadata.Name;
        while (objects.Secret is { } secret && await PatchSecretAsync(secret.Metadata.Name, Adoption(workflow, secret)).ConfigureAwait(false) is not { Metadata.DeletionTimestamp: null })
        {
            await AgainAsync(() => PutSecretAsync(secret, job)).ConfigureAwait(false);
        }

        while (objects.Volume is { } volume && await _volumes.PatchAsync(volume.Metadata.Name, patch, CancellationToken.None).ConfigureAwait(false) is not { Metadata.DeletionTimestamp: null })
        {
            await AgainAsync(() => PutVolumeAsync(volume, key)).ConfigureAwait(false);
        }

        async Task AgainAsync(Func<Task> put)
        {
            try
            {
                await put().ConfigureAwait(false);
            }
            catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
            {
                throw new ClusterOperationException($"What job '{job}' needs went with an earlier one and is not made again yet. {ClusterProblem.Describe(exception, ClusterName)} Ask again.", exception);
            }
        }
    }

    /// <summary>Makes a workflow the owner of a Secret, whatever that holds.</summary>
    /// <returns>False when there is none.</returns>
    public async Task<bool> AdoptSecretAsync(string secret, ArgoWorkflow workflow) =>
        await PatchSecretAsync(secret, Adoption(workflow)).ConfigureAwait(false) is { Metadata.DeletionTimestamp: null };

    /// <summary>Makes a workflow the owner of what was left, unless somebody has touched that since it was looked at.</summary>
    public async Task AdoptAsync(Unclaimed left, ArgoWorkflow workflow)
    {
        var patch = Patch(new { metadata = new { uid = left.Metadata.Uid, resourceVersion = left.Metadata.ResourceVersion, ownerReferences = OwnedBy(workflow), labels = Claimed } });
        try
        {
            await (left.IsSecret ? PatchSecretAsync(left.Metadata.Name, patch) : (Task)_volumes.PatchAsync(left.Metadata.Name, patch, CancellationToken.None)).ConfigureAwait(false);
        }
        catch (ApiStatusException other) when (other.Code == 409)
        {
            // Whoever did so goes on with it.
        }
    }

    /// <summary>Takes back what a call has made, unless a workflow has it by now.</summary>
    /// <param name="secret">As it was made; null for nothing.</param>
    /// <param name="volume">As it was made; null for nothing.</param>
    public async Task TakeBackAsync(V1ObjectMeta? secret, V1ObjectMeta? volume)
    {
        foreach (var left in new[] { secret is null ? null : new Unclaimed(secret, IsSecret: true), volume is null ? null : new Unclaimed(volume, IsSecret: false) }.OfType<Unclaimed>())
        {
            await RemoveAsync(left).ConfigureAwait(false);
        }
    }

    /// <summary>Removes what was made for a job alone, by names; null for none. What belongs to a job that is there stays: another replica may have made that one meanwhile.</summary>
    public async Task RemoveAsync(string job, string? secret, string? volume)
    {
        foreach (var (name, isSecret) in new[] { (secret, true), (volume, false) })
        {
            await RemoveAsync(name, isSecret, async there => IsOurs(there, job) && !await HasAsync(job, there).ConfigureAwait(false)).ConfigureAwait(false);
        }
    }

    /// <summary>Removes what was left, unless a workflow has it by now.</summary>
    /// <returns>False when there was nothing to remove.</returns>
    public Task<bool> RemoveAsync(Unclaimed left) =>
        RemoveAsync(left.Metadata.Name, left.IsSecret, there => Task.FromResult(there.OwnerReferences is not { Count: > 0 } && there.Uid == left.Metadata.Uid));

    /// <summary>Secrets and volumes that no workflow owns yet.</summary>
    public async Task<IReadOnlyList<Unclaimed>> UnclaimedAsync(CancellationToken cancellationToken)
    {
        var secrets = await CallAsync(
            (client, token) => client.CoreV1.ListNamespacedSecretAsync(@namespace, labelSelector: ArgoNames.UnclaimedLabel, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        var volumes = await _volumes.ListAsync(ArgoNames.UnclaimedLabel, cancellationToken).ConfigureAwait(false);
        return [.. secrets.Items.Select(secret => new Unclaimed(secret.Metadata, IsSecret: true)), .. volumes.Select(volume => new Unclaimed(volume.Metadata, IsSecret: false))];
    }

    /// <summary>Whether the runner has made it, for this job or for all.</summary>
    private static bool IsOurs(V1ObjectMeta metadata, string job) => metadata.Labels is { } labels
        && (labels.TryGetValue(ArgoNames.UnclaimedLabel, out var waitsFor) ? waitsFor == job
            : SecretEnvironment.IsManaged(metadata) || (labels.TryGetValue(ArgoNames.ScopeLabel, out var scope) && ArgoScopes.KindOf(scope) is not null));

    private static RequestRefusedException Foreign(string kind, string name) => new(
        $"{kind} '{name}' is there already and was not made by the runner, so it stays as it is and the job is not made. Rename or remove it, or give the task another id.");

    private static V1Patch Adoption(ArgoWorkflow workflow) => Patch(new { metadata = Adopted(workflow) });

    private static V1Patch Adoption(ArgoWorkflow workflow, V1Secret secret) => Patch(new { metadata = Adopted(workflow), data = secret.Data, stringData = secret.StringData });

    private static object Adopted(ArgoWorkflow workflow) => new { ownerReferences = OwnedBy(workflow), labels = Claimed };

    private static object[] OwnedBy(ArgoWorkflow workflow) => [new { apiVersion = workflow.ApiVersion, kind = workflow.Kind, name = workflow.Metadata.Name, uid = workflow.Metadata.Uid }];

    private static V1Patch Patch(object merged) => new(JsonSerializer.Serialize(merged), V1Patch.PatchType.MergePatch);

    /// <summary>Whether it belongs to the job of that name that is there.</summary>
    /// <param name="leaving">Uid of one that does not count; null for none.</param>
    private async Task<bool> HasAsync(string job, V1ObjectMeta metadata, string? leaving = null) => metadata.OwnerReferences is { Count: > 0 } owners
        && await _jobs.FindAsync(job, CancellationToken.None).ConfigureAwait(false) is { Metadata: { DeletionTimestamp: null } there } && there.Uid != leaving && owners.Any(owner => owner.Uid == there.Uid);

    /// <summary>Gives a Secret that is there the content of another one, and takes it from whoever owned it.</summary>
    /// <param name="found">As it was looked at.</param>
    /// <returns>False when it is not there any more, or not as it was.</returns>
    private async Task<bool> FillAsync(V1Secret secret, V1ObjectMeta found)
    {
        // A patch, as the official chart grants no update of secrets. Uid and version make it a condition that nobody has touched the object since.
        var metadata = new { uid = found.Uid, resourceVersion = found.ResourceVersion, labels = secret.Metadata.Labels, ownerReferences = (object?)null };
        try
        {
            return await PatchSecretAsync(secret.Metadata.Name, Patch(new { metadata, data = secret.Data, stringData = secret.StringData })).ConfigureAwait(false) is not null;
        }
        catch (ApiStatusException other) when (other.Code == 409)
        {
            return false;
        }
    }

    /// <param name="may">Asked of it as it is, each time that somebody has touched it since.</param>
    private async Task<bool> RemoveAsync(string? name, bool isSecret, Func<V1ObjectMeta, Task<bool>> may)
    {
        while (name is not null)
        {
            var there = isSecret
                ? (await FindSecretAsync(name).ConfigureAwait(false))?.Metadata
                : (await _volumes.FindAsync(name, CancellationToken.None).ConfigureAwait(false))?.Metadata;
            if (there is null or { DeletionTimestamp: not null } || !await may(there).ConfigureAwait(false))
            {
                break;
            }

            // Exactly as it was looked at: whoever makes the same job at the same moment and has got further keeps what it uses.
            var exactly = new V1Preconditions { Uid = there.Uid, ResourceVersion = there.ResourceVersion };
            if (await (isSecret ? DeleteSecretAsync(name, exactly) : DeleteVolumeAsync(name, exactly)).ConfigureAwait(false))
            {
                return true;
            }
        }

        return false;
    }

    private Task<V1Secret?> FindSecretAsync(string name) => UnlessMissingAsync(
        (client, token) => client.CoreV1.ReadNamespacedSecretAsync(name, @namespace, cancellationToken: token), CancellationToken.None);

    private Task<V1Secret?> PatchSecretAsync(string name, V1Patch patch) => UnlessMissingAsync(
        (client, token) => client.CoreV1.PatchNamespacedSecretAsync(patch, name, @namespace, cancellationToken: token), CancellationToken.None);

    private Task<bool> DeleteSecretAsync(string name, V1Preconditions preconditions) => DeleteIfAsync(
        (client, options, token) => client.CoreV1.DeleteNamespacedSecretAsync(name, @namespace, options, cancellationToken: token), preconditions, CancellationToken.None);

    private Task<bool> DeleteVolumeAsync(string name, V1Preconditions preconditions) => _volumes.DeleteAsync(name, preconditions, CancellationToken.None);
}

/// <summary>What was made for a workflow that has not claimed it.</summary>
/// <param name="IsSecret">False when it is a volume.</param>
internal sealed record Unclaimed(V1ObjectMeta Metadata, bool IsSecret)
{
    /// <summary>Name of the workflow.</summary>
    public string Job => Metadata.Labels[ArgoNames.UnclaimedLabel];
}
