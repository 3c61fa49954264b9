using System.Text.Json.Serialization;
using Runner.Engine.Hub.Payloads;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.GoFormats;

namespace Runner.Web.RunnerApi;

/// <summary>Which workflow is meant, and who asks.</summary>
internal sealed record WorkflowReference
{
    [JsonPropertyName("id")]
    public long Id { get; set; }

    [JsonPropertyName("username")]
    public string Username { get; set; } = "";

    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; set; } = "";

    [JsonPropertyName("task_id")]
    public string TaskId { get; set; } = "";

    [JsonPropertyName("namespace")]
    public string Namespace { get; set; } = "";
}

/// <summary>One workflow.</summary>
internal sealed record WorkflowAnswer(
    [property: JsonPropertyName("id")] long Id,
    [property: JsonPropertyName("repo_ids")] IReadOnlyList<string> RepoIds,
    [property: JsonPropertyName("repo_type")] string RepoType,
    [property: JsonPropertyName("username")] string Username,
    [property: JsonPropertyName("task_name")] string TaskName,
    [property: JsonPropertyName("namespace")] string Namespace,
    [property: JsonPropertyName("task_id")] string TaskId,
    [property: JsonPropertyName("task_type")] string TaskType,
    [property: JsonPropertyName("task_desc")] string TaskDesc,
    [property: JsonPropertyName("datasets")] IReadOnlyList<string> Datasets,
    [property: JsonPropertyName("resource_id")] long ResourceId,
    [property: JsonPropertyName("resource_name")] string ResourceName,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("reason")] string Reason,
    [property: JsonPropertyName("image")] string Image,
    [property: JsonPropertyName("submit_time")] string SubmitTime,
    [property: JsonPropertyName("start_time")] string StartTime,
    [property: JsonPropertyName("end_time")] string EndTime,
    [property: JsonPropertyName("result_url")] string ResultUrl,
    [property: JsonPropertyName("download_url")] string DownloadUrl,
    [property: JsonPropertyName("failures_url")] string FailuresUrl)
{
    public static WorkflowAnswer From(WorkflowRecord record) => new(
        record.Id, record.RepoIds, record.RepoType, record.Username, record.TaskName, record.Namespace, record.TaskId, record.TaskType, record.TaskDesc,
        record.Datasets, record.ResourceId, record.ResourceName, record.Status, record.Reason, record.Image,
        GoTime.Text(record.SubmitTime), GoTime.Text(record.StartTime), GoTime.Text(record.EndTime), record.ResultUrl, record.DownloadUrl, record.FailuresUrl);
}

internal sealed record WorkflowListAnswer(
    [property: JsonPropertyName("total")] int Total,
    [property: JsonPropertyName("list")] IReadOnlyList<WorkflowRecordData> List);

/// <summary>One dataflow job. Times are Unix seconds, 0 for none.</summary>
internal sealed record DataflowAnswer(
    [property: JsonPropertyName("id")] long Id,
    [property: JsonPropertyName("argo_task_id")] string TaskId,
    [property: JsonPropertyName("job_id")] string JobId,
    [property: JsonPropertyName("job_name")] string JobName,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    [property: JsonPropertyName("dag_tasks")] string DagTasks,
    [property: JsonPropertyName("delete_at")] long DeleteAt = 0)
{
    public static DataflowAnswer From(WorkflowRecord record) => new(
        record.Id, record.TaskId, record.JobId, record.TaskName, record.Status, record.Reason, record.SubmitTime.ToUnixTimeSeconds(),
        WorkflowRecordData.From(record, record.Id, record.EndTime ?? record.SubmitTime).DagTasks);
}
