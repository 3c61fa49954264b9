using k8s;
using k8s.Models;
using Runner.Engine.Clusters;

namespace Runner.Engine.Workloads.Services;

/// <summary>The writes that services need, one API call each, with a limit on how long a call may take.</summary>
/// <remarks>Every method throws <see cref="ApiStatusException"/> when the API server refuses, and what <see cref="ClusterProblem"/> describes when it does not answer.</remarks>
internal sealed class KnativeApi(ClusterConnection cluster, string @namespace, TimeProvider time) : ApiCalls(cluster, time)
{
    /// <returns>What was created, or null when one of that name exists.</returns>
    public async Task<KnativeService?> CreateAsync(KnativeService service, CancellationToken cancellationToken)
    {
        try
        {
            return await CallAsync(
                (client, token) => client.CustomObjects.CreateNamespacedCustomObjectAsync<KnativeService>(
                    service, KnativeNames.Group, KnativeNames.Version, @namespace, KnativeNames.ServicePlural, cancellationToken: token),
                cancellationToken).ConfigureAwait(false);
        }
        catch (ApiStatusException refusal) when (refusal is { Code: 409, Reason: "AlreadyExists" })
        {
            return null;
        }
    }

    /// <summary>Has the API server check a service as if it were created, under a name that is free.</summary>
    public Task CheckAsync(KnativeService service, CancellationToken cancellationToken)
    {
        var nameless = new KnativeService
        {
            Metadata = new() { GenerateName = "check-", NamespaceProperty = @namespace, Annotations = service.Metadata.Annotations },
            Spec = service.Spec,
        };
        return CallAsync(
            (client, token) => client.CustomObjects.CreateNamespacedCustomObjectAsync<object>(
                nameless, KnativeNames.Group, KnativeNames.Version, @namespace, KnativeNames.ServicePlural, dryRun: "All", cancellationToken: token),
            cancellationToken);
    }

    /// <returns>The service as it is, or null.</returns>
    public Task<KnativeService?> FindAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CustomObjects.GetNamespacedCustomObjectAsync<KnativeService>(
            KnativeNames.Group, KnativeNames.Version, @namespace, KnativeNames.ServicePlural, name, token),
        cancellationToken)!;

    /// <summary>Whether an object of some other Knative kind exists.</summary>
    public async Task<bool> ExistsAsync(string plural, string name, CancellationToken cancellationToken) => await UnlessMissingAsync(
        (client, token) => client.CustomObjects.GetNamespacedCustomObjectAsync<object>(
            KnativeNames.Group, KnativeNames.Version, @namespace, plural, name, token),
        cancellationToken).ConfigureAwait(false) is not null;

    /// <param name="uid">Deletes only the object with this uid; null for whichever has the name.</param>
    /// <returns>False when there was nothing to delete.</returns>
    public async Task<bool> DeleteAsync(string name, string? uid, CancellationToken cancellationToken)
    {
        var options = new V1DeleteOptions { PropagationPolicy = "Background", Preconditions = uid is null ? null : new() { Uid = uid } };
        try
        {
            return await UnlessMissingAsync(
                (client, token) => client.CustomObjects.DeleteNamespacedCustomObjectAsync<object>(
                    KnativeNames.Group, KnativeNames.Version, @namespace, KnativeNames.ServicePlural, name, options, cancellationToken: token),
                cancellationToken).ConfigureAwait(false) is not null;
        }
        catch (ApiStatusException conflict) when (conflict.Code == 409 && uid is not null)
        {
            // Another one has the name by now: the one that was meant is gone.
            return false;
        }
    }

    /// <summary>Tells a pod to go within the given time; nothing when it is gone.</summary>
    public Task DeletePodAsync(string name, TimeSpan grace, CancellationToken cancellationToken) => UnlessMissingAsync<object>(
        async (client, token) => await client.CoreV1.DeleteNamespacedPodAsync(name, @namespace, gracePeriodSeconds: (int)grace.TotalSeconds, cancellationToken: token).ConfigureAwait(false),
        cancellationToken);

    /// <summary>Creates a volume claim unless one of that name exists.</summary>
    public async Task EnsureVolumeAsync(V1PersistentVolumeClaim claim, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync((client, token) => client.CoreV1.CreateNamespacedPersistentVolumeClaimAsync(claim, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false);
        }
        catch (ApiStatusException exists) when (exists is { Code: 409, Reason: "AlreadyExists" })
        {
            // The volume is the user's and serves all of the user's workloads.
        }
    }

    public Task DeleteVolumeAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync<object>(
        async (client, token) => await client.CoreV1.DeleteNamespacedPersistentVolumeClaimAsync(name, @namespace, cancellationToken: token).ConfigureAwait(false),
        cancellationToken);
}
