using k8s.Models;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.MultiHost;

/// <summary>
/// Creates a service over several hosts in place of whichever has its name, and removes one, waiting for what is left of it to go. It is made of several objects: what cannot be completed does not stay.
/// </summary>
/// <param name="note">As in <see cref="Replacement"/>; also called, with nothing, before the first object is made where nothing has the name.</param>
internal sealed partial class MultiHostReplacement(ClusterConnection cluster, LeaderWorkerSetApi api, Func<string, Task> note, TimeProvider time, ILogger logger)
{
    /// <summary>How long an old service of the same name may take to go.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Between two looks at what no right lets the runner watch.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly GoneWatch _gone = new(cluster, time);

    /// <summary>True while the API server was asked for a set and has not answered.</summary>
    private bool _isAsked;

    /// <param name="isBegun">True when something that had the name before was removed already.</param>
    /// <returns>The set as the cluster has it, and whether it was made by this call; one that carries the same request already stays.</returns>
    /// <exception cref="ClusterOperationException">The old service does not go.</exception>
    public async Task<(LeaderWorkerSet Set, bool IsNew)> CreateOrReplaceAsync(MultiHostObjects wanted, bool isBegun)
    {
        var name = wanted.Address.Metadata.Name;
        var replacement = ReplacementOf(name, isBegun);
        LeaderWorkerSet? made = null;
        try
        {
            return await replacement.RunAsync(async token =>
            {
                var (set, isNew) = await CreateSetAsync(wanted.Set, replacement, token).ConfigureAwait(false);
                made = isNew ? set : made;
                await EnsureAsync(
                    MultiHostManifest.OwnedBy(wanted.Address, set.Metadata), api.CreateAddressAsync, api.FindAddressAsync, set.Metadata.Uid,
                    old => _gone.WaitAsync(api.ServicesPath, name, old.Uid, token), token).ConfigureAwait(false);
                await EnsureRouteAsync(wanted.Route, set, token).ConfigureAwait(false);
                return (set, set.Metadata.Uid == made?.Metadata.Uid);
            }).ConfigureAwait(false);
        }
        catch when (made is not null)
        {
            await TakeBackAsync(made).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Removes the set that carries a service, if there is one, and waits until a service on one host can take the name.</summary>
    /// <param name="check">Called before anything is removed.</param>
    /// <returns>True when there was one.</returns>
    /// <exception cref="ClusterOperationException">The old service does not go.</exception>
    public Task<bool> RemoveAsync(string service, Func<CancellationToken, Task> check)
    {
        var replacement = ReplacementOf(service, isBegun: false);
        LeaderWorkerSet? set = null;
        return replacement.RunAsync(async token =>
        {
            set ??= cluster.State.Services.MayHaveSets ? await api.FindAsync(LeaderWorkerSetNames.SetOf(service), token).ConfigureAwait(false) : null;
            if (set is null)
            {
                return false;
            }

            if (!replacement.IsBegun)
            {
                await check(token).ConfigureAwait(false);
            }

            await RemoveAsync(set, replacement, token).ConfigureAwait(false);
            await _gone.WaitAsync(api.ServicesPath, service, set.Metadata.Uid, token).ConfigureAwait(false);
            return true;
        });
    }

    private Replacement ReplacementOf(string service, bool isBegun) => new($"Service '{service}'", Deadline, time, note) { IsBegun = isBegun };

    private async Task<(LeaderWorkerSet Set, bool IsNew)> CreateSetAsync(LeaderWorkerSet wanted, Replacement replacement, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await api.FindAsync(wanted.Metadata.Name, cancellationToken).ConfigureAwait(false) is { } existing)
            {
                if (existing.Metadata.DeletionTimestamp is null && HashOf(existing) == HashOf(wanted))
                {
                    return (existing, _isAsked);
                }

                await RemoveAsync(existing, replacement, cancellationToken).ConfigureAwait(false);
            }

            // From here on there may be a set without an address, though no answer says so.
            await replacement.BeginAsync("").ConfigureAwait(false);
            _isAsked = true;
            var created = await api.CreateAsync(wanted, dryRun: false, cancellationToken).ConfigureAwait(false);
            _isAsked = false;
            if (created is not null)
            {
                return (created, true);
            }
        }
    }

