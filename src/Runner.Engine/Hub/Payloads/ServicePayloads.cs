using System.Text.Json.Serialization;
using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub.Payloads;

/// <summary>Events of services: <c>runner.service.create</c>, <c>change</c> and <c>stop</c>.</summary>
internal sealed class ServicePayloads : IHubPayloads
{
    public const string Create = "runner.service.create";
    public const string Change = "runner.service.change";
    public const string Stop = "runner.service.stop";

    /// <summary>What the hub shows as the reason of a service that is new and has nothing else to say.</summary>
    private const string CreateReason = "create";

    private const string Coming = "coming";
    private const string OverHosts = "hosts";

    public static ServicePayloads Instance { get; } = new();

    /// <summary>
    /// One that an earlier runner has told of is not new, though nothing is known of what was told. One that has failed already is told to be on its way first: the hub takes no word of a failure
    /// of what it holds as stopped, as it does where another one of the name was before.
    /// </summary>
    public IReadOnlyList<HubEvent> Created(Workload workload, DateTimeOffset now) => workload switch
    {
        { IsAnnounced: true } => [Event(Change, workload, workload.Reason, now)],
        { Status: DeployStatus.DeployFailed } =>
            [Event(Create, workload with { Status = DeployStatus.Deploying, Message = "" }, CreateReason, now), Event(Change, workload, workload.Reason, now)],
        _ => [Event(Create, workload, workload.Reason.Length > 0 ? workload.Reason : CreateReason, now)],
    };

    /// <summary>A change of code, a new reason or a new address is a change; a reason or an address that is gone is none.</summary>
    public IReadOnlyList<HubEvent> Changed(ToldState told, Workload workload, DateTimeOffset now) =>
        told.Status != workload.Status
        || (workload.Reason.Length > 0 && workload.Reason != told.Reason)
        || (workload.Endpoint.Length > 0 && workload.Endpoint != told.Endpoint)
            ? [Event(Change, workload, workload.Reason, now)]
            : [];

    public IReadOnlyList<HubEvent> Again(ToldState told, Workload workload, DateTimeOffset now) => [Event(Change, workload, workload.Reason, now)];

    public IReadOnlyList<HubEvent> Stopped(ToldState told, DateTimeOffset now, bool missed) =>
    [
        HubPayloads.Object(
            Stop,
            told.Key,
            told.ClusterId,
            now,
            new ServiceEventData { ServiceName = told.Key.Name, Status = (int)DeployStatus.Stopped, TaskId = told.TaskId },
            ServicePayloadJson.Default.ServiceEventData),
    ];

    /// <summary>One that makes room for another was not stopped: the hub, which knows services by their names, hears of what comes alone, and of what is there then as the same.</summary>
    public IReadOnlyList<HubEvent> Replaced(ToldState told, Workload other, DateTimeOffset now, bool missed) =>
        told.Detail == Coming && told.TaskId == other.TaskId && !other.IsComing ? Changed(told, other, now)
        : told.Detail == Coming || other.IsComing || other.IsReplacement ? Created(other, now)
        : [.. Stopped(told, now, missed), .. Created(other, now)];

    /// <summary>Whether what was told is only to be there, or there over several hosts.</summary>
    public string DetailOf(Workload workload) => workload.IsComing ? Coming : workload.Hosts > 1 ? OverHosts : "";

    public bool SpansHosts(ToldState told) => told.Detail == OverHosts;

    private static HubEvent Event(string type, Workload workload, string reason, DateTimeOffset now)
    {
        var instances = workload.Instances.Where(instance => !instance.Terminating).ToList();
        var data = new ServiceEventData
        {
            ServiceName = workload.Key.Name,
            Status = (int)workload.Status,
            Endpoint = workload.Endpoint,
            Message = workload.Message,
            Reason = reason,
            TaskId = workload.TaskId,
            ClusterNode = instances.Find(instance => instance.Node.Length > 0)?.Node ?? "",
            QueueName = workload.QueueName,
            Instances = [.. instances.Select(instance => new ServiceInstance(instance.PodName, instance.Status))],
        };
        return HubPayloads.Object(type, workload.Key, workload.ClusterId, now, data, ServicePayloadJson.Default.ServiceEventData);
    }
}

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

[JsonSerializable(typeof(ServiceEventData))]
internal sealed partial class ServicePayloadJson : JsonSerializerContext;
