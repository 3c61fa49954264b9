using System.Text.Json;
using System.Text.Json.Serialization;

namespace Runner.Engine.Workloads;

/// <summary>
/// The facts of a job that runs as an Argo Workflow (evaluation, finetune, dataflow job, image build), as the hub keeps them in its table of workflows.
/// Rebuilt from the Workflow's annotations, labels and status alone. Immutable and equal by value.
/// </summary>
public sealed record WorkflowRecord
{
    private static readonly JsonSerializerOptions KeptJson = new() { IgnoreReadOnlyProperties = true };

    /// <summary>A number that stays the same for a task, whoever computes it when; see <see cref="IdOf"/>. The hub has a number of its own.</summary>
    public long Id { get; init; }

    /// <summary>Name of the hub's user or organisation that owns the job.</summary>
    public string Username { get; init; } = "";

    public string UserUuid { get; init; } = "";

    /// <summary>The name the user gave.</summary>
    public string TaskName { get; init; } = "";

    /// <summary>The hub's id of the task: the name of the Workflow.</summary>
    public required string TaskId { get; init; }

    /// <summary>One of <see cref="WorkflowTaskTypes"/>.</summary>
    public required string TaskType { get; init; }

    /// <summary>The hub's id of the cluster.</summary>
    public string ClusterId { get; init; } = "";

    public string Namespace { get; init; } = "";

    [JsonConverter(typeof(EquatableListConverter<string>))]
    public EquatableList<string> RepoIds { get; init; } = EquatableList<string>.Empty;

    /// <summary><c>model</c>, <c>dataset</c>, <c>space</c> …</summary>
    public string RepoType { get; init; } = "";

    public string TaskDesc { get; init; } = "";

    /// <summary>One of <see cref="WorkflowPhases"/>; never empty.</summary>
    public string Status { get; init; } = WorkflowPhases.Pending;

    /// <summary>Why it stands as it does: Argo's message, or the end of the log of a failed job.</summary>
    public string Reason { get; init; } = "";

    public string Image { get; init; } = "";

    [JsonConverter(typeof(EquatableListConverter<string>))]
    public EquatableList<string> Datasets { get; init; } = EquatableList<string>.Empty;

    public long ResourceId { get; init; }

    public string ResourceName { get; init; } = "";

    public DateTimeOffset SubmitTime { get; init; }

    public DateTimeOffset? StartTime { get; init; }

    public DateTimeOffset? EndTime { get; init; }

    /// <summary>Address of the result; for a finetune the path of the model it makes.</summary>
    public string ResultUrl { get; init; } = "";

    public string DownloadUrl { get; init; } = "";

    public string FailuresUrl { get; init; } = "";

    /// <summary>Nodes that ran it, separated by commas; empty until one does.</summary>
    public string ClusterNode { get; init; } = "";

    /// <summary>Volcano queue, empty for none.</summary>
    public string QueueName { get; init; } = "";

    /// <summary>Tasks of a dataflow job that have begun, in the order of their ids.</summary>
    [JsonConverter(typeof(EquatableListConverter<DagTask>))]
    public EquatableList<DagTask> DagTasks { get; init; } = EquatableList<DagTask>.Empty;

    /// <summary>Of a dataflow job: its id in the hub's dataflow service. Empty for others.</summary>
    public string JobId { get; init; } = "";

    /// <summary>True once it is noted on the object itself that the hub has heard of it: a runner that lost its storage does not tell it as new.</summary>
    public bool IsAnnounced { get; init; }

    /// <summary>True when the job has come to its end and will not change again.</summary>
    public bool IsFinished => WorkflowPhases.IsFinished(Status);

    /// <summary>As it is kept on disk.</summary>
    internal string ToJson() => JsonSerializer.Serialize(this, KeptJson);

    /// <summary>Reads what <see cref="ToJson"/> wrote; null for anything else.</summary>
    internal static WorkflowRecord? FromJson(string json)
    {
        try
        {
            return json.Length > 0 ? JsonSerializer.Deserialize<WorkflowRecord>(json, KeptJson) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The number by which a task is asked for: 1 to 2⁵³−1, so that any JSON reader keeps it, and the same after every restart.</summary>
    public static long IdOf(string taskId)
    {
        // FNV-1a of 64 bits, folded. Not for security: it only has to be stable and spread.
        var hash = 14695981039346656037UL;
        foreach (var octet in System.Text.Encoding.UTF8.GetBytes(taskId))
        {
            hash = unchecked((hash ^ octet) * 1099511628211UL);
        }

        return (long)((hash ^ (hash >> 53)) & ((1UL << 53) - 1)) is var id and > 0 ? id : 1;
    }
}

/// <summary>One task of a dataflow job's graph, as its newest pod shows it, or Argo after the pod is gone. Times are in the configured time zone.</summary>
/// <param name="Id">The hub's id of the task, label <c>csghub_df_dag_task_id</c>.</param>
/// <param name="Name">Name in the graph, label <c>csghub_df_dag_task_name</c>.</param>
/// <param name="Status">Phase of the pod: <c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c>.</param>
/// <param name="Node">Node that runs the pod, empty until it is scheduled.</param>
/// <param name="PodName">Empty when there is no pod any more.</param>
public sealed record DagTask(string Id, string Name, string Status, DateTimeOffset? StartTime, DateTimeOffset? EndTime, string Node, string PodName);

/// <summary>Phases of a Workflow, in Argo's words.</summary>
public static class WorkflowPhases
{
    public const string Pending = "Pending";
    public const string Running = "Running";
    public const string Succeeded = "Succeeded";
    public const string Failed = "Failed";

    /// <summary>Argo itself could not carry on.</summary>
    public const string Error = "Error";

    /// <summary>True for a phase from which there is no way on.</summary>
    public static bool IsFinished(string phase) => phase is Succeeded or Failed or Error;
}

/// <summary>What a workflow is for, in the hub's words.</summary>
public static class WorkflowTaskTypes
{
    public const string Evaluation = "evaluation";
    public const string ClawEvaluation = "claw_eval";
    public const string Training = "training";
    public const string Comparison = "comparison";
    public const string Leaderboard = "leaderboard";
    public const string Finetune = "finetune";
    public const string Dataflow = "dataflow";

    /// <summary>Not known to the hub: builds tell it in events of their own.</summary>
    public const string ImageBuild = "imagebuild";
}
