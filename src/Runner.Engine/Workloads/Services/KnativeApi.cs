using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters;

namespace Runner.Engine.Workloads.Services;

/// <summary>The writes that services need, one API call each, with a limit on how long a call may take.</summary>
/// <remarks>Every method throws <see cref="ApiStatusException"/> when the API server refuses, and what <see cref="ClusterProblem"/> describes when it does not answer.</remarks>
internal sealed class KnativeApi(ClusterConnection cluster, string @namespace, TimeProvider time) : ApiCalls(cluster, time)
{
    /// <summary>Controllers write to a service a few times while it comes up; more conflicts in a row than this are a fault.</summary>
    private const int MostAttempts = 15;

    /// <summary>Apart in time, so that those who change one service at once get their turns.</summary>
    private static readonly Backoff AfterConflict = new(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(500));

    /// <returns>What was created, or null when one of that name exists.</returns>
    public Task<KnativeService?> CreateAsync(KnativeService service, CancellationToken cancellationToken) => UnlessExistsAsync(
        (client, token) => client.CustomObjects.CreateNamespacedCustomObjectAsync<KnativeService>(
            service, KnativeNames.Group, KnativeNames.Version, @namespace, KnativeNames.ServicePlural, cancellationToken: token),
        cancellationToken);

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

    /// <summary>All revisions of a service as they are, those marked as deleted among them.</summary>
    public async Task<IReadOnlyList<KnativeRevision>> RevisionsAsync(string service, CancellationToken cancellationToken) => (await CallAsync(
        (client, token) => client.CustomObjects.ListNamespacedCustomObjectAsync<KnativeRevisionList>(
            KnativeNames.Group, KnativeNames.Version, @namespace, "revisions", labelSelector: $"{KnativeNames.ServiceLabel}={service}", cancellationToken: token),
        cancellationToken).ConfigureAwait(false)).Items;

    /// <summary>Pods that bear a label, as they are.</summary>
    /// <param name="selector">In the API's syntax.</param>
    public async Task<IList<V1Pod>> PodsAsync(string selector, CancellationToken cancellationToken) => (await CallAsync(
        (client, token) => client.CoreV1.ListNamespacedPodAsync(@namespace, labelSelector: selector, cancellationToken: token), cancellationToken).ConfigureAwait(false)).Items;

    /// <summary>Reads a service, has it changed and writes it; once more from the start when somebody else wrote in between.</summary>
    /// <param name="change">Changes the service; false when there is nothing to write. May be called several times.</param>
    /// <returns>The service as the cluster has it, or null when there is none.</returns>
    public async Task<KnativeService?> ChangeAsync(string name, Func<KnativeService, CancellationToken, Task<bool>> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var service = await FindAsync(name, cancellationToken).ConfigureAwait(false);
            if (service is null or { Metadata.DeletionTimestamp: not null })
            {
                return null;
            }

            if (!await change(service, cancellationToken).ConfigureAwait(false))
            {
                return service;
            }

            try
            {
                return await ReplaceAsync(service, cancellationToken).ConfigureAwait(false);
            }
            catch (ApiStatusException conflict) when (conflict.Code == 409 && attempt < MostAttempts)
            {
                // With the service as it is now.
            }

            await Task.Delay(AfterConflict.Delay(attempt), Time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Marks a revision so that it counts as deleted, or takes the mark away. Nothing happens when it is gone.</summary>
    public Task MarkRevisionAsync(string revision, bool deleted, CancellationToken cancellationToken)
    {
        var annotations = new Dictionary<string, string?> { [KnativeNames.RevisionStateAnnotation] = deleted ? KnativeNames.RevisionDeleted : null };
        var patch = new V1Patch(JsonSerializer.Serialize(new { metadata = new { annotations } }), V1Patch.PatchType.MergePatch);
        return UnlessMissingAsync(
            (client, token) => client.CustomObjects.PatchNamespacedCustomObjectAsync<object>(
                patch, KnativeNames.Group, KnativeNames.Version, @namespace, "revisions", revision, cancellationToken: token),
            cancellationToken);
    }

    /// <summary>Path of a Knative kind in the namespace.</summary>
    public string PathOf(string plural) => $"apis/{KnativeNames.Group}/{KnativeNames.Version}/namespaces/{@namespace}/{plural}";

    /// <summary>Sets an annotation of a service; nothing when it is gone.</summary>
    public Task AnnotateAsync(string name, string annotation, string value, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CustomObjects.PatchNamespacedCustomObjectAsync<object>(
            AnnotationPatch(annotation, value), KnativeNames.Group, KnativeNames.Version, @namespace, KnativeNames.ServicePlural, name, cancellationToken: token),
        cancellationToken);

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

    private Task<KnativeService> ReplaceAsync(KnativeService service, CancellationToken cancellationToken)
    {
        service.Status = null;
        return CallAsync(
            (client, token) => client.CustomObjects.ReplaceNamespacedCustomObjectAsync<KnativeService>(
                service, KnativeNames.Group, KnativeNames.Version, @namespace, KnativeNames.ServicePlural, service.Metadata.Name, cancellationToken: token),
            cancellationToken);
    }
}
