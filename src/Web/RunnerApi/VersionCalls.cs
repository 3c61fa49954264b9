using System.Text.Json.Serialization;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads;
using Runner.Engine.Workloads.Services;

namespace Runner.Web.RunnerApi;

/// <summary>Calls about the versions of a model that are served side by side.</summary>
internal sealed class VersionCalls(ServiceOperations operations, ServiceVersions versions, ClusterDirectory clusters)
{
    public async Task CreateAsync(HttpContext context)
    {
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.CreateVersionRequest);
        await versions.CreateAsync(clusters.Resolve(request.ClusterId), ServiceCalls.ServiceName(context), request.Commit, request.InitialTraffic);
        await Answer.OkAsync(context);
    }

    public async Task ListAsync(HttpContext context)
    {
        var workload = operations.Find(Cluster(context), ServiceCalls.ServiceName(context));
        await Answer.OkAsync(context, workload is null ? [] : VersionsOf(workload), Answer.Types.VersionAnswerArray);
    }

    public async Task SetTrafficAsync(HttpContext context)
    {
        List<TrafficRequest> shares;
        try
        {
            shares = await RequestBody.ReadAsync(context, RequestJson.Default.ListTrafficRequest);
        }
        catch (ApiException bad) when (bad.Status == StatusCodes.Status400BadRequest)
        {
            throw new ApiException(StatusCodes.Status409Conflict, $"REQ-ERR-1: the body must be a JSON array of commit and traffic_percent. {bad.Message}", "REQ-ERR-1");
        }

        await versions.SetTrafficAsync(
            Cluster(context), ServiceCalls.ServiceName(context), [.. shares.Select(share => new VersionShare(share?.Commit ?? "", share?.TrafficPercent ?? 0))]);
        await Answer.OkAsync(context);
    }

    public async Task DeleteAsync(HttpContext context)
    {
        await versions.DeleteAsync(Cluster(context), ServiceCalls.ServiceName(context), (string)context.Request.RouteValues["commit"]!);
        await Answer.OkAsync(context);
    }

    /// <summary>One entry a commit: its newest ready revision, else its newest, with the requests of all of them.</summary>
    private static VersionAnswer[] VersionsOf(Workload workload) =>
    [
        .. from revision in workload.Revisions
           where revision.CommitId.Length > 0
           group revision by revision.CommitId into revisions
           let shown = revisions.OrderBy(revision => revision.IsReady).Last()
           let isSilent = !shown.IsReady && shown.Reason.Length == 0 && shown.Message.Length == 0
           select new VersionAnswer(
               shown.Name,
               shown.CommitId,
               shown.CreatedAt.UtcDateTime,
               shown.IsReady,
               revisions.Sum(revision => revision.TrafficPercent),
               isSilent ? "Knative has not told of this revision yet" : shown.Message,
               isSilent ? "ConditionNotFound" : shown.Reason),
    ];

    private ClusterConnection Cluster(HttpContext context) => clusters.Resolve(context.Request.Query["cluster_id"]);
}

internal sealed record CreateVersionRequest
{
    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; set; } = "";

    [JsonPropertyName("commit")]
    public string Commit { get; set; } = "";

    [JsonPropertyName("initial_traffic")]
    public int InitialTraffic { get; set; }
}

internal sealed record TrafficRequest
{
    [JsonPropertyName("commit")]
    public string Commit { get; set; } = "";

    [JsonPropertyName("traffic_percent")]
    public long TrafficPercent { get; set; }
}

internal sealed record VersionAnswer(
    [property: JsonPropertyName("revision_name")] string RevisionName,
    [property: JsonPropertyName("commit")] string Commit,
    [property: JsonPropertyName("create_time")] DateTime CreateTime,
    [property: JsonPropertyName("is_ready")] bool IsReady,
    [property: JsonPropertyName("traffic_percent")] int TrafficPercent,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("reason")] string Reason);
