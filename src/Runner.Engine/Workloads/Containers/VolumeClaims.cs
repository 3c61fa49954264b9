using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Containers;

/// <summary>The volume claims that workloads need, one API call each.</summary>
/// <remarks>Throws <see cref="ApiStatusException"/> when the API server refuses, and what <see cref="ClusterProblem"/> describes when it does not answer.</remarks>
internal sealed partial class VolumeClaims(ClusterConnection cluster, string @namespace, VolumeWaits waits, TimeProvider time, ILogger logger) : ApiCalls(cluster, time)
{
    /// <summary>How long an old claim of the same name may take to go: as long as pods that use it are given to end.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(40);

    /// <summary>Between two looks at a claim that goes; not every chart grants to watch claims.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Creates a claim unless one of its name is there to stay. One that is marked as deleted is there only until the last pod lets go of it, and what would be built on it
    /// would wait for ever: it is waited for, and the claim made anew, unless the workload is stopped meanwhile.
    /// </summary>
    /// <param name="workload">What needs it.</param>
    /// <returns>The claim as it is, and whether it was made by this call.</returns>
    /// <exception cref="ClusterOperationException">The old one does not go, or somebody has stopped the workload while it went.</exception>
    /// <exception cref="IOException">That an old one is waited for cannot be noted now, so that nobody could end it.</exception>
    public async Task<(V1PersistentVolumeClaim Claim, bool IsNew)> EnsureAsync(V1PersistentVolumeClaim claim, WorkloadKey workload, CancellationToken cancellationToken)
    {
        var name = claim.Metadata.Name;
        var began = Time.GetTimestamp();
        if (await TryEnsureAsync(claim, cancellationToken).ConfigureAwait(false) is { } there)
        {
            return there;
        }

        LogWaits(ClusterName, name);
        var wait = await waits.BeginAsync(workload, name).ConfigureAwait(false);
        await using var _ = wait.ConfigureAwait(false);
        while (true)
        {
            if (Time.GetElapsedTime(began) > Deadline)
            {
                throw new ClusterOperationException(
                    $"Volume '{name}' in cluster '{ClusterName}' is being deleted and did not go within {Deadline.TotalSeconds:0} s: see which pod still uses it, or whether a finalizer keeps it, then ask again.");
            }

            await Task.Delay(Pause, Time, cancellationToken).ConfigureAwait(false);
            wait.ThrowIfStopped();
            if (await TryEnsureAsync(claim, cancellationToken).ConfigureAwait(false) is { } made)
            {
                await wait.EndAsync().ConfigureAwait(false);
                return made;
            }
        }
    }

    /// <returns>The claim as it is, or null.</returns>
    public Task<V1PersistentVolumeClaim?> FindAsync(string name, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CoreV1.ReadNamespacedPersistentVolumeClaimAsync(name, @namespace, cancellationToken: token), cancellationToken);

    /// <summary>Changes a claim; null when there is none of that name.</summary>
    public Task<V1PersistentVolumeClaim?> PatchAsync(string name, V1Patch patch, CancellationToken cancellationToken) => UnlessMissingAsync(
        (client, token) => client.CoreV1.PatchNamespacedPersistentVolumeClaimAsync(patch, name, @namespace, cancellationToken: token), cancellationToken);

    /// <summary>Claims that bear a label.</summary>
    public async Task<IEnumerable<V1PersistentVolumeClaim>> ListAsync(string label, CancellationToken cancellationToken) => (await CallAsync(
        (client, token) => client.CoreV1.ListNamespacedPersistentVolumeClaimAsync(@namespace, labelSelector: label, cancellationToken: token), cancellationToken).ConfigureAwait(false)).Items;

    /// <summary>Deletes a claim; nothing when it is gone already.</summary>
    /// <param name="preconditions">Null for whichever has the name.</param>
    /// <returns>False when the preconditions do not hold, and nothing was deleted.</returns>
    public Task<bool> DeleteAsync(string name, V1Preconditions? preconditions, CancellationToken cancellationToken) => DeleteIfAsync(
        (client, options, token) => client.CoreV1.DeleteNamespacedPersistentVolumeClaimAsync(name, @namespace, options, cancellationToken: token), preconditions, cancellationToken);

    /// <returns>The claim that is there to stay, and whether it was made by this call; null while an old one goes.</returns>
    private async Task<(V1PersistentVolumeClaim Claim, bool IsNew)?> TryEnsureAsync(V1PersistentVolumeClaim claim, CancellationToken cancellationToken)
    {
        if (await UnlessExistsAsync(
                (client, token) => client.CoreV1.CreateNamespacedPersistentVolumeClaimAsync(claim, @namespace, cancellationToken: token), cancellationToken).ConfigureAwait(false) is { } created)
        {
            return (created, true);
        }

        return await FindAsync(claim.Metadata.Name, cancellationToken).ConfigureAwait(false) is { Metadata.DeletionTimestamp: null } found ? (found, false) : null;
    }

    [LoggerMessage(LogLevel.Information, "Cluster {Cluster}: what is to be made waits until the old volume {Volume} is gone, which is being deleted")]
    private partial void LogWaits(string cluster, string volume);
}
