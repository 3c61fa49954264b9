using System.Text.Json;
using System.Text.Json.Serialization;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub;

/// <summary>An event that is to be written to the outbox.</summary>
/// <param name="Resource">What it is about; events of one resource go out in order.</param>
/// <param name="Body">The JSON that the hub gets.</param>
internal sealed record HubEvent(string Resource, string Type, string ClusterId, string Body);

/// <summary>Makes the bodies of events. Names and zero values are those of the wire contract.</summary>
internal static class HubEvents
{
    public const string ServiceCreate = "runner.service.create";
    public const string ServiceChange = "runner.service.change";
    public const string ServiceStop = "runner.service.stop";

    /// <summary>What the hub shows as the reason of a service that is new and has nothing else to say.</summary>
    private const string CreateReason = "create";

    public static HubEvent Created(Workload workload, DateTimeOffset now) =>
        Service(ServiceCreate, workload, workload.Reason.Length > 0 ? workload.Reason : CreateReason, now);

    public static HubEvent Changed(Workload workload, DateTimeOffset now) => Service(ServiceChange, workload, workload.Reason, now);

    public static HubEvent Stopped(ToldState told, DateTimeOffset now) => Make(
        ServiceStop, told.Key, told.ClusterId, now, new ServiceEventData { ServiceName = told.Key.Name, Status = (int)DeployStatus.Stopped, TaskId = told.TaskId });

    private static HubEvent Service(string type, Workload workload, string reason, DateTimeOffset now)
    {
        var instances = workload.Instances.Where(instance => !instance.Terminating).ToList();
        return Make(type, workload.Key, workload.ClusterId, now, new ServiceEventData
        {
            ServiceName = workload.Key.Name,
            Status = (int)workload.Status,
            Endpoint = workload.Endpoint,
            Message = workload.Message,
            Reason = reason,
            TaskId = workload.TaskId,
            ClusterNode = instances.Find(instance => instance.Node.Length > 0)?.Node ?? "",
            Instances = [.. instances.Select(instance => new ServiceInstance(instance.PodName, instance.Status))],
        });
    }

    private static HubEvent Make(string type, WorkloadKey key, string clusterId, DateTimeOffset now, ServiceEventData data) => new(
        key.ToString(),
        type,
        clusterId,
        JsonSerializer.Serialize(new EventBody(type, now.ToUnixTimeSeconds(), clusterId, "", "object", data), HubJson.Default.EventBody));
}

internal sealed record EventBody(
    [property: JsonPropertyName("event_type")] string EventType,
    [property: JsonPropertyName("event_time")] long EventTime,
    [property: JsonPropertyName("cluster_id")] string ClusterId,
    [property: JsonPropertyName("runner_name")] string RunnerName,
    [property: JsonPropertyName("data_type")] string DataType,
    [property: JsonPropertyName("data")] ServiceEventData Data);

internal sealed record ServiceEventData
{
    [JsonPropertyName("service_name")]
    public string ServiceName { get; init; } = "";

    [JsonPropertyName("status")]
    public int Status { get; init; }

    [JsonPropertyName("endpoint")]
    public string Endpoint { get; init; } = "";

    [JsonPropertyName("message")]
    public string Message { get; init; } = "";

    [JsonPropertyName("reason")]
    public string Reason { get; init; } = "";

    [JsonPropertyName("task_id")]
    public long TaskId { get; init; }

    [JsonPropertyName("cluster_node")]
    public string ClusterNode { get; init; } = "";

    [JsonPropertyName("queue_name")]
    public string QueueName { get; init; } = "";

    [JsonPropertyName("instances")]
    public IReadOnlyList<ServiceInstance> Instances { get; init; } = [];
}

internal sealed record ServiceInstance([property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("status")] string Status);

[JsonSerializable(typeof(EventBody))]
internal sealed partial class HubJson : JsonSerializerContext;
