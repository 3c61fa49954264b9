using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Replacing;

namespace Runner.Engine.Workloads.Services;

/// <summary>Creates a service in place of whichever has its name, and waits for what is left of the old one to go.</summary>
/// <param name="note">As in <see cref="Replacement"/>.</param>
internal sealed partial class ServiceReplacement(ClusterConnection cluster, KnativeApi api, PodHurry pods, Func<string, Task> note, TimeProvider time, ILogger logger)
{
    /// <summary>How long an old service of the same name may take to go.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly GoneWatch _gone = new(cluster, time);

    /// <param name="isBegun">True when something that had the name before was removed already.</param>
    /// <returns>The service as the cluster has it, and whether it was made by this call; one that carries the same request already stays.</returns>
    /// <exception cref="ClusterOperationException">The old service does not go.</exception>
    public Task<(KnativeService Service, bool IsNew)> CreateOrReplaceAsync(KnativeService wanted, bool isBegun)
    {
        var name = wanted.Metadata.Name;
        var replacement = ReplacementOf(name, isBegun);
        return replacement.RunAsync(async token =>
        {
            while (true)
            {
                if (await api.CreateAsync(wanted, dryRun: false, token).ConfigureAwait(false) is { } created)
                {
                    return (created, true);
                }

                var existing = await api.FindAsync(name, token).ConfigureAwait(false);
                if (existing is { Metadata.DeletionTimestamp: null } && IsSame(existing, wanted))
                {
                    return (existing, false);
                }

                if (existing is not null)
                {
                    // What the API server would refuse must not cost the service that is there.
                    await api.CheckAsync(wanted, token).ConfigureAwait(false);
                    await RemoveAsync(existing, replacement, token).ConfigureAwait(false);
                }
            }
        });
    }

    /// <summary>Removes a service and waits until another one can take its name.</summary>
    /// <exception cref="ClusterOperationException">The old service does not go.</exception>
    public Task RemoveAsync(KnativeService existing)
    {
        var replacement = ReplacementOf(existing.Metadata.Name, isBegun: false);
        return replacement.RunAsync(async token =>
        {
            await RemoveAsync(existing, replacement, token).ConfigureAwait(false);
            return true;
        });
    }

    private Replacement ReplacementOf(string service, bool isBegun) => new($"Service '{service}'", Deadline, time, note) { IsBegun = isBegun };

    private async Task RemoveAsync(KnativeService existing, Replacement replacement, CancellationToken cancellationToken)
    {
        var (name, uid) = (existing.Metadata.Name, existing.Metadata.Uid);
        await replacement.BeginAsync(uid).ConfigureAwait(false);
        if (existing.Metadata.DeletionTimestamp is null)
        {
            LogReplacing(name, cluster.Name);
            await api.DeleteAsync(name, uid, cancellationToken).ConfigureAwait(false);
            await pods.HurryAsync(cluster, api, name, cancellationToken).ConfigureAwait(false);
        }

        await _gone.WaitAsync(api.Path, name, uid, cancellationToken).ConfigureAwait(false);
        try
        {
            // A new service does not take over the configuration and route of the one before it: it would stand as failed (NotOwned) until they are collected.
            await _gone.WaitAsync(api.PathOf("configurations"), name, uid, cancellationToken).ConfigureAwait(false);
            await _gone.WaitAsync(api.PathOf("routes"), name, uid, cancellationToken).ConfigureAwait(false);
        }
        catch (ApiStatusException refusal) when (refusal.Code == 403)
        {
            // Without the right to look, the new service stands as failed for a moment.
            LogCannotLook(name, refusal.Message);
        }
    }

    private static bool IsSame(KnativeService existing, KnativeService wanted) =>
        existing.Metadata.Annotations is { } annotations
        && annotations.TryGetValue(ServiceManifest.HashAnnotation, out var hash)
        && hash == wanted.Metadata.Annotations[ServiceManifest.HashAnnotation];

    [LoggerMessage(LogLevel.Information, "Replacing service {Service} in cluster {Cluster}: another one of its name exists")]
    private partial void LogReplacing(string service, string cluster);

    [LoggerMessage(LogLevel.Warning, "Cannot see whether the configuration and route of the old service {Service} are gone: {Problem}")]
    private partial void LogCannotLook(string service, string problem);
}
