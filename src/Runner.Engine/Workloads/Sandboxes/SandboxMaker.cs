using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Sandboxes;

/// <summary>Has the objects of sandboxes there, in place of whichever sandbox has the name, as <see cref="CarrierMaker"/> does.</summary>
/// <remarks>Throws <see cref="ApiStatusException"/> when the API server refuses, and what <see cref="ClusterProblem"/> describes when it does not answer.</remarks>
internal sealed partial class SandboxMaker(RunnerOptions options, ReplacementNotes notes, VolumeWaits waits, CarrierMaker carriers, WorkloadFeed feed, Recent<Sandbox> justMade, TimeProvider time, ILogger logger)
{
    /// <summary>How long an old sandbox of the same name may take to go: its pod is given 30 s to end, and goes a moment after that.</summary>
    private static readonly TimeSpan ReplaceDeadline = TimeSpan.FromSeconds(40);

    /// <returns>The sandbox, and whether it was made by this call; one that carries the same request already stays.</returns>
    /// <exception cref="ClusterOperationException">The old sandbox does not go, or somebody has deleted the sandbox meanwhile.</exception>
    public async Task<(Sandbox Sandbox, bool IsNew)> MakeAsync(ClusterConnection cluster, SandboxObjects objects)
    {
        if (objects.Volume is not null || objects.Secret is not null)
        {
            // Neither a volume nor a Secret for a sandbox that the API server refuses.
            await ApiOf(cluster).CreateAsync(objects.Sandbox, dryRun: true, CancellationToken.None).ConfigureAwait(false);
        }

        if (objects.Volume is { } volume)
        {
            await new VolumeClaims(cluster, options.WorkloadNamespace, waits, time, logger).EnsureAsync(volume, KeyOf(cluster, objects.Sandbox.Metadata.Name), CancellationToken.None).ConfigureAwait(false);
        }

        await new EnvironmentSecrets(cluster, options.WorkloadNamespace, time).EnsureAsync(objects.Secret, CancellationToken.None).ConfigureAwait(false);
        return await PutAsync(cluster, objects, NotedReplacement.Of(cluster, objects.Sandbox, objects.Secret)).ConfigureAwait(false);
    }

    /// <summary>Finishes what a process that died has begun: only what was gone by then is made good.</summary>
    /// <returns>Null when there is nothing to make: the old sandbox stands, another one has been made since, or this one's time is over.</returns>
    /// <inheritdoc cref="MakeAsync"/>
    public async Task<(Sandbox Sandbox, bool IsNew)?> FinishAsync(ClusterConnection cluster, NotedReplacement note)
    {
        var wanted = note.ReadSandbox();
        var there = await ApiOf(cluster).FindAsync(note.Name, CancellationToken.None).ConfigureAwait(false);
        if ((there is { Metadata.DeletionTimestamp: null } && HashOf(there) != HashOf(wanted)) || InstanceProjection.Time(wanted.Spec?.ShutdownTime) <= time.GetUtcNow())
        {
            await notes.EndAsync(note.Id).ConfigureAwait(false);
            return null;
        }

        return await PutAsync(cluster, new(wanted, Volume: null, Secret: null), note).ConfigureAwait(false);
    }

    /// <returns>Uid of a sandbox that stays; null for none.</returns>
    public async Task<string?> FindAsync(ClusterConnection cluster, string name) =>
        await ApiOf(cluster).FindAsync(name, CancellationToken.None).ConfigureAwait(false) is { Metadata: { DeletionTimestamp: null, Uid: var uid } } ? uid : null;

    /// <summary>Deletes a sandbox as it is now: what comes in its place meanwhile, from another replica, stays. To be called in a turn that was taken to stop it.</summary>
    /// <returns>Uid of what was deleted; empty for nothing.</returns>
    public async Task<IReadOnlyList<string>> RemoveAsync(ClusterConnection cluster, string name) =>
        await ApiOf(cluster).FindAsync(name, CancellationToken.None).ConfigureAwait(false) is { } sandbox && await RemoveAsync(cluster, sandbox).ConfigureAwait(false) ? [sandbox.Metadata.Uid] : [];

