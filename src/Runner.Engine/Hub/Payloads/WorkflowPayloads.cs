using System.Text.Json.Serialization;
using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub.Payloads;

/// <summary>
/// Events of evaluations, finetunes and the like: <c>runner.evaluation.create</c> and <c>change</c>. The hub writes each change over its whole
/// record, so every one is complete, and it gives its records numbers of its own, so none is sent.
/// </summary>
internal sealed class WorkflowPayloads : IHubPayloads
{
    public const string Create = "runner.evaluation.create";
    public const string Change = "runner.evaluation.change";

    /// <summary>Says of a job that went before its end why that may be.</summary>
    public const string DeletedReason =
        "The job was deleted before it ended. Check whether the resources it needs are sufficient and whether your account has enough credit.";

    /// <summary>Says of a job that was gone when a runner came back why its end is not known. See <see cref="Workloads.Argo.OutcomeKeeper"/> for why that is rare.</summary>
    public const string MissedReason =
        "The job was removed from the cluster while no runner watched it: whether it had ended by then, and how, is not known. If it had not, check whether the resources it needs are sufficient and whether your account has enough credit.";

    public static WorkflowPayloads Instance { get; } = new();

    /// <summary>The hub makes its record from the first event, and takes a state that is further on only from a change.</summary>
    public IReadOnlyList<HubEvent> Created(Workload workload, DateTimeOffset now)
    {
        if (workload.Job is not { } job)
        {
            return [];
        }

        var isNew = job is { Status: WorkflowPhases.Pending, Reason.Length: 0 };
        return job.IsAnnounced ? [Event(Change, workload.Key, workload.ClusterId, job, now)]
            : isNew ? [Event(Create, workload.Key, workload.ClusterId, job, now)]
            : [Event(Create, workload.Key, workload.ClusterId, job, now), Event(Change, workload.Key, workload.ClusterId, job, now)];
    }

    public IReadOnlyList<HubEvent> Changed(ToldState told, Workload workload, DateTimeOffset now) =>
        workload.Job is { } job && (WorkflowRecord.FromJson(told.Detail) is not { } known || IsNews(known, job))
            ? [Event(Change, workload.Key, workload.ClusterId, job, now)]
            : [];

    public IReadOnlyList<HubEvent> Again(ToldState told, Workload workload, DateTimeOffset now) =>
        IsUnderWay(told, workload) ? [Event(Change, workload.Key, workload.ClusterId, workload.Job!, now)] : [];

    public IReadOnlyList<HubEvent> Stopped(ToldState told, DateTimeOffset now, bool missed) =>
        WorkflowRecord.FromJson(told.Detail) is { IsFinished: false } job
            ? [Event(Change, told.Key, told.ClusterId, job with { Status = WorkflowPhases.Failed, Reason = missed ? MissedReason : DeletedReason, EndTime = now }, now)]
            : [];

    public string DetailOf(Workload workload) => workload.Job?.ToJson() ?? "";

    /// <summary>Whether the hub would notice. A job that has ended, or begun, never goes back, whatever an old object says.</summary>
    internal static bool IsNews(WorkflowRecord known, WorkflowRecord job)
    {
        if (Rank(job) < Rank(known))
        {
            return false;
        }

        return known.Status != job.Status
            || (job.Reason.Length > 0 && job.Reason != known.Reason)
            || known.StartTime != job.StartTime || known.EndTime != job.EndTime
            || known.ResultUrl != job.ResultUrl || known.DownloadUrl != job.DownloadUrl || known.FailuresUrl != job.FailuresUrl
            || (job.ClusterNode.Length > 0 && job.ClusterNode != known.ClusterNode);
    }

    /// <summary>Whether a job has not ended, and is not told to be further on than it is.</summary>
    internal static bool IsUnderWay(ToldState told, Workload workload) =>
        workload.Job is { IsFinished: false } job && WorkflowRecord.FromJson(told.Detail) is { IsFinished: false } known && Rank(job) >= Rank(known);

    private static int Rank(WorkflowRecord job) => job.IsFinished ? 2 : job.Status == WorkflowPhases.Running ? 1 : 0;

    private static HubEvent Event(string type, WorkloadKey key, string clusterId, WorkflowRecord job, DateTimeOffset now) =>
        HubPayloads.Object(type, key, clusterId, now, WorkflowRecordData.From(job, id: 0, now), WorkflowPayloadJson.Default.WorkflowRecordData);
}

[JsonSerializable(typeof(WorkflowRecordData))]
internal sealed partial class WorkflowPayloadJson : JsonSerializerContext;