    /// <summary>Removes a set that could not be completed: nobody would come back to it, and it would hold its hosts without an address.</summary>
    private async Task TakeBackAsync(LeaderWorkerSet set)
    {
        try
        {
            await api.DeleteAsync(set.Metadata.Name, set.Metadata.Uid, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            LogStays(set.Metadata.Name, cluster.Name, exception.Message);
        }
    }

    private async Task RemoveAsync(LeaderWorkerSet set, Replacement replacement, CancellationToken cancellationToken)
    {
        var (name, uid) = (set.Metadata.Name, set.Metadata.Uid);
        await replacement.BeginAsync(uid).ConfigureAwait(false);
        if (set.Metadata.DeletionTimestamp is null)
        {
            LogReplacing(name, cluster.Name);
            await api.DeleteAsync(name, uid, cancellationToken).ConfigureAwait(false);
        }

        // What a new set makes bears the same names.
        await _gone.WaitAsync(api.Path, name, uid, cancellationToken).ConfigureAwait(false);
        await _gone.WaitAsync(api.StatefulSetsPath, name, uid, cancellationToken).ConfigureAwait(false);
        await _gone.WaitAsync(api.ServicesPath, name, uid, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Leads the ingress to the service. Where it cannot be led there, the service has only its address within the cluster.</summary>
    private async Task EnsureRouteAsync(IngressRoute? route, LeaderWorkerSet set, CancellationToken cancellationToken)
    {
        var host = "";
        if (route is not null)
        {
            try
            {
                await EnsureAsync(
                    MultiHostManifest.OwnedBy(route, set.Metadata), api.CreateRouteAsync, api.FindRouteAsync, set.Metadata.Uid,
                    _ => Task.Delay(Pause, time, cancellationToken), cancellationToken).ConfigureAwait(false);
                host = route.Spec.Rules[0].Hosts[0];
            }
            catch (ApiStatusException refusal) when (refusal.Code is 403 or 404)
            {
                LogNoRoute(set.Metadata.Name, cluster.Name, refusal.Message);
            }
        }

        if (HubFacts.Text(set.Metadata.Annotations, HubNames.HostAnnotation) != host)
        {
            (set.Metadata.Annotations ??= new Dictionary<string, string>())[HubNames.HostAnnotation] = host;
            await api.AnnotateAsync(set.Metadata.Name, HubNames.HostAnnotation, host, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes what belongs to a set. Whatever else has its name goes with the service that it belonged to.</summary>
    /// <param name="wait">Waits for another one to go, or a little.</param>
    private static async Task EnsureAsync<T>(
        T wanted, Func<T, CancellationToken, Task<T?>> create, Func<string, CancellationToken, Task<T?>> find, string set, Func<V1ObjectMeta, Task> wait, CancellationToken cancellationToken)
        where T : class, IMetadata<V1ObjectMeta>
    {
        while (await create(wanted, cancellationToken).ConfigureAwait(false) is null)
        {
            var existing = await find(wanted.Metadata.Name, cancellationToken).ConfigureAwait(false);
            if (existing?.Metadata.OwnerReferences?.Any(owner => owner.Uid == set) == true)
            {
                return;
            }

            if (existing is not null)
            {
                await wait(existing.Metadata).ConfigureAwait(false);
            }
        }
    }

    private static string HashOf(LeaderWorkerSet set) => HubFacts.Text(set.Metadata.Annotations, ServiceManifest.HashAnnotation);

    [LoggerMessage(LogLevel.Warning, "The ingress of cluster {Cluster} does not lead to set {Set}, which is reached within the cluster only: {Problem}")]
    private partial void LogNoRoute(string set, string cluster, string problem);

    [LoggerMessage(LogLevel.Error, "Set {Set} in cluster {Cluster} could not be completed, so that its service has no address, and could not be removed either. Stop the service or run it again: {Problem}")]
    private partial void LogStays(string set, string cluster, string problem);

    [LoggerMessage(LogLevel.Information, "Replacing set {Set} in cluster {Cluster}: the service that it carries is run differently")]
    private partial void LogReplacing(string set, string cluster);
}