    private Task<bool> RemoveAsync(ClusterConnection cluster, Sandbox sandbox) => ApiOf(cluster).DeleteAsync(sandbox.Metadata.Name, sandbox.Metadata.Uid, CancellationToken.None);

    private Task<(Sandbox Sandbox, bool IsNew)> PutAsync(ClusterConnection cluster, SandboxObjects objects, NotedReplacement note) => carriers.MakeAsync(cluster, note, new CarrierSteps<Sandbox>(
        begin => CreateOrReplaceAsync(cluster, objects.Sandbox, begin),
        there => carriers.OwnAsync(cluster, note, objects.Secret, there),
        made => WaitUntilSeenAsync(KeyOf(cluster, made.Metadata.Name), made),
        made =>
        {
            justMade.Forget(KeyOf(cluster, made.Metadata.Name));
            return RemoveAsync(cluster, made);
        }));

    /// <summary>The hub may ask for the sandbox right after the call: it is answered from the caches, or from what was just made.</summary>
    private async Task WaitUntilSeenAsync(WorkloadKey key, Sandbox sandbox)
    {
        justMade.Add(key, sandbox);
        if (await feed.WaitForAsync(key, sandbox.Metadata.Uid, time, CancellationToken.None).ConfigureAwait(false))
        {
            justMade.Forget(key);
        }
        else
        {
            LogNotSeen(key.Name, key.Cluster);
        }
    }

    private Task<(Sandbox Sandbox, bool IsNew)> CreateOrReplaceAsync(ClusterConnection cluster, Sandbox wanted, Func<string, Task> begin)
    {
        var (api, name) = (ApiOf(cluster), wanted.Metadata.Name);
        var replacement = new Replacement($"Sandbox '{name}'", ReplaceDeadline, time, begin);
        return replacement.RunAsync(async token =>
        {
            while (true)
            {
                if (await api.CreateAsync(wanted, dryRun: false, token).ConfigureAwait(false) is { } created)
                {
                    return (created, true);
                }

                if (await api.FindAsync(name, token).ConfigureAwait(false) is not { } existing)
                {
                    continue;
                }

                if (existing.Metadata.DeletionTimestamp is null && HashOf(existing) == HashOf(wanted))
                {
                    return (existing, false);
                }

                await replacement.BeginAsync(existing.Metadata.Uid).ConfigureAwait(false);
                if (existing.Metadata.DeletionTimestamp is null)
                {
                    LogReplacing(name, cluster.Name);
                    await api.DeleteAsync(name, existing.Metadata.Uid, token).ConfigureAwait(false);
                }

                // The pod bears the sandbox's name: a new one would not come while the old one is there.
                var gone = new GoneWatch(cluster, time);
                await gone.WaitAsync(api.Path, name, existing.Metadata.Uid, token).ConfigureAwait(false);
                await gone.WaitAsync($"api/v1/namespaces/{options.WorkloadNamespace}/pods", name, existing.Metadata.Uid, token).ConfigureAwait(false);
            }
        });
    }

    private static string HashOf(Sandbox sandbox) => HubFacts.Text(sandbox.Metadata.Annotations, ServiceManifest.HashAnnotation);

    private WorkloadKey KeyOf(ClusterConnection cluster, string name) => new(cluster.Name, WorkloadKind.Sandbox, options.WorkloadNamespace, name);

    private SandboxApi ApiOf(ClusterConnection cluster) => new(cluster, options.WorkloadNamespace, time);

    [LoggerMessage(LogLevel.Information, "Replacing sandbox {Sandbox} in cluster {Cluster}: another one of its name exists")]
    private partial void LogReplacing(string sandbox, string cluster);

    [LoggerMessage(LogLevel.Warning, "The watch of cluster {Cluster} has not told of the new sandbox {Sandbox} yet; it is shown as just made")]
    private partial void LogNotSeen(string sandbox, string cluster);
}
