using System.Text.Json.Serialization;
using Runner.Engine.Capacity;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;

namespace Runner.Web.RunnerApi;

/// <summary>Calls about a cluster: its inventory, answered from memory, and the settings that the hub gives it.</summary>
internal sealed class ClusterCalls(ClusterDirectory clusters, ClusterReports reports, ClusterOverrideStore overrides)
{
    public void Map(RouteGroupBuilder api, ApiCall call, ApiLimits limits)
    {
        api.MapGet("/cluster/{id}", call.Of(GetAsync));
        api.MapPut("/cluster/{id}", call.Of(UpdateAsync, limits.Changes));
    }

    private Task GetAsync(HttpContext context) => Answer.BytesAsync(context, StatusCodes.Status200OK, reports.Of(Find(context)));

    private async Task UpdateAsync(HttpContext context)
    {
        var cluster = Find(context);
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.ClusterUpdateRequest);

        // Whether or not it is waited for: what is on disk must be in effect too.
        await overrides.ChangeAsync(
            cluster.Name, new ClusterChange(request.Region, request.Zone, request.Provider, request.Enable, request.StorageClass), CancellationToken.None);
        await Answer.OkAsync(context, new CodeAnswer(null, 0, "cluster updated"), Answer.Types.CodeAnswer);
    }

    private ClusterConnection Find(HttpContext context)
    {
        try
        {
            return clusters.Resolve((string)context.Request.RouteValues["id"]!);
        }
        catch (UnknownClusterException unknown)
        {
            throw new ApiException(StatusCodes.Status404NotFound, unknown.Message);
        }
    }
}

/// <summary>Settings to change; what is not sent stays as it is.</summary>
internal sealed record ClusterUpdateRequest
{
    [JsonPropertyName("region")]
    public string? Region { get; set; }

    [JsonPropertyName("zone")]
    public string? Zone { get; set; }

    [JsonPropertyName("provider")]
    public string? Provider { get; set; }

    [JsonPropertyName("enable")]
    public bool? Enable { get; set; }

    [JsonPropertyName("storage_class")]
    public string? StorageClass { get; set; }
}
