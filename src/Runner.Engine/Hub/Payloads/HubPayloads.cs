using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Runner.Engine.Hub.Events;
using Runner.Engine.Workloads;

namespace Runner.Engine.Hub.Payloads;

/// <summary>Finds who makes the events of a kind, and makes their common envelope.</summary>
internal static class HubPayloads
{
    /// <summary>The events of a kind; null for kinds of which the hub hears nothing.</summary>
    public static IHubPayloads? For(WorkloadKind kind) => kind switch
    {
        WorkloadKind.Service => ServicePayloads.Instance,
        WorkloadKind.ImageBuild => BuilderPayloads.Instance,
        WorkloadKind.Workflow => WorkflowPayloads.Instance,
        WorkloadKind.Dataflow => DataflowPayloads.Instance,
        _ => null,
    };

    /// <summary>An event about one object.</summary>
    /// <param name="type">Its <c>event_type</c>.</param>
    /// <param name="key">What it is about: events of one workload go out in order.</param>
    /// <param name="clusterId">As the hub knows it.</param>
    public static HubEvent Object<T>(string type, WorkloadKey key, string clusterId, DateTimeOffset now, T data, JsonTypeInfo<T> typeInfo) =>
        new(key.ToString(), type, clusterId, Body(type, "object", clusterId, now, data, typeInfo));

    /// <summary>The JSON of an event. The runner's name stays empty, as the hub knows it.</summary>
    /// <param name="dataType"><c>object</c> or <c>array</c>.</param>
    public static string Body<T>(string type, string dataType, string clusterId, DateTimeOffset now, T data, JsonTypeInfo<T> typeInfo) => JsonSerializer.Serialize(
        new EventBody(type, now.ToUnixTimeSeconds(), clusterId, "", dataType, JsonSerializer.SerializeToElement(data, typeInfo)), EnvelopeJson.Default.EventBody);
}

/// <param name="EventTime">Unix time in seconds.</param>
/// <param name="DataType"><c>object</c> or <c>array</c>.</param>
internal sealed record EventBody(
    [property: JsonPropertyName("event_type")] string EventType,
    [property: JsonPropertyName("event_time")] long EventTime,
    [property: JsonPropertyName("cluster_id")] string ClusterId,
    [property: JsonPropertyName("runner_name")] string RunnerName,
    [property: JsonPropertyName("data_type")] string DataType,
    [property: JsonPropertyName("data")] JsonElement Data);

[JsonSerializable(typeof(EventBody))]
internal sealed partial class EnvelopeJson : JsonSerializerContext;
