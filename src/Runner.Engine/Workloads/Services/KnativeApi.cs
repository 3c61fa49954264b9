using k8s;
using k8s.Models;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Workloads.Services;

/// <summary>The writes that services need, one API call each, with a limit on how long a call may take.</summary>
/// <remarks>Every method throws <see cref="ApiStatusException"/> when the API server refuses, and what <see cref="ClusterProblem"/> describes when it does not answer.</remarks>
internal sealed class KnativeApi(ClusterConnection cluster, string @namespace, TimeProvider time)
    : CustomObjectApi<KnativeService>(cluster, @namespace, new(KnativeNames.Group, KnativeNames.Version, KnativeNames.ServicePlural), time)
{
    /// <summary>Has the API server check a service as if it were created, under a name that is free.</summary>
    public Task CheckAsync(KnativeService service, CancellationToken cancellationToken)
    {
        var nameless = new KnativeService
        {
            Metadata = new() { GenerateName = "check-", NamespaceProperty = Namespace, Annotations = service.Metadata.Annotations },
            Spec = service.Spec,
        };
        return CallAsync(
            (client, token) => client.CustomObjects.CreateNamespacedCustomObjectAsync<object>(
                nameless, KnativeNames.Group, KnativeNames.Version, Namespace, KnativeNames.ServicePlural, dryRun: "All", cancellationToken: token),
            cancellationToken);
    }

    /// <summary>All revisions of a service as they are, those marked as deleted among them.</summary>
    public async Task<IReadOnlyList<KnativeRevision>> RevisionsAsync(string service, CancellationToken cancellationToken) => (await CallAsync(
        (client, token) => client.CustomObjects.ListNamespacedCustomObjectAsync<KnativeRevisionList>(
            KnativeNames.Group, KnativeNames.Version, Namespace, "revisions", labelSelector: $"{KnativeNames.ServiceLabel}={service}", cancellationToken: token),
        cancellationToken).ConfigureAwait(false)).Items;

    /// <summary>As <see cref="RevisionsAsync"/>; none where requests go to the latest revision alone, whichever that is: no version of such a service was removed.</summary>
    public async Task<IReadOnlyList<KnativeRevision>> PinnedRevisionsAsync(KnativeService service, CancellationToken cancellationToken) =>
        service.Spec?.Traffic?.Any(target => target.RevisionName is { Length: > 0 }) == true ? await RevisionsAsync(service.Metadata.Name, cancellationToken).ConfigureAwait(false) : [];

    /// <summary>Pods that bear a label, as they are.</summary>
    /// <param name="selector">In the API's syntax.</param>
    public async Task<IList<V1Pod>> PodsAsync(string selector, CancellationToken cancellationToken) => (await CallAsync(
        (client, token) => client.CoreV1.ListNamespacedPodAsync(Namespace, labelSelector: selector, cancellationToken: token), cancellationToken).ConfigureAwait(false)).Items;

    /// <summary>Marks a revision so that it counts as deleted, or takes the mark away. Nothing happens when it is gone.</summary>
    public Task MarkRevisionAsync(string revision, bool deleted, CancellationToken cancellationToken)
    {
        var annotations = new Dictionary<string, string?> { [KnativeNames.RevisionStateAnnotation] = deleted ? KnativeNames.RevisionDeleted : null };
        return PatchAsync("revisions", revision, new { metadata = new { annotations } }, cancellationToken);
    }

    /// <summary>Tells a pod to go within the given time; nothing when it is gone.</summary>
    public Task DeletePodAsync(string name, TimeSpan grace, CancellationToken cancellationToken) => UnlessMissingAsync<object>(
        async (client, token) => await client.CoreV1.DeleteNamespacedPodAsync(name, Namespace, gracePeriodSeconds: (int)grace.TotalSeconds, cancellationToken: token).ConfigureAwait(false),
        cancellationToken);
}
