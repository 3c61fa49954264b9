using System.Text.Json.Serialization;
using Runner.Engine.Workloads.Dataflow;
using Runner.Engine.Workloads.GoFormats;
using Runner.Engine.Workloads.ImageBuilds;
using Runner.Engine.Workloads.Sandboxes;
using Runner.Engine.Workloads.Services;
using Runner.Engine.Workloads.Workflows;

namespace Runner.Web.RunnerApi;

/// <summary>Requests as the Go program reads them. Whoever reads with another context reads other things.</summary>
[JsonSourceGenerationOptions(
    PropertyNameCaseInsensitive = true,
    MaxDepth = 32,
    Converters = [typeof(GoStringConverter), typeof(GoInt64Converter), typeof(GoInt32Converter), typeof(GoBooleanConverter)])]
[JsonSerializable(typeof(ServiceRequest))]
[JsonSerializable(typeof(ServiceReference))]
[JsonSerializable(typeof(WorkflowRequest))]
[JsonSerializable(typeof(WorkflowReference))]
[JsonSerializable(typeof(DataflowRequest))]
[JsonSerializable(typeof(PurgeRequest))]
[JsonSerializable(typeof(ServiceUpdateRequest))]
[JsonSerializable(typeof(CreateVersionRequest))]
[JsonSerializable(typeof(List<TrafficRequest>))]
[JsonSerializable(typeof(ClusterUpdateRequest))]
[JsonSerializable(typeof(ImageBuildRequest))]
[JsonSerializable(typeof(ImageBuildStopRequest))]
[JsonSerializable(typeof(SandboxRequest))]
[JsonSerializable(typeof(SandboxReference))]
[JsonSerializable(typeof(BatchRequest))]
internal sealed partial class RequestJson : JsonSerializerContext;

/// <summary>Answers to the hub.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(CodedErrorAnswer))]
[JsonSerializable(typeof(OkAnswer))]
[JsonSerializable(typeof(WorkflowAnswer))]
[JsonSerializable(typeof(WorkflowListAnswer))]
[JsonSerializable(typeof(DataflowAnswer))]
[JsonSerializable(typeof(VersionAnswer[]))]
[JsonSerializable(typeof(MessageAnswer))]
[JsonSerializable(typeof(CodeAnswer))]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(ReplicaAnswer))]
[JsonSerializable(typeof(InfoAnswer))]
[JsonSerializable(typeof(SandboxMadeAnswer))]
[JsonSerializable(typeof(SandboxAnswer))]
[JsonSerializable(typeof(BatchAnswer))]
internal sealed partial class AnswerJson : JsonSerializerContext;

/// <summary>Which service is meant; the fields of stop, status, get, replica, info and logs that matter. The name in the path counts.</summary>
internal sealed record ServiceReference
{
    [JsonPropertyName("id")]
    public long Id { get; set; }

    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; set; } = "";
}

internal sealed record PurgeRequest
{
    [JsonPropertyName("id")]
    public long Id { get; set; }

    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; set; } = "";

    [JsonPropertyName("deploy_type")]
    public int DeployType { get; set; }

    [JsonPropertyName("user_id")]
    public string UserId { get; set; } = "";
}

/// <summary>The envelope of every error: the hub reads <c>msg</c>; what calls the hub's own runner reads <c>error</c>.</summary>
internal sealed record ErrorAnswer(
    [property: JsonPropertyName("msg")] string Message,
    [property: JsonPropertyName("code")] string? Code = null)
{
    [JsonPropertyName("error")]
    public string Error => Message;
}

/// <summary>An error of purge and get, which also answer a code and a message of their own.</summary>
internal sealed record CodedErrorAnswer(
    [property: JsonPropertyName("msg")] string Message,
    [property: JsonPropertyName("code")] int Code,
    [property: JsonPropertyName("message")] string OwnMessage);

/// <summary>The envelope of an answer that says nothing but that all is well.</summary>
internal sealed record OkAnswer([property: JsonPropertyName("msg")] string Message);

internal sealed record MessageAnswer([property: JsonPropertyName("message")] string Message);

internal sealed record CodeAnswer(
    [property: JsonPropertyName("deploy_id")] long? DeployId,
    [property: JsonPropertyName("code")] int Code,
    [property: JsonPropertyName("message")] string Message);

internal sealed record StatusAnswer
{
    [JsonPropertyName("deploy_id")]
    public long DeployId { get; init; }

    [JsonPropertyName("user_id")]
    public string UserId { get; init; } = "";

    [JsonPropertyName("code")]
    public int Code { get; init; }

    [JsonPropertyName("message")]
    public string Message { get; init; } = "";

    [JsonPropertyName("url")]
    public string Endpoint { get; init; } = "";

    [JsonPropertyName("instance")]
    public InstanceAnswer[] Instances { get; init; } = [];

    [JsonPropertyName("replica")]
    public int Replica { get; init; }

    [JsonPropertyName("deploy_type")]
    public int DeployType { get; init; }

    [JsonPropertyName("service_name")]
    public string ServiceName { get; init; } = "";

    [JsonPropertyName("deploy_sku")]
    public string Sku { get; init; } = "";

    [JsonPropertyName("order_detail_id")]
    public long OrderDetailId { get; init; }

    [JsonPropertyName("actual_replica")]
    public int ActualReplica { get; init; }

    [JsonPropertyName("desired_replica")]
    public int DesiredReplica { get; init; }

    [JsonPropertyName("reason")]
    public string Reason { get; init; } = "";

    [JsonPropertyName("revision")]
    public RevisionAnswer[] Revisions { get; init; } = [];
}

internal sealed record InstanceAnswer(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("status")] string Status);

/// <param name="DeployType">The hub reads a text here.</param>
internal sealed record RevisionAnswer(
    [property: JsonPropertyName("revision_name")] string RevisionName,
    [property: JsonPropertyName("commit_id")] string CommitId,
    [property: JsonPropertyName("traffic_percent")] int TrafficPercent,
    [property: JsonPropertyName("deploy_type")] string DeployType);

internal sealed record ReplicaAnswer(
    [property: JsonPropertyName("deploy_id")] long DeployId,
    [property: JsonPropertyName("code")] int Code,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("actual_replica")] int ActualReplica,
    [property: JsonPropertyName("desired_replica")] int DesiredReplica,
    [property: JsonPropertyName("instance")] InstanceAnswer[] Instances);

internal sealed record InfoAnswer(
    [property: JsonPropertyName("service_name")] string ServiceName,
    [property: JsonPropertyName("pod_names")] string[] PodNames);
