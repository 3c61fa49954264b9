using System.Text.Json.Serialization;
using k8s.Models;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Scheduling;

namespace Runner.Engine.Workloads.Services;

/// <summary>The hub's request to change a running service; field names are the wire contract's (runner API, <c>PUT /service/{name}/update</c>).</summary>
public sealed record ServiceUpdateRequest
{
    [JsonPropertyName("min_replica")]
    public int MinReplica { get; set; }

    [JsonPropertyName("max_replica")]
    public int MaxReplica { get; set; }

    /// <summary>Null leaves what the instances ask for as it is.</summary>
    [JsonPropertyName("hardware")]
    public HardwareRequest? Hardware { get; set; }

    /// <summary>Container image, with or without a registry. Required.</summary>
    [JsonPropertyName("image_id")]
    public string ImageId { get; set; } = "";

    /// <summary>The whole environment of the container, secrets among it; null leaves it as it is.</summary>
    [JsonPropertyName("env")]
    public Dictionary<string, string>? Env { get; set; }

    /// <summary>The hub's id of the cluster; empty for the default one.</summary>
    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; set; } = "";

    [JsonPropertyName("nodes")]
    public List<NodeRequest>? Nodes { get; set; }

    /// <summary>Null leaves it as it is.</summary>
    [JsonPropertyName("node_affinity")]
    public V1NodeAffinity? NodeAffinity { get; set; }

    /// <summary>Null or empty leaves them as they are.</summary>
    [JsonPropertyName("tolerations")]
    public List<TolerationRequest>? Tolerations { get; set; }

    /// <summary>Without the environment, which holds secrets.</summary>
    public override string ToString() => $"update to image {ImageId}";
}
