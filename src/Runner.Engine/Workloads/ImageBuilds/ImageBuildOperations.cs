using Microsoft.Extensions.Logging;
using Runner.Engine.Clusters;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.ImageBuilds;

/// <summary>What the hub does to image builds.</summary>
public sealed partial class ImageBuildOperations : IWorkloadOperations
{
    /// <summary>How long an old build of the same name may take to go.</summary>
    private static readonly TimeSpan ReplaceDeadline = TimeSpan.FromSeconds(30);

    /// <summary>Pauses between looks at a build that goes.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly RunnerOptions _options;
    private readonly LiveSettings _settings;
    private readonly ClusterDirectory _clusters;
    private readonly BuildFilesKeeper _files;
    private readonly JobMaker _maker;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    internal ImageBuildOperations(
        RunnerOptions options, LiveSettings settings, ClusterDirectory clusters, BuildFilesKeeper files, JobMaker maker, TimeProvider time, ILogger<ImageBuildOperations> logger)
    {
        _options = options;
        _settings = settings;
        _clusters = clusters;
        _files = files;
        _maker = maker;
        _time = time;
        _logger = logger;
    }

    public IReadOnlySet<WorkloadKind> Kinds { get; } = new HashSet<WorkloadKind> { WorkloadKind.ImageBuild };

    /// <summary>
    /// Has the image of a space built. Safe to repeat: a build of the same task that goes on stays as it is. One that has ended is done anew,
    /// because the hub asks only while it does not know of an end.
    /// </summary>
    /// <exception cref="RequestRefusedException">The request cannot be carried out as it is; nothing was created.</exception>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task BuildAsync(ImageBuildRequest request, CancellationToken cancellationToken)
    {
        var cluster = _clusters.Resolve(request.ClusterId);
        var objects = ImageBuildManifest.Build(request, _options, cluster.Status.ClusterId ?? "", _settings.Of(cluster.Name).StorageClass);
        var name = objects.Workflow.Metadata.Name;
        var (api, belongings) = (new ArgoApi(cluster, _options.WorkloadNamespace, _time), BelongingsOf(cluster));
        try
        {
            await _files.EnsureAsync(cluster, cancellationToken).ConfigureAwait(false);
            if (objects.Cache is { } cache)
            {
                await new VolumeClaims(cluster, _options.WorkloadNamespace, _time, _logger).EnsureAsync(cache, cancellationToken).ConfigureAwait(false);
            }

            await _maker.AdoptAsync(belongings, objects.Job, await StartAsync(api, belongings, objects.Job, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            LogStarted(name, cluster.Name, request.DeployId, request.TaskId);
        }
        catch (ApiStatusException refusal) when (refusal.Code is 400 or 422)
        {
            throw new RequestRefusedException(SecretText.Hide($"Cluster '{cluster.Name}' does not take build '{name}': {refusal.Message}", [request.GitAccessToken]));
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, cancellationToken))
        {
            throw new ClusterOperationException(
                SecretText.Hide($"Build '{name}' was not started. {ClusterProblem.Describe(exception, cluster.Name)}", [request.GitAccessToken]), exception);
        }
    }

    /// <summary>Ends a build. Nothing happens when it is gone already.</summary>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public Task StopAsync(ImageBuildStopRequest request, CancellationToken cancellationToken) => StopAsync(
        _clusters.Resolve(request.ClusterId), ImageBuildNames.Workflow(request.OrgName, request.SpaceName, request.DeployId, request.TaskId), cancellationToken);

    public Task StopAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) => StopAsync(cluster, key.Name, cancellationToken);

    /// <summary>The same as to stop it: what a build has for itself alone goes with its workflow.</summary>
    public Task PurgeAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) => StopAsync(cluster, key.Name, cancellationToken);

    private async Task StopAsync(ClusterConnection cluster, string name, CancellationToken cancellationToken)
    {
        try
        {
            var api = new ArgoApi(cluster, _options.WorkloadNamespace, _time);
            if (await api.DeleteAsync(name, uid: null, cancellationToken).ConfigureAwait(false))
            {
                LogDeleted(name, cluster.Name);
            }

            // It goes with the build by itself, unless the runner died before it was the build's.
            await BelongingsOf(cluster).RemoveAsync(name, ImageBuildNames.TokenSecret(name), volume: null).ConfigureAwait(false);
        }
        catch (Exception exception) when (ClusterProblem.IsFailure(exception, cancellationToken))
        {
            throw new ClusterOperationException(new LocalText($"Build '{name}' was not stopped.", $"构建“{name}”未停止。").Then(ClusterProblem.Describe(exception, cluster.Name)), exception);
        }
    }

    /// <summary>Finds the build that goes on, or starts it, once an earlier one of its name that has ended is out of the way.</summary>
    private async Task<ArgoWorkflow> StartAsync(ArgoApi api, JobBelongings belongings, JobObjects job, CancellationToken cancellationToken)
    {
        var name = job.Workflow.Metadata.Name;
        var deadline = _time.GetUtcNow() + ReplaceDeadline;
        while (true)
        {
            var build = await api.FindAsync(name, cancellationToken).ConfigureAwait(false) ?? await JobMaker.CreateAsync(api, belongings, job).ConfigureAwait(false);
            var isGoing = build.Metadata.DeletionTimestamp is not null;
            if (!isGoing && !WorkflowPhases.IsFinished(ArgoFacts.PhaseOf(build)))
            {
                return build;
            }

            if (_time.GetUtcNow() > deadline)
            {
                throw new ClusterOperationException(
                    $"Build '{name}' was not started: an earlier one of its name did not go within {ReplaceDeadline.TotalSeconds} s. See whether a finalizer keeps its Workflow, then ask again.");
            }

            if (isGoing)
            {
                await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await api.DeleteAsync(name, uid: null, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private JobBelongings BelongingsOf(ClusterConnection cluster) => new(cluster, _options.WorkloadNamespace, _time, _logger);

    [LoggerMessage(LogLevel.Information, "Image build {Build} is in cluster {Cluster} for deploy {DeployId}, task {TaskId}")]
    private partial void LogStarted(string build, string cluster, string deployId, long taskId);

    [LoggerMessage(LogLevel.Information, "Deleted image build {Build} in cluster {Cluster}")]
    private partial void LogDeleted(string build, string cluster);
}
