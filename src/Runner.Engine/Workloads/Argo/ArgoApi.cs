using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters;

namespace Runner.Engine.Workloads.Argo;

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
}
