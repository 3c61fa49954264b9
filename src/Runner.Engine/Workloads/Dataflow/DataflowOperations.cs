using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Dataflow;

/// <summary>What the hub does with dataflow jobs. Writes go to the cluster; answers come from memory, also for jobs whose objects are gone.</summary>
public sealed class DataflowOperations : IWorkloadOperations
{
    private readonly RunnerOptions _options;
    private readonly LiveSettings _settings;
    private readonly ClusterDirectory _clusters;
    private readonly JobLauncher _launcher;
    private readonly JobArchive _archive;

    internal DataflowOperations(RunnerOptions options, LiveSettings settings, ClusterDirectory clusters, JobLauncher launcher, JobArchive archive) =>
        (_options, _settings, _clusters, _launcher, _archive) = (options, settings, clusters, launcher, archive);

    public IReadOnlySet<WorkloadKind> Kinds { get; } = new HashSet<WorkloadKind> { WorkloadKind.Dataflow };

    /// <summary>Runs a dataflow job on a volume of its own. Safe to repeat: what is there already stays and is answered.</summary>
    /// <exception cref="RequestRefusedException">The request cannot be carried out as it is; nothing was created.</exception>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public Task<WorkflowRecord> CreateAsync(DataflowRequest request)
    {
        var cluster = _clusters.Resolve(request.ClusterId);
        var objects = DataflowManifest.Build(request, _options, cluster.Status.ClusterId ?? "", _settings.Of(cluster.Name).StorageClass);
        return _launcher.LaunchAsync(cluster, WorkloadKind.Dataflow, objects, [.. request.Template?.Env?.Values ?? Enumerable.Empty<string>(), request.AccessToken]);
    }

    /// <summary>A job by the hub's id of its task; null when there is none.</summary>
    /// <param name="clusterId">The hub's id of the cluster; empty for the default one.</param>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">Nobody can say yet that there is none.</exception>
    public WorkflowRecord? Find(string task, string clusterId)
    {
        var cluster = _clusters.Resolve(clusterId);
        if (_archive.Find(KeyOf(cluster, task)) is { } kept)
        {
            return kept.Record;
        }

        return cluster.State.IsSynced(WorkloadKind.Dataflow)
            ? null
            : throw new ClusterOperationException(
                $"Whether dataflow job '{ResourceRules.Shown(task)}' exists is not known yet: the workflows of cluster '{cluster.Name}' have not been listed. Ask again in a moment.");
    }

    /// <summary>Deletes a job and its volume. Nothing happens when both are gone already. Its record is kept.</summary>
    /// <param name="clusterId">The hub's id of the cluster; empty for the default one.</param>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public Task DeleteAsync(string task, string clusterId)
    {
        var cluster = _clusters.Resolve(clusterId);
        return DeleteAsync(cluster, KeyOf(cluster, task));
    }

    /// <inheritdoc/>
    public Task StopAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) => DeleteAsync(cluster, key);

    /// <inheritdoc/>
    public Task PurgeAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) => DeleteAsync(cluster, key);

    private Task<bool> DeleteAsync(ClusterConnection cluster, WorkloadKey key) =>
        _launcher.DeleteAsync(cluster, key, JobEnvironment.SecretOf(key.Name), DataflowNames.VolumeOf(key.Name));

    private WorkloadKey KeyOf(ClusterConnection cluster, string task) => new(cluster.Name, WorkloadKind.Dataflow, _options.WorkloadNamespace, task);
}
