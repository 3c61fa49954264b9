using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub.Payloads;

/// <summary>
/// Events of dataflow jobs: <c>runner.dataflow.change</c> and <c>delete</c> of the job, <c>runner.dataflow.pod.update</c> and <c>delete</c> of its
/// tasks. The hub has its record before it asks for the job, so that nothing is ever told as created.
/// </summary>
internal sealed class DataflowPayloads : IHubPayloads
{
    public const string Change = "runner.dataflow.change";
    public const string Delete = "runner.dataflow.delete";
    public const string PodUpdate = "runner.dataflow.pod.update";
    public const string PodDelete = "runner.dataflow.pod.delete";

    public static DataflowPayloads Instance { get; } = new();

    public IReadOnlyList<HubEvent> Created(Workload workload, DateTimeOffset now) => workload.Job is { } job
        ? [Job(Change, workload.Key, workload.ClusterId, job, now), .. job.DagTasks.Select(task => Pod(PodUpdate, workload.Key, workload.ClusterId, job, task, now))]
        : [];

    public IReadOnlyList<HubEvent> Changed(ToldState told, Workload workload, DateTimeOffset now)
    {
        if (workload.Job is not { } job)
        {
            return [];
        }

        if (WorkflowRecord.FromJson(told.Detail) is not { } known)
        {
            return Created(workload, now);
        }

        var tasks = known.DagTasks.ToDictionary(task => task.Id);
        var pods = job.DagTasks.Where(task => !IsSame(tasks.GetValueOrDefault(task.Id), task)).Select(task => Pod(
            task.PodName.Length == 0 && tasks.GetValueOrDefault(task.Id) is { PodName.Length: > 0 } ? PodDelete : PodUpdate, workload.Key, workload.ClusterId, job, task, now));

        // A task's last news before the job's: the hub shows the job as ended only when all its parts have.
        return [.. pods, .. WorkflowPayloads.IsNews(known, job) ? [Job(Change, workload.Key, workload.ClusterId, job, now)] : Array.Empty<HubEvent>()];
    }

    /// <summary>Of the job alone: the hub changes nothing of its tasks by itself.</summary>
    public IReadOnlyList<HubEvent> Again(ToldState told, Workload workload, DateTimeOffset now) =>
        WorkflowPayloads.IsUnderWay(told, workload) ? [Job(Change, workload.Key, workload.ClusterId, workload.Job!, now)] : [];

    public IReadOnlyList<HubEvent> Stopped(ToldState told, DateTimeOffset now, bool missed) => WorkflowRecord.FromJson(told.Detail) is { } job
        ?
        [
            .. job.DagTasks.Where(task => task.PodName.Length > 0).Select(task => Pod(PodDelete, told.Key, told.ClusterId, job, task, now)),
            Job(Delete, told.Key, told.ClusterId, job, now),
        ]
        : [];

    public string DetailOf(Workload workload) => workload.Job?.ToJson() ?? "";

    /// <summary>The same to the hub, which hears nothing of a pod's name but that it is gone.</summary>
    private static bool IsSame(DagTask? known, DagTask task) =>
        known is not null
        && known.Status == task.Status && known.Node == task.Node
        && (known.PodName.Length > 0) == (task.PodName.Length > 0);

    private static HubEvent Job(string type, WorkloadKey key, string clusterId, WorkflowRecord job, DateTimeOffset now) =>
        HubPayloads.Object(type, key, clusterId, now, WorkflowRecordData.From(job with { DagTasks = EquatableList<DagTask>.Empty }, id: 0, now), WorkflowPayloadJson.Default.WorkflowRecordData);

    /// <summary>The hub merges the task into its record by id, and takes nothing else from such an event but the node.</summary>
    private static HubEvent Pod(string type, WorkloadKey key, string clusterId, WorkflowRecord job, DagTask task, DateTimeOffset now) => HubPayloads.Object(
        type, key, clusterId, now,
        new WorkflowRecordData { TaskId = job.TaskId, ClusterNode = task.Node, DagTasks = DagTaskData.ToText([task], now) },
        WorkflowPayloadJson.Default.WorkflowRecordData);
}
