using k8s;
using k8s.Models;
using Runner.Engine.Clusters;

namespace Runner.Engine.Workloads.Sandboxes;

/// <summary>The writes that sandboxes need, one API call each.</summary>
internal sealed class SandboxApi(ClusterConnection cluster, string @namespace, TimeProvider time) : ApiCalls(cluster, time)
{
    /// <summary>Path of the kind in the namespace.</summary>
    public string Path => $"apis/{SandboxNames.Group}/{SandboxNames.Version}/namespaces/{@namespace}/{SandboxNames.Plural}";

    /// <returns>What was created, or null when one of that name exists.</returns>
    /// <exception cref="ApiStatusException">With code 404 where the cluster does not know the kind.</exception>
    public Task<Sandbox?> CreateAsync(Sandbox sandbox, bool dryRun, CancellationToken cancellationToken) => UnlessExistsAsync(
        (client, token) => client.CustomObjects.CreateNamespacedCustomObjectAsync<Sandbox>(
            sandbox, SandboxNames.Group, SandboxNames.Version, @namespace, SandboxNames.Plural, dryRun: dryRun ? "All" : null, cancellationToken: token),
        cancellationToken);

    /// <returns>The sandbox as it is, or null.</returns>
    public Task<Sandbox?> FindAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CustomObjects.GetNamespacedCustomObjectAsync<Sandbox>(
            SandboxNames.Group, SandboxNames.Version, @namespace, SandboxNames.Plural, name, token),
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
                    SandboxNames.Group, SandboxNames.Version, @namespace, SandboxNames.Plural, name, options, cancellationToken: token),
                cancellationToken).ConfigureAwait(false) is not null;
        }
        catch (ApiStatusException conflict) when (conflict.Code == 409 && uid is not null)
        {
            // Another one has the name by now: the one that was meant is gone.
            return false;
        }
    }
}
