using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Containers;
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
public sealed partial class SandboxOperations : IWorkloadOperations, IReplacementFinishing
{
    /// <summary>It holds the whole object once more, the environment among it.</summary>
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    private readonly RunnerOptions _options;
    private readonly LiveSettings _settings;
    private readonly ClusterDirectory _clusters;
    private readonly ReplacementNotes _notes;
    private readonly Turns _turns;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Recent<Sandbox> _made;
    private readonly JustStopped _stopped;
    private readonly SandboxMaker _maker;

    internal SandboxOperations(
        RunnerOptions options, LiveSettings settings, ClusterDirectory clusters, WorkloadFeed feed, ReplacementNotes notes, VolumeWaits waits, CarrierMaker carriers, Turns turns, TimeProvider time, ILogger<SandboxOperations> logger)
    {
        (_options, _settings, _clusters, _notes, _turns, _time, _logger) = (options, settings, clusters, notes, turns, time, logger);
        _made = new(time);
        _stopped = new(feed, time);
        _maker = new(options, notes, waits, carriers, feed, _made, time, logger);
    }

    public IReadOnlySet<WorkloadKind> Kinds { get; } = new HashSet<WorkloadKind> { WorkloadKind.Sandbox };

    WorkloadKind IReplacementFinishing.Kind => WorkloadKind.Sandbox;

    string IReplacementFinishing.WhenUnknown => WhenUnknown;

    private static string WhenUnknown => $"Install the controller that provides {SandboxNames.Plural}.{SandboxNames.Group}/{SandboxNames.Version}.";

    /// <summary>Creates the sandbox, or replaces one of the same name that was asked for differently. Safe to repeat: what is there already stays, and so does its end.</summary>
    /// <exception cref="RequestRefusedException">The request cannot be carried out as it is; nothing was created.</exception>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task<SandboxMade> CreateAsync(SandboxRequest request)
    {
        var cluster = _clusters.Resolve(request.ClusterId);
        var facts = new ClusterFacts(cluster.Status.ClusterId ?? "", _settings.Of(cluster.Name).StorageClass);
        var objects = SandboxManifest.Build(request, _options, facts, _time.GetUtcNow());
        var name = request.SandboxName;
        using var turn = await _turns.TakeAsync(KeyOf(cluster, name)).ConfigureAwait(false);
        return await MakingProblem.TellAsync(
            cluster,
            NotedReplacement.WhatOf(WorkloadKind.Sandbox, name),
            WhenUnknown,
            async () =>
            {
                var sandbox = Made(cluster, await _maker.MakeAsync(cluster, objects).ConfigureAwait(false));
                return new SandboxMade(name, InstanceProjection.Time(sandbox.Metadata.CreationTimestamp) ?? _time.GetUtcNow(), InstanceProjection.Time(sandbox.Spec?.ShutdownTime));
            },
            () => request.EnvVars?.Values ?? Enumerable.Empty<string>()).ConfigureAwait(false);
    }

    async Task<bool> IReplacementFinishing.FinishAsync(ClusterConnection cluster, NotedReplacement note)
    {
        if (await _maker.FinishAsync(cluster, note).ConfigureAwait(false) is not { } made)
        {
            return false;
        }

        Made(cluster, made);
        return true;
    }

    Task<string?> IReplacementFinishing.FindAsync(ClusterConnection cluster, NotedReplacement note) => _maker.FindAsync(cluster, note.Name);

    /// <summary>The sandbox as the watches know it, as it was just made while they have not told of it, or as it is to be while another one makes room for it; null when there is none.</summary>
    /// <exception cref="ClusterOperationException">Nothing is known of the cluster's sandboxes, so that nobody can say that there is none.</exception>
    public SandboxView? Find(ClusterConnection cluster, string name)
    {
        var key = KeyOf(cluster, name);
        var cache = cluster.State.Sandboxes.Sandboxes;
        var seen = _stopped.Find(key) is { } workload && cache.Find(key.Namespace, name) is { } sandbox && !workload.IsComing ? View(workload, sandbox)
            : _made.Find(key) is { } made ? View(SandboxProjection.Project(cluster.Name, cluster.Status.ClusterId ?? "", made, []), made)
            : null;
        if (ComingWorkloads.NoteInstead(_notes, key, seen?.Workload) is { } note)
        {
            return View(ComingWorkload.Project(note, cluster.Status.ClusterId ?? ""), note.ReadSandbox());
        }

        if (seen is not null)
        {
            return seen;
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

        try
        {
            using var turn = await _turns.TakeToStopAsync(KeyOf(cluster, name)).ConfigureAwait(false);
            var deleted = await _maker.RemoveAsync(cluster, name).ConfigureAwait(false);
            if (deleted.Count > 0)
            {
                LogDeleted(name, cluster.Name);
            }

            _made.Forget(KeyOf(cluster, name));
            await _stopped.AddAsync(KeyOf(cluster, name), deleted).ConfigureAwait(false);
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, CancellationToken.None))
        {
            throw new ClusterOperationException(new LocalText($"Sandbox '{name}' was not deleted.", $"沙箱“{name}”未删除。").Then(ClusterProblem.Describe(exception, cluster.Name)), exception);
        }
    }

    Task IWorkloadOperations.StopAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) => DeleteAsync(cluster, key.Name);

    Task IWorkloadOperations.PurgeAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) => DeleteAsync(cluster, key.Name);

    private Sandbox Made(ClusterConnection cluster, (Sandbox Sandbox, bool IsNew) made)
    {
        if (made.IsNew)
        {
            LogCreated(made.Sandbox.Metadata.Name, cluster.Name, HubFacts.Text(made.Sandbox.Metadata.Annotations, HubNames.DeployIdAnnotation));
        }

        return made.Sandbox;
    }

    private static SandboxView View(Workload workload, Sandbox sandbox) => new(
        workload,
        (sandbox.Metadata.Labels ?? new Dictionary<string, string>()).ToDictionary(),
        (sandbox.Metadata.Annotations ?? new Dictionary<string, string>()).Where(entry => entry.Key is not (LastApplied or ServiceManifest.HashAnnotation)).ToDictionary());

    private WorkloadKey KeyOf(ClusterConnection cluster, string name) => new(cluster.Name, WorkloadKind.Sandbox, _options.WorkloadNamespace, name);

    [LoggerMessage(LogLevel.Information, "Created sandbox {Sandbox} in cluster {Cluster} for deploy {DeployId}")]
    private partial void LogCreated(string sandbox, string cluster, string deployId);

    [LoggerMessage(LogLevel.Information, "Deleted sandbox {Sandbox} in cluster {Cluster}")]
    private partial void LogDeleted(string sandbox, string cluster);
}
