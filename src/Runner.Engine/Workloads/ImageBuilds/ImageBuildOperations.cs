using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Replacing;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.ImageBuilds;

/// <summary>What the hub does to image builds.</summary>
public sealed class ImageBuildOperations : IWorkloadOperations, IReplacementFinishing
{
    private readonly RunnerOptions _options;
    private readonly LiveSettings _settings;
    private readonly ClusterDirectory _clusters;
    private readonly BuildFilesKeeper _files;
    private readonly JobLauncher _launcher;
    private readonly VolumeWaits _waits;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    internal ImageBuildOperations(
        RunnerOptions options, LiveSettings settings, ClusterDirectory clusters, BuildFilesKeeper files, JobLauncher launcher, VolumeWaits waits, TimeProvider time, ILogger<ImageBuildOperations> logger)
    {
        _options = options;
        _settings = settings;
        _clusters = clusters;
        _files = files;
        _launcher = launcher;
        _waits = waits;
        _time = time;
        _logger = logger;
    }

    public IReadOnlySet<WorkloadKind> Kinds { get; } = new HashSet<WorkloadKind> { WorkloadKind.ImageBuild };

    WorkloadKind IReplacementFinishing.Kind => WorkloadKind.ImageBuild;

    /// <summary>
    /// Has the image of a space built. Safe to repeat: a build of the same task that goes on stays as it is. One that has ended is done anew once its end is told, because the hub asks
    /// only while it does not know of an end.
    /// </summary>
    /// <exception cref="RequestRefusedException">The request cannot be carried out as it is; nothing was created.</exception>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task BuildAsync(ImageBuildRequest request, CancellationToken cancellationToken)
    {
        var cluster = _clusters.Resolve(request.ClusterId);
        var objects = ImageBuildManifest.Build(request, _options, cluster.Status.ClusterId ?? "", _settings.Of(cluster.Name).StorageClass);
        try
        {
            await _files.EnsureAsync(cluster, cancellationToken).ConfigureAwait(false);
            if (objects.Cache is { } cache)
            {
                await new VolumeClaims(cluster, _options.WorkloadNamespace, _waits, _time, _logger).EnsureAsync(cache, KeyOf(cluster, objects.Workflow.Metadata.Name), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, cancellationToken))
        {
            throw new ClusterOperationException($"What build '{objects.Workflow.Metadata.Name}' needs was not made. {ClusterProblem.Describe(exception, cluster.Name)}", exception);
        }

        await _launcher.LaunchAsync(cluster, WorkloadKind.ImageBuild, objects.Job, [request.GitAccessToken]).ConfigureAwait(false);
    }

    /// <summary>Ends a build. Nothing happens when it is gone already.</summary>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public Task StopAsync(ImageBuildStopRequest request)
    {
        var cluster = _clusters.Resolve(request.ClusterId);
        var name = ImageBuildNames.Workflow(request.OrgName, request.SpaceName, request.DeployId, request.TaskId);
        return DeleteAsync(cluster, KeyOf(cluster, name));
    }

    public Task StopAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) => DeleteAsync(cluster, key);

    /// <summary>The same as to stop it: what a build has for itself alone goes with its workflow.</summary>
    public Task PurgeAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) => DeleteAsync(cluster, key);

    Task<bool> IReplacementFinishing.FinishAsync(ClusterConnection cluster, NotedReplacement note) => _launcher.FinishAsync(cluster, note);

    Task<string?> IReplacementFinishing.FindAsync(ClusterConnection cluster, NotedReplacement note) => _launcher.FindAsync(cluster, note.KeyIn(_options.WorkloadNamespace));

    private WorkloadKey KeyOf(ClusterConnection cluster, string name) => new(cluster.Name, WorkloadKind.ImageBuild, _options.WorkloadNamespace, name);

    private Task<bool> DeleteAsync(ClusterConnection cluster, WorkloadKey key) => _launcher.DeleteAsync(cluster, key, ImageBuildNames.TokenSecret(key.Name), volume: null);
}
