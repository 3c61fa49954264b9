using System.Text.Json.Serialization;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.GoFormats;

namespace Runner.Engine.Hub.Payloads;

/// <summary>A workflow's record as the hub reads it, in events and in lists: the columns of its table. Names and zero values are the wire contract's.</summary>
public sealed record WorkflowRecordData
{
    [JsonPropertyName("id")]
    public long Id { get; init; }

    [JsonPropertyName("username")]
    public string Username { get; init; } = "";

    [JsonPropertyName("user_uuid")]
    public string UserUuid { get; init; } = "";

    [JsonPropertyName("task_name")]
    public string TaskName { get; init; } = "";

    [JsonPropertyName("task_id")]
    public string TaskId { get; init; } = "";

    [JsonPropertyName("task_type")]
    public string TaskType { get; init; } = "";

    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; init; } = "";

    [JsonPropertyName("namespace")]
    public string Namespace { get; init; } = "";

    [JsonPropertyName("repo_ids")]
    public IReadOnlyList<string> RepoIds { get; init; } = [];

    [JsonPropertyName("repo_type")]
    public string RepoType { get; init; } = "";

    [JsonPropertyName("task_desc")]
    public string TaskDesc { get; init; } = "";

    [JsonPropertyName("status")]
    public string Status { get; init; } = "";

    [JsonPropertyName("reason")]
    public string Reason { get; init; } = "";

    [JsonPropertyName("image")]
    public string Image { get; init; } = "";

    [JsonPropertyName("datasets")]
    public IReadOnlyList<string> Datasets { get; init; } = [];

    [JsonPropertyName("resource_id")]
    public long ResourceId { get; init; }

    [JsonPropertyName("resource_name")]
    public string ResourceName { get; init; } = "";

    /// <summary>Never the zero time: the hub writes it into a column that takes no null, and would refuse the whole event.</summary>
    [JsonPropertyName("status_update_at")]
    public string StatusUpdateAt { get; init; } = GoTime.Zero;

    /// <summary>As for <see cref="StatusUpdateAt"/>.</summary>
    [JsonPropertyName("submit_time")]
    public string SubmitTime { get; init; } = GoTime.Zero;

    [JsonPropertyName("start_time")]
    public string StartTime { get; init; } = GoTime.Zero;

    [JsonPropertyName("end_time")]
    public string EndTime { get; init; } = GoTime.Zero;

    [JsonPropertyName("result_url")]
    public string ResultUrl { get; init; } = "";

    [JsonPropertyName("download_url")]
    public string DownloadUrl { get; init; } = "";

    [JsonPropertyName("failures_url")]
    public string FailuresUrl { get; init; } = "";

    [JsonPropertyName("cluster_node")]
    public string ClusterNode { get; init; } = "";

    [JsonPropertyName("queue_name")]
    public string QueueName { get; init; } = "";

    /// <summary>JSON as a text, keyed by the tasks' ids; empty for none.</summary>
    [JsonPropertyName("dag_tasks")]
    public string DagTasks { get; init; } = "";

    /// <param name="id">The number the reader knows it by; 0 lets the hub give its own.</param>
    /// <param name="updatedAt">When its status last changed, as far as the reader is told.</param>
    public static WorkflowRecordData From(WorkflowRecord record, long id, DateTimeOffset updatedAt) => new()
    {
        Id = id,
        Username = record.Username,
        UserUuid = record.UserUuid,
        TaskName = record.TaskName,
        TaskId = record.TaskId,
        TaskType = record.TaskType,
        ClusterId = record.ClusterId,
        Namespace = record.Namespace,
        RepoIds = record.RepoIds,
        RepoType = record.RepoType,
        TaskDesc = record.TaskDesc,
        Status = record.Status,
        Reason = record.Reason,
        Image = record.Image,
        Datasets = record.Datasets,
        ResourceId = record.ResourceId,
        ResourceName = record.ResourceName,
        StatusUpdateAt = GoTime.Text(updatedAt),
        SubmitTime = GoTime.Text(record.SubmitTime),
        StartTime = GoTime.Text(record.StartTime),
        EndTime = GoTime.Text(record.EndTime),
        ResultUrl = record.ResultUrl,
        DownloadUrl = record.DownloadUrl,
        FailuresUrl = record.FailuresUrl,
        ClusterNode = record.ClusterNode,
        QueueName = record.QueueName,
        DagTasks = DagTaskData.ToText(record.DagTasks, updatedAt),
    };
}
