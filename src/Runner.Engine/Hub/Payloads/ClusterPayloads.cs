using System.Text.Json.Serialization;
using Runner.Engine.Capacity;
using Runner.Engine.Configuration;
using Runner.Engine.Hub.Events;

namespace Runner.Engine.Hub.Payloads;

/// <summary>Events of clusters: <c>runner.cluster.create</c>, <c>runner.cluster.update</c> and <c>runner.heartbeat</c>. Pure.</summary>
internal static class ClusterPayloads
{
    public const string Create = "runner.cluster.create";
    public const string Update = "runner.cluster.update";
    public const string Heartbeat = "runner.heartbeat";

    /// <summary>Whatever the cluster is to us, the hub reaches it through a runner and has no kubeconfig of it.</summary>
    private const string Mode = "incluster";

    /// <summary>What events about one cluster are filed under, so that they go out in order.</summary>
    public static string ResourceOf(string cluster) => $"cluster/{cluster}";

    public static HubEvent Created(string cluster, string clusterId, ClusterSettings settings, DateTimeOffset now) => Event(Create, cluster, clusterId, now, new()
    {
        ClusterId = clusterId,
        Region = settings.Region,
        Zone = settings.Zone,
        Provider = settings.Provider,
        Enable = settings.Enabled,
        StorageClass = settings.StorageClass,
        Mode = Mode,
        NetworkInterface = settings.NetworkInterface,
    });

    public static HubEvent Updated(string cluster, string clusterId, ClusterSettings settings, DateTimeOffset now) => Event(Update, cluster, clusterId, now, new()
    {
        ClusterId = clusterId,
        Region = settings.Region,
        Zone = settings.Zone,
        Provider = settings.Provider,
        Enable = settings.Enabled,
        StorageClass = settings.StorageClass,
        Mode = Mode,
        NetworkInterface = settings.NetworkInterface,
        Status = "Running",
        Endpoint = settings.PublicDomain,
        AppEndpoint = settings.ApplicationEndpoint,
    });

    /// <summary>The JSON of a heartbeat of one cluster, or of a part of it (<see cref="HeartbeatParts"/>). It is no <see cref="HubEvent"/>: one that is late is worth nothing, so none is ever kept.</summary>
    public static string Beat(ClusterAnswer cluster, DateTimeOffset now) =>
        HubPayloads.Body(Heartbeat, "array", cluster.ClusterId, now, [cluster], ClusterJson.Default.ClusterAnswerArray);

    private static HubEvent Event(string type, string cluster, string clusterId, DateTimeOffset now, ClusterEventData data) =>
        new(ResourceOf(cluster), type, clusterId, HubPayloads.Body(type, "object", clusterId, now, data, ClusterPayloadJson.Default.ClusterEventData));
}

internal sealed record ClusterEventData
{
    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; init; } = "";

    /// <summary>The hub's name for a cluster that a runner stands for.</summary>
    [JsonPropertyName("cluster_config")]
    public string ClusterConfig { get; init; } = "config";

    [JsonPropertyName("region")]
    public string Region { get; init; } = "";

    [JsonPropertyName("zone")]
    public string Zone { get; init; } = "";

    [JsonPropertyName("provider")]
    public string Provider { get; init; } = "";

    [JsonPropertyName("enable")]
    public bool Enable { get; init; }

    [JsonPropertyName("storage_class")]
    public string StorageClass { get; init; } = "";

    [JsonPropertyName("status")]
    public string Status { get; init; } = "";

    [JsonPropertyName("endpoint")]
    public string Endpoint { get; init; } = "";

    [JsonPropertyName("network_interface")]
    public string NetworkInterface { get; init; } = "";

    [JsonPropertyName("mode")]
    public string Mode { get; init; } = "";

    [JsonPropertyName("app_endpoint")]
    public string AppEndpoint { get; init; } = "";
}

[JsonSerializable(typeof(ClusterEventData))]
internal sealed partial class ClusterPayloadJson : JsonSerializerContext;
