using System.Text.Json.Serialization;

namespace Runner.Engine.Capacity;

/// <summary>A cluster with its inventory in the words of the wire contract (<c>ClusterRes</c>): the answer of <c>GET /cluster/{id}</c> and an element of the heartbeat.</summary>
internal sealed record ClusterAnswer
{
    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; init; } = "";

    /// <summary><c>Running</c> or <c>Unavailable</c>.</summary>
    [JsonPropertyName("status")]
    public string Status { get; init; } = "";

    [JsonPropertyName("region")]
    public string Region { get; init; } = "";

    [JsonPropertyName("zone")]
    public string Zone { get; init; } = "";

    [JsonPropertyName("provider")]
    public string Provider { get; init; } = "";

    [JsonPropertyName("storage_class")]
    public string StorageClass { get; init; } = "";

    [JsonPropertyName("endpoint")]
    public string Endpoint { get; init; } = "";

    [JsonPropertyName("node_number")]
    public int NodeNumber { get; init; }

    [JsonPropertyName("resources")]
    public IReadOnlyList<NodeAnswer> Resources { get; init; } = [];

    /// <summary><c>ClusterWide</c>, <c>NamespaceQuota</c> or <c>Uncertain</c>.</summary>
    [JsonPropertyName("resource_status")]
    public string ResourceStatus { get; init; } = "";

    /// <summary>Unix time in seconds.</summary>
    [JsonPropertyName("last_update_time")]
    public long LastUpdateTime { get; init; }

    [JsonPropertyName("enable")]
    public bool Enable { get; init; }

    [JsonPropertyName("vxpu_config")]
    public IReadOnlyDictionary<string, string> VxpuConfig { get; init; } = new Dictionary<string, string>();
}

internal sealed record NodeAnswer
{
    [JsonPropertyName("node_name")]
    public string NodeName { get; init; } = "";

    [JsonPropertyName("node_status")]
    public string NodeStatus { get; init; } = "";

    /// <summary>Cores, one decimal.</summary>
    [JsonPropertyName("total_cpu")]
    public decimal TotalCpu { get; init; }

    [JsonPropertyName("available_cpu")]
    public decimal AvailableCpu { get; init; }

    /// <summary>GiB, two decimals.</summary>
    [JsonPropertyName("total_mem")]
    public decimal TotalMemory { get; init; }

    [JsonPropertyName("available_mem")]
    public decimal AvailableMemory { get; init; }

    [JsonPropertyName("xpu_model")]
    public string XpuModel { get; init; } = "";

    [JsonPropertyName("gpu_vendor")]
    public string GpuVendor { get; init; } = "";

    [JsonPropertyName("total_xpu")]
    public long TotalXpu { get; init; }

    [JsonPropertyName("available_xpu")]
    public long AvailableXpu { get; init; }

    [JsonPropertyName("xpu_capacity_label")]
    public string XpuCapacityLabel { get; init; } = "";

    [JsonPropertyName("xpu_mem")]
    public string XpuMemory { get; init; } = "";

    /// <summary>Devices that the node has but does not offer to pods.</summary>
    [JsonPropertyName("reserved_xpu")]
    public long ReservedXpu { get; init; }

    [JsonPropertyName("vxpus")]
    public IReadOnlyList<VxpuAnswer> Vxpus { get; init; } = [];

    /// <summary>Parts that the shared devices can be divided into.</summary>
    [JsonPropertyName("total_vxpu")]
    public long TotalVxpu { get; init; }

    [JsonPropertyName("used_vxpu_num")]
    public long UsedVxpu { get; init; }

    /// <summary>MiB.</summary>
    [JsonPropertyName("total_vxpu_mem")]
    public long TotalVxpuMemory { get; init; }

    [JsonPropertyName("available_vxpu_mem")]
    public long AvailableVxpuMemory { get; init; }

    [JsonPropertyName("migs")]
    public IReadOnlyDictionary<string, MigAnswer> Migs { get; init; } = new Dictionary<string, MigAnswer>();

    [JsonPropertyName("processes")]
    public IReadOnlyList<ProcessAnswer> Processes { get; init; } = [];

    [JsonPropertyName("labels")]
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    [JsonPropertyName("enable_vxpu")]
    public bool EnableVxpu { get; init; }

    /// <summary>Unix time in seconds.</summary>
    [JsonPropertyName("update_at")]
    public long UpdatedAt { get; init; }
}

/// <param name="Memory">MiB.</param>
/// <param name="Parallel">Parts that the device can be divided into; of a pod's share, 1.</param>
/// <param name="AllocatedMemory">MiB that pods hold.</param>
internal sealed record VxpuAnswer(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("index")] int Index,
    [property: JsonPropertyName("mem")] long Memory,
    [property: JsonPropertyName("parallel")] long Parallel,
    [property: JsonPropertyName("core")] long Core,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("allocated_mem")] long AllocatedMemory);

internal sealed record MigAnswer(
    [property: JsonPropertyName("capacity")] long Capacity,
    [property: JsonPropertyName("allocatable")] long Allocatable,
    [property: JsonPropertyName("requests")] long Requests,
    [property: JsonPropertyName("limits")] long Limits);

internal sealed record ProcessAnswer(
    [property: JsonPropertyName("pod_name")] string PodName,
    [property: JsonPropertyName("deploy_id")] string DeployId,
    [property: JsonPropertyName("svc_name")] string ServiceName,
    [property: JsonPropertyName("vxpus")] IReadOnlyList<VxpuAnswer> Vxpus,
    [property: JsonPropertyName("workflow_name")] string WorkflowName,
    [property: JsonPropertyName("cluster_node")] string ClusterNode);

[JsonSerializable(typeof(ClusterAnswer))]
[JsonSerializable(typeof(ClusterAnswer[]))]
internal sealed partial class ClusterJson : JsonSerializerContext;
