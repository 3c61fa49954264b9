using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Sandboxes;

/// <summary>A sandbox that was made.</summary>
/// <param name="ExpiresAt">When the cluster ends it; null for never.</param>
public sealed record SandboxMade(string Name, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

/// <summary>A sandbox and what its object says of itself.</summary>
public sealed record SandboxView(Workload Workload, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Annotations);

/// <summary>
/// What the hub and administrators do to sandboxes. Writes go to the cluster; answers come from the caches. What was asked for is carried through within its own
/// deadlines, whether or not the caller waits for it: half a replacement is the loss of a sandbox.
/// </summary>
public sealed partial class SandboxOperations(
    RunnerOptions options, LiveSettings settings, ClusterDirectory clusters, WorkloadFeed feed, TimeProvider time, ILogger<SandboxOperations> logger) : IWorkloadOperations
{
    /// <summary>How long an old sandbox of the same name may take to go: its pod is given 30 s to end, and goes a moment after that.</summary>
    private static readonly TimeSpan ReplaceDeadline = TimeSpan.FromSeconds(40);

    /// <summary>How long a sandbox that was just made is known although the watch has not told of it yet.</summary>
    private static readonly TimeSpan MadeIsKnown = TimeSpan.FromMinutes(2);

    /// <summary>It holds the whole object once more, the environment among it.</summary>
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    private readonly ConcurrentDictionary<WorkloadKey, (Sandbox Sandbox, DateTimeOffset Until)> _made = new();
    private readonly Turns _turns = new();

    public IReadOnlySet<WorkloadKind> Kinds { get; } = new HashSet<WorkloadKind> { WorkloadKind.Sandbox };

    /// <summary>Creates the sandbox, or replaces one of the same name that was asked for differently. Safe to repeat: what is there already stays, and so does its end.</summary>
    /// <exception cref="RequestRefusedException">The request cannot be carried out as it is; nothing was created.</exception>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task<SandboxMade> CreateAsync(SandboxRequest request)
    {
        var cluster = clusters.Resolve(request.ClusterId);
        var facts = new ClusterFacts(cluster.Status.ClusterId ?? "", settings.Of(cluster.Name).StorageClass);
        var objects = SandboxManifest.Build(request, options, facts, time.GetUtcNow());
        var api = new SandboxApi(cluster, options.WorkloadNamespace, time);
        var name = request.SandboxName;
        using var turn = await _turns.TakeAsync(KeyOf(cluster, name)).ConfigureAwait(false);
        try
        {
            var secrets = new EnvironmentSecrets(cluster, options.WorkloadNamespace, time);
            if (objects.Volume is not null || objects.Secret is not null)
            {
                // Neither a volume nor a Secret for a sandbox that the API server refuses.
                await api.CreateAsync(objects.Sandbox, dryRun: true, CancellationToken.None).ConfigureAwait(false);
            }

            if (objects.Volume is { } volume)
            {
                await new VolumeClaims(cluster, options.WorkloadNamespace, time, logger).EnsureAsync(volume, CancellationToken.None).ConfigureAwait(false);
            }

            await secrets.EnsureAsync(objects.Secret, CancellationToken.None).ConfigureAwait(false);
            var (sandbox, isNew) = await CreateOrReplaceAsync(cluster, api, objects.Sandbox).ConfigureAwait(false);
            await secrets.OwnAsync(objects.Secret, sandbox, CancellationToken.None).ConfigureAwait(false);
            if (isNew)
            {
                LogCreated(name, cluster.Name, request.DeployId);
                Remember(KeyOf(cluster, name), sandbox);
                await WaitUntilSeenAsync(KeyOf(cluster, name), sandbox.Metadata.Uid).ConfigureAwait(false);
            }

            return new(name, InstanceProjection.Time(sandbox.Metadata.CreationTimestamp) ?? time.GetUtcNow(), InstanceProjection.Time(sandbox.Spec?.ShutdownTime));
        }
        catch (ApiStatusException refusal) when (refusal.Code is 400 or 422)
        {
            throw new RequestRefusedException(Hide($"Cluster '{cluster.Name}' does not take sandbox '{name}': {refusal.Message}", request));
        }
        catch (ApiStatusException missing) when (missing.Code == 404)
        {
            throw new ClusterOperationException(
                Hide($"Sandbox '{name}' was not created: cluster '{cluster.Name}' answered 404: {missing.Message}. Install the controller that provides {SandboxNames.Plural}.{SandboxNames.Group}/{SandboxNames.Version}.", request),
                missing);
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            throw new ClusterOperationException(Hide($"Sandbox '{name}' was not created. {ClusterProblem.Describe(exception, cluster.Name)}", request), exception);
        }
    }

    /// <summary>The sandbox as the watches know it, or as it was just made while they have not told of it; null when there is none.</summary>
    /// <exception cref="ClusterOperationException">Nothing is known of the cluster's sandboxes, so that nobody can say that there is none.</exception>
    public SandboxView? Find(ClusterConnection cluster, string name)
    {
        var key = KeyOf(cluster, name);
        var cache = cluster.State.Sandboxes.Sandboxes;
        if (feed.Current.TryGetValue(key, out var workload) && cache.Find(key.Namespace, name) is { } sandbox)
        {
            return View(workload, sandbox);
        }

        if (_made.TryGetValue(key, out var made) && made.Until > time.GetUtcNow())
        {
            return View(SandboxProjection.Project(cluster.Name, cluster.Status.ClusterId ?? "", made.Sandbox, []), made.Sandbox);
        }

        if (!cluster.State.IsSynced(WorkloadKind.Sandbox))
        {
            var problem = cluster.Status.Problem.Length > 0 ? cluster.Status.Problem : cache.Status.Problem;
            throw new ClusterOperationException(
                $"Whether sandbox '{name}' exists is not known: the sandboxes of cluster '{cluster.Name}' have not been listed. {(problem.Length > 0 ? problem : "Ask again in a moment.")}");
        }

        return null;
    }

    /// <summary>Deletes the sandbox; the user's volume stays. Nothing happens when it is gone already.</summary>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task DeleteAsync(ClusterConnection cluster, string name)
    {
        if (!Naming.IsServiceName(name))
        {
            return;
        }

        using var turn = await _turns.TakeAsync(KeyOf(cluster, name)).ConfigureAwait(false);
        try
        {
            // As it was seen: another one that another replica makes meanwhile stays.
            var api = new SandboxApi(cluster, options.WorkloadNamespace, time);
            if (await api.FindAsync(name, CancellationToken.None).ConfigureAwait(false) is { } sandbox && await api.DeleteAsync(name, sandbox.Metadata.Uid, CancellationToken.None).ConfigureAwait(false))
            {
                LogDeleted(name, cluster.Name);
            }

            _made.TryRemove(KeyOf(cluster, name), out _);
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            throw new ClusterOperationException(new LocalText($"Sandbox '{name}' was not deleted.", $"沙箱“{name}”未删除。").Then(ClusterProblem.Describe(exception, cluster.Name)), exception);
        }
    }

    Task IWorkloadOperations.StopAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) => DeleteAsync(cluster, key.Name);

    Task IWorkloadOperations.PurgeAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) => DeleteAsync(cluster, key.Name);

    private Task<(Sandbox Sandbox, bool IsNew)> CreateOrReplaceAsync(ClusterConnection cluster, SandboxApi api, Sandbox wanted)
    {
        var name = wanted.Metadata.Name;
        var replacement = new Replacement($"Sandbox '{name}'", ReplaceDeadline, time);
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

                if (existing.Metadata.DeletionTimestamp is null)
                {
                    if (HashOf(existing) == HashOf(wanted))
                    {
                        return (existing, false);
                    }

                    LogReplacing(name, cluster.Name);
                    await replacement.BeginAsync().ConfigureAwait(false);
                    await api.DeleteAsync(name, existing.Metadata.Uid, token).ConfigureAwait(false);
                }

                // The pod bears the sandbox's name: a new one would not come while the old one is there.
                var gone = new GoneWatch(cluster, time);
                await gone.WaitAsync(api.Path, name, existing.Metadata.Uid, token).ConfigureAwait(false);
                await gone.WaitAsync($"api/v1/namespaces/{options.WorkloadNamespace}/pods", name, existing.Metadata.Uid, token).ConfigureAwait(false);
            }
        });
    }

    private void Remember(WorkloadKey key, Sandbox sandbox)
    {
        var now = time.GetUtcNow();
        foreach (var (old, made) in _made)
        {
            if (made.Until <= now)
            {
                _made.TryRemove(new(old, made));
            }
        }

        _made[key] = (sandbox, now + MadeIsKnown);
    }

    /// <summary>The hub may ask for the sandbox right after this call: it is answered from the caches.</summary>
    private async Task WaitUntilSeenAsync(WorkloadKey key, string uid)
    {
        if (await feed.WaitForAsync(key, uid, time, CancellationToken.None).ConfigureAwait(false))
        {
            _made.TryRemove(key, out _);
        }
        else
        {
            LogNotSeen(key.Name, key.Cluster);
        }
    }

    private static SandboxView View(Workload workload, Sandbox sandbox) => new(
        workload,
        (sandbox.Metadata.Labels ?? new Dictionary<string, string>()).ToDictionary(),
        (sandbox.Metadata.Annotations ?? new Dictionary<string, string>()).Where(entry => entry.Key is not (LastApplied or ServiceManifest.HashAnnotation)).ToDictionary());

    private static string HashOf(Sandbox sandbox) => HubFacts.Text(sandbox.Metadata.Annotations, ServiceManifest.HashAnnotation);

    /// <summary>An API server may quote what it refuses; what came in the environment is for the container alone.</summary>
    private static string Hide(string message, SandboxRequest request) => SecretText.Hide(message, request.EnvVars?.Values ?? Enumerable.Empty<string>());

    private WorkloadKey KeyOf(ClusterConnection cluster, string name) => new(cluster.Name, WorkloadKind.Sandbox, options.WorkloadNamespace, name);

    [LoggerMessage(LogLevel.Information, "Created sandbox {Sandbox} in cluster {Cluster} for deploy {DeployId}")]
    private partial void LogCreated(string sandbox, string cluster, string deployId);

    [LoggerMessage(LogLevel.Information, "Replacing sandbox {Sandbox} in cluster {Cluster}: another one of its name exists")]
    private partial void LogReplacing(string sandbox, string cluster);

    [LoggerMessage(LogLevel.Information, "Deleted sandbox {Sandbox} in cluster {Cluster}")]
    private partial void LogDeleted(string sandbox, string cluster);

    [LoggerMessage(LogLevel.Warning, "The watch of cluster {Cluster} has not told of the new sandbox {Sandbox} yet; it is shown as just made")]
    private partial void LogNotSeen(string sandbox, string cluster);
}
