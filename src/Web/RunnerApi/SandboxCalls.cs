using System.Globalization;
using System.Text.Json.Serialization;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Sandboxes;

namespace Runner.Web.RunnerApi;

/// <summary>Calls about agents' sandboxes. Each may be repeated without harm.</summary>
internal sealed class SandboxCalls(SandboxOperations operations, ClusterDirectory clusters)
{
    /// <summary>How Go writes a time that is none.</summary>
    private const string NoTime = "0001-01-01T00:00:00Z";

    public async Task CreateAsync(HttpContext context)
    {
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.SandboxRequest);
        var made = await operations.CreateAsync(request);
        await Answer.OkAsync(context, new SandboxMadeAnswer(made.Name, Time(made.CreatedAt), made.ExpiresAt is { } end ? Time(end) : NoTime), Answer.Types.SandboxMadeAnswer);
    }

    public async Task GetAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var (cluster, name) = (clusters.Resolve(query["cluster_id"].ToString()), query["sandbox_name"].ToString());
        if (name.Length == 0)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, "sandbox_name is required: add ?sandbox_name=… to the address");
        }

        if (operations.Find(cluster, name) is not { } view)
        {
            throw new ApiException(StatusCodes.Status404NotFound, $"There is no sandbox '{name}'");
        }

        var workload = view.Workload;
        await Answer.OkAsync(
            context,
            new SandboxAnswer
            {
                Id = workload.Key.Name,
                Image = workload.Image,
                Status = (int)workload.Status,
                Message = workload.Message,
                Reason = workload.Reason,
                ClusterId = workload.ClusterId,
                Labels = view.Labels,
                Annotations = view.Annotations,
                CreatedAt = Time(workload.CreatedAt),
            },
            Answer.Types.SandboxAnswer);
    }

    public async Task DeleteAsync(HttpContext context)
    {
        var request = await RequestBody.ReadAsync(context, RequestJson.Default.SandboxReference);
        if (request.SandboxId.Length == 0)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, "sandbox_id is required");
        }

        await operations.DeleteAsync(clusters.Resolve(request.ClusterId), request.SandboxId);
        await Answer.OkAsync(context);
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

internal sealed record SandboxReference
{
    /// <summary>What creation answered as id: its name.</summary>
    [JsonPropertyName("sandbox_id")]
    public string SandboxId { get; set; } = "";

    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; set; } = "";
}

/// <param name="ExpiresAt">Go's zero time for never.</param>
internal sealed record SandboxMadeAnswer(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("created_at")] string CreatedAt,
    [property: JsonPropertyName("expires_at")] string ExpiresAt);

internal sealed record SandboxAnswer
{
    [JsonPropertyName("id")]
    public string Id { get; init; } = "";

    [JsonPropertyName("image")]
    public string Image { get; init; } = "";

    [JsonPropertyName("status")]
    public int Status { get; init; }

    [JsonPropertyName("message")]
    public string Message { get; init; } = "";

    [JsonPropertyName("reason")]
    public string Reason { get; init; } = "";

    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; init; } = "";

    [JsonPropertyName("labels")]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    [JsonPropertyName("annotations")]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>RFC 3339.</summary>
    [JsonPropertyName("created_at")]
    public string CreatedAt { get; init; } = "";
}
