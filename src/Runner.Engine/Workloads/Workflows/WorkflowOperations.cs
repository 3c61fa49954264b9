using System.Globalization;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Workflows;

/// <summary>A workflow belongs to somebody else than the one who asks.</summary>
public sealed class NotOwnerException(string message) : Exception(message);

/// <summary>What the hub does with evaluations, finetunes and the like. Writes go to the cluster; answers come from memory, also for jobs whose objects are gone.</summary>
public sealed class WorkflowOperations : IWorkloadOperations
{
    private readonly RunnerOptions _options;
    private readonly ClusterDirectory _clusters;
    private readonly JobLauncher _launcher;
    private readonly JobArchive _archive;

    internal WorkflowOperations(RunnerOptions options, ClusterDirectory clusters, JobLauncher launcher, JobArchive archive) =>
        (_options, _clusters, _launcher, _archive) = (options, clusters, launcher, archive);

    public IReadOnlySet<WorkloadKind> Kinds { get; } = new HashSet<WorkloadKind> { WorkloadKind.Workflow };

    /// <summary>Runs a workflow. Safe to repeat: what is there already stays and is answered.</summary>
    /// <exception cref="RequestRefusedException">The request cannot be carried out as it is; nothing was created.</exception>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public Task<WorkflowRecord> CreateAsync(WorkflowRequest request)
    {
        var cluster = _clusters.Resolve(request.ClusterId);
        var objects = WorkflowManifest.Build(request, _options, cluster.Status.ClusterId ?? "");
        var secrets = (request.Templates ?? []).SelectMany(template => template?.Env?.Values ?? Enumerable.Empty<string>())
            .Append(_options.ObjectStore.AccessKeyId).Append(_options.ObjectStore.AccessKeySecret);
        return _launcher.LaunchAsync(cluster, WorkloadKind.Workflow, objects, [.. secrets]);
    }

    /// <summary>One workflow as its owner sees it; null when there is none.</summary>
    /// <param name="id">The number of the record, or the hub's id of the task.</param>
    /// <param name="taskId">The hub's id of the task where it is known; counts before <paramref name="id"/>.</param>
    /// <param name="username">Who asks.</param>
    /// <exception cref="NotOwnerException">It is another user's.</exception>
    /// <exception cref="ClusterOperationException">Nobody can say yet that there is none.</exception>
    public WorkflowRecord? Find(string id, string taskId, string username)
    {
        if (Match(id, taskId) is { } kept)
        {
            return kept.Record.Username == username
                ? kept.Record
                : throw new NotOwnerException($"Workflow '{ResourceRules.Shown(taskId.Length > 0 ? taskId : id)}' belongs to another user");
        }

        var unknown = _clusters.Connections.FirstOrDefault(cluster => !cluster.State.IsSynced(WorkloadKind.Workflow));
        return unknown is null
            ? null
            : throw new ClusterOperationException(
                $"Whether workflow '{ResourceRules.Shown(taskId.Length > 0 ? taskId : id)}' exists is not known yet: the workflows of cluster '{unknown.Name}' have not been listed. Ask again in a moment.");
    }

    /// <summary>The record that is kept of a job; null where none is.</summary>
    public WorkflowRecord? RecordOf(WorkloadKey key) => _archive.Find(key)?.Record;

    /// <summary>The newest record of a job of this name in a cluster, also when the cluster has removed its object; null when none is kept.</summary>
    public WorkflowRecord? RecordOf(ClusterConnection cluster, string name, IReadOnlyCollection<WorkloadKind> kinds) => _archive.All
        .Where(kept => kept.Key.Name == name && kept.Key.Cluster == cluster.Name && kinds.Contains(kept.Key.Kind)).MaxBy(kept => kept.Record.SubmitTime)?.Record;

    /// <summary>The workflows of a user, newest first, as far as they are known.</summary>
    /// <param name="taskType">One of <see cref="WorkflowTaskTypes"/>.</param>
    /// <param name="per">So many a page, at least 1.</param>
    /// <param name="page">From 1.</param>
    /// <returns>One page, and how many there are on all pages.</returns>
    public (IReadOnlyList<WorkflowRecord> Page, int Total) List(string username, string taskType, int per, int page)
    {
        var all = _archive.All.Where(kept => kept.Key.Kind is WorkloadKind.Workflow or WorkloadKind.Dataflow).Select(kept => kept.Record)
            .Where(record => record.Username == username && record.TaskType == taskType)
            .OrderByDescending(record => record.SubmitTime).ThenBy(record => record.TaskId, StringComparer.Ordinal).ToList();
        var skipped = Math.Min((long)(page - 1) * per, all.Count);
        return ([.. all.Skip((int)skipped).Take(per)], all.Count);
    }

    /// <summary>Deletes a workflow. Nothing happens when it is gone already. Its record is kept.</summary>
    /// <param name="id">As in <see cref="Find"/>.</param>
    /// <param name="taskId">As in <see cref="Find"/>.</param>
    /// <param name="namespace">Where the hub believes that it runs, empty for nowhere; counts only for one that is not known here, because of some the hub notes a namespace of its own.</param>
    /// <param name="clusterId">The hub's id of the cluster; empty for the default one.</param>
    /// <exception cref="RequestRefusedException">It is not known here, and no workflow of ours runs in that namespace.</exception>
    /// <exception cref="UnknownClusterException">No such cluster.</exception>
    /// <exception cref="ClusterOperationException">The cluster refused or did not answer.</exception>
    public async Task DeleteAsync(string id, string taskId, string @namespace, string clusterId)
    {
        var known = Match(id, taskId);
        var cluster = clusterId.Length == 0 && known is not null ? _clusters.Find(known.Key.Cluster) ?? _clusters.Resolve(clusterId) : _clusters.Resolve(clusterId);
        var name = taskId.Length > 0 ? taskId : known?.Record.TaskId ?? id;
        foreach (var candidate in known?.Key.Cluster == cluster.Name ? [known.Key.Namespace] : NamespacesOf(@namespace))
        {
            await DeleteAsync(cluster, new(cluster.Name, WorkloadKind.Workflow, candidate, name)).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) => DeleteAsync(cluster, key);

    /// <inheritdoc/>
    public Task PurgeAsync(ClusterConnection cluster, WorkloadKey key, CancellationToken cancellationToken) => DeleteAsync(cluster, key);

    /// <summary>Where a workflow may be of which only the hub knows.</summary>
    private string[] NamespacesOf(string said)
    {
        string[] ours = [.. new[] { _options.WorkloadNamespace, _options.QuotaNamespace }.Distinct()];
        return said.Length == 0 ? ours
            : ours.Contains(said) ? [said]
            : throw new RequestRefusedException($"Workflows run in {string.Join(" and ", ours)}, not in '{ResourceRules.Shown(said)}'.");
    }

    private Task<bool> DeleteAsync(ClusterConnection cluster, WorkloadKey key) => _launcher.DeleteAsync(cluster, key, JobEnvironment.SecretOf(key.Name), volume: null);

    private KeptJob? Match(string id, string taskId)
    {
        var number = long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0;
        return _archive.All.Where(kept => kept.Key.Kind == WorkloadKind.Workflow).FirstOrDefault(kept =>
            taskId.Length > 0 ? kept.Record.TaskId == taskId : kept.Record.TaskId == id || (number > 0 && kept.Record.Id == number));
    }
}
