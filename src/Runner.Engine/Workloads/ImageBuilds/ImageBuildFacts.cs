using System.Text.Json;
using System.Text.Json.Serialization;
using Runner.Engine.Workloads.Argo;

namespace Runner.Engine.Workloads.ImageBuilds;

/// <summary>What must be known of a build beside its state. Kept in an annotation of the workflow, in the words of the request, so that either runner reads what the other wrote.</summary>
internal sealed record ImageBuildFacts
{
    [JsonPropertyName("cluster_id")]
    public string? ClusterId { get; init; }

    [JsonPropertyName("space_name")]
    public string? SpaceName { get; init; }

    [JsonPropertyName("org_name")]
    public string? OrgName { get; init; }

    [JsonPropertyName("sdk")]
    public string? Sdk { get; init; }

    [JsonPropertyName("sdk_version")]
    public string? SdkVersion { get; init; }

    [JsonPropertyName("hardware")]
    public string? Hardware { get; init; }

    [JsonPropertyName("git_ref")]
    public string? GitRef { get; init; }

    [JsonPropertyName("user_id")]
    public string? UserId { get; init; }

    [JsonPropertyName("last_commit_id")]
    public string? LastCommitId { get; init; }

    [JsonPropertyName("deploy_id")]
    public string? DeployId { get; init; }

    [JsonPropertyName("task_id")]
    public long TaskId { get; init; }

    [JsonPropertyName("repo_id")]
    public long RepoId { get; init; }

    /// <summary>Name of the image below the registry's base, as the hub is told it.</summary>
    [JsonIgnore]
    public string Image => ImageBuildNames.Image(OrgName ?? "", SpaceName ?? "", RepoId, LastCommitId ?? "");

    public static ImageBuildFacts Of(ImageBuildRequest request) => new()
    {
        ClusterId = request.ClusterId,
        SpaceName = request.SpaceName,
        OrgName = request.OrgName,
        Sdk = request.Sdk,
        SdkVersion = request.SdkVersion,
        Hardware = request.Hardware,
        GitRef = request.GitRef,
        UserId = request.UserId,
        LastCommitId = request.LastCommitId,
        DeployId = request.DeployId,
        TaskId = request.TaskId,
        RepoId = request.RepoId,
    };

    public string ToJson() => JsonSerializer.Serialize(this, ImageBuildJson.Default.ImageBuildFacts);

    /// <summary>The facts of a workflow; null where somebody else made it, or made it unreadable.</summary>
    public static ImageBuildFacts? Read(ArgoWorkflow workflow)
    {
        try
        {
            return workflow.Metadata.Annotations?.TryGetValue(ImageBuildNames.FactsAnnotation, out var json) == true
                ? JsonSerializer.Deserialize(json, ImageBuildJson.Default.ImageBuildFacts)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(ImageBuildFacts))]
internal sealed partial class ImageBuildJson : JsonSerializerContext;
