using System.Text.Json;
using k8s;
using k8s.Models;
using Runner.Engine.Clusters.Connections;

namespace Runner.Engine.Clusters.Api;

/// <summary>Which custom resource, in paths.</summary>
/// <param name="Group">Its API group.</param>
/// <param name="Version">API version such as <c>v1</c>.</param>
/// <param name="Plural">Its name in paths.</param>
internal sealed record CustomKind(string Group, string Version, string Plural);

/// <summary>What every custom resource that carries workloads needs: reads and writes of single objects of one namespace, one API call each.</summary>
internal abstract class CustomObjectApi<T>(ClusterConnection cluster, string @namespace, CustomKind kind, TimeProvider time) : ApiCalls(cluster, time)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Controllers write to an object a few times while it comes up; more conflicts in a row than this are a fault.</summary>
    private const int MostAttempts = 15;

    /// <summary>Apart in time, so that those who change one object at once get their turns.</summary>
    private static readonly Backoff AfterConflict = new(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(500));

    /// <summary>Path of the kind in the namespace.</summary>
    public string Path => PathOf(kind.Plural);

    protected string Namespace => @namespace;

    /// <summary>Path of a kind of the same group in the namespace.</summary>
    public string PathOf(string plural) => $"apis/{kind.Group}/{kind.Version}/namespaces/{@namespace}/{plural}";

    /// <param name="dryRun">Only has the API server check it.</param>
    /// <returns>What was created, or null when one of that name exists.</returns>
    /// <exception cref="ApiStatusException">With code 404 where the cluster does not know the kind.</exception>
    public async Task<T?> CreateAsync(T wanted, bool dryRun, CancellationToken cancellationToken)
    {
        var attempts = 0;
        var created = await UnlessExistsAsync(
            (client, token) =>
            {
                attempts++;
                return client.CustomObjects.CreateNamespacedCustomObjectAsync<T>(wanted, kind.Group, kind.Version, @namespace, kind.Plural, dryRun: dryRun ? "All" : null, cancellationToken: token);
            },
            cancellationToken).ConfigureAwait(false);

        // The answer to an earlier attempt may have been lost, and not the attempt.
        return created is null && attempts > 1 && !dryRun && await FindAsync(wanted.Metadata.Name, cancellationToken).ConfigureAwait(false) is { } found && IsAsWanted(found, wanted) ? found : created;
    }

    /// <returns>The object as it is, or null.</returns>
    public Task<T?> FindAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CustomObjects.GetNamespacedCustomObjectAsync<T>(kind.Group, kind.Version, @namespace, kind.Plural, name, token), cancellationToken);

    /// <summary>Reads an object, has it changed and writes it; once more from the start when somebody else wrote in between.</summary>
    /// <param name="change">Changes the object; false when there is nothing to write. May be called several times.</param>
    /// <returns>The object as the cluster has it, or null when there is none or it is on its way out.</returns>
    public async Task<T?> ChangeAsync(string name, Func<T, CancellationToken, Task<bool>> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var found = await FindAsync(name, cancellationToken).ConfigureAwait(false);
            if (found is null or { Metadata.DeletionTimestamp: not null })
            {
                return null;
            }

            if (!await change(found, cancellationToken).ConfigureAwait(false))
            {
                return found;
            }

            try
            {
                return await CallAsync(
                    (client, token) => client.CustomObjects.ReplaceNamespacedCustomObjectAsync<T>(
                        found, kind.Group, kind.Version, @namespace, kind.Plural, name, cancellationToken: token),
                    cancellationToken).ConfigureAwait(false);
            }
            catch (ApiStatusException conflict) when (conflict.Code == 409 && attempt < MostAttempts)
            {
                // With the object as it is now.
            }

            await Task.Delay(AfterConflict.Delay(attempt), Time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc cref="ChangeAsync(string, Func{T, CancellationToken, Task{bool}}, CancellationToken)"/>
    public Task<T?> ChangeAsync(string name, Func<T, bool> change, CancellationToken cancellationToken) =>
        ChangeAsync(name, (found, _) => Task.FromResult(change(found)), cancellationToken);

    /// <summary>Sets an annotation of an object; nothing when it is gone.</summary>
    public Task AnnotateAsync(string name, string annotation, string value, CancellationToken cancellationToken) =>
        PatchAsync(kind.Plural, name, new { metadata = new { annotations = new Dictionary<string, string> { [annotation] = value } } }, cancellationToken);

    /// <summary>Deletes an object in the background, what belongs to it with it: a foreground deletion does not end where a controller makes anew what the collector deletes.</summary>
    /// <param name="uid">Deletes only the object with this uid; null for whichever has the name.</param>
    /// <returns>False when there was nothing to delete.</returns>
    public async Task<bool> DeleteAsync(string name, string? uid, CancellationToken cancellationToken)
    {
        var options = new V1DeleteOptions { PropagationPolicy = "Background", Preconditions = uid is null ? null : new() { Uid = uid } };
        try
        {
            return await UnlessMissingAsync(
                (client, token) => client.CustomObjects.DeleteNamespacedCustomObjectAsync<object>(kind.Group, kind.Version, @namespace, kind.Plural, name, options, cancellationToken: token),
                cancellationToken).ConfigureAwait(false) is not null;
        }
        catch (ApiStatusException conflict) when (conflict.Code == 409 && uid is not null)
        {
            // Another one has the name by now: the one that was meant is gone.
            return false;
        }
    }

    private static bool IsAsWanted(T found, T wanted) =>
        found.Metadata.DeletionTimestamp is null && Has(found.Metadata.Annotations, wanted.Metadata.Annotations) && Has(found.Metadata.Labels, wanted.Metadata.Labels);

    private static bool Has(IDictionary<string, string>? all, IDictionary<string, string>? some) =>
        some is null || some.All(entry => all is not null && all.TryGetValue(entry.Key, out var value) && value == entry.Value);

    /// <summary>Merges into an object of a kind of the same group; nothing when it is gone.</summary>
    protected Task PatchAsync(string plural, string name, object merged, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CustomObjects.PatchNamespacedCustomObjectAsync<object>(
            new V1Patch(JsonSerializer.Serialize(merged), V1Patch.PatchType.MergePatch), kind.Group, kind.Version, @namespace, plural, name, cancellationToken: token),
        cancellationToken);
}
