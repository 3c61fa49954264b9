using System.Text.Json.Serialization;
using k8s.Models;

namespace Runner.Engine.Workloads.Services;

// Setters, not init: generated readers pass init-only properties through a constructor, where a field that was not sent loses its default.

/// <summary>The hub's request to run a service; field names are the wire contract's (runner API, <c>POST /service/{name}/run</c>). The hub sends more; the rest is ignored.</summary>
public sealed record ServiceRequest
{
    /// <summary>Container image, with or without a registry. Required.</summary>
    [JsonPropertyName("image_id")]
    public string ImageId { get; set; } = "";

    /// <summary>The hub's id of the deploy. Required, not 0.</summary>
    [JsonPropertyName("deploy_id")]
    public long DeployId { get; set; }

    [JsonPropertyName("hardware")]
    public HardwareRequest? Hardware { get; set; }

    /// <summary>Environment of the container, secrets among it. <c>port</c> is the port it listens on, <c>REVISION</c> the commit, <c>SDK</c> a space's kind.</summary>
    [JsonPropertyName("env")]
    public Dictionary<string, string>? Env { get; set; }

    [JsonPropertyName("annotation")]
    public Dictionary<string, string>? Annotation { get; set; }

    /// <summary><c>model</c>, <c>space</c> or empty.</summary>
    [JsonPropertyName("repo_type")]
    public string RepoType { get; set; } = "";

    [JsonPropertyName("min_replica")]
    public int MinReplica { get; set; }

    [JsonPropertyName("max_replica")]
    public int MaxReplica { get; set; }

    /// <summary>The hub's id of the cluster; empty for the default one.</summary>
    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; set; } = "";

    /// <summary>0 space, 1 inference, 2 finetune, 3 serverless, 4 evaluation, 5 notebook.</summary>
    [JsonPropertyName("deploy_type")]
    public int DeployType { get; set; }

    [JsonPropertyName("user_id")]
    public string UserId { get; set; } = "";

    [JsonPropertyName("sku")]
    public string Sku { get; set; } = "";

    [JsonPropertyName("order_detail_id")]
    public long OrderDetailId { get; set; }

    [JsonPropertyName("task_id")]
    public long TaskId { get; set; }

    /// <summary>Nodes the hub thinks of; the cluster's own scheduler decides.</summary>
    [JsonPropertyName("nodes")]
    public List<NodeRequest>? Nodes { get; set; }

    [JsonPropertyName("strategy_type")]
    public string StrategyType { get; set; } = "";

    [JsonPropertyName("node_affinity")]
    public V1NodeAffinity? NodeAffinity { get; set; }

    [JsonPropertyName("tolerations")]
    public List<TolerationRequest>? Tolerations { get; set; }

    [JsonPropertyName("pd")]
    public DisaggregationRequest? Disaggregation { get; set; }

    /// <summary>Without the environment, which holds secrets.</summary>
    public override string ToString() => $"deploy {DeployId}, task {TaskId}, image {ImageId}";
}

/// <summary>What an instance asks for. Quantities are Kubernetes quantities as texts; empty means none.</summary>
public sealed record HardwareRequest
{
    [JsonPropertyName("gpu")]
    public ProcessorRequest? Gpu { get; set; }

    [JsonPropertyName("npu")]
    public ProcessorRequest? Npu { get; set; }

    [JsonPropertyName("gcu")]
    public ProcessorRequest? Gcu { get; set; }

    [JsonPropertyName("mlu")]
    public ProcessorRequest? Mlu { get; set; }

    [JsonPropertyName("dcu")]
    public ProcessorRequest? Dcu { get; set; }

    [JsonPropertyName("gpgpu")]
    public ProcessorRequest? Gpgpu { get; set; }

    [JsonPropertyName("tpu")]
    public ProcessorRequest? Tpu { get; set; }

    [JsonPropertyName("cpu")]
    public ProcessorRequest? Cpu { get; set; }

    [JsonPropertyName("memory")]
    public string Memory { get; set; } = "";

    [JsonPropertyName("ephemeral_storage")]
    public string EphemeralStorage { get; set; } = "";

    /// <summary>Hosts an instance spans; more than 1 is multi-host.</summary>
    [JsonPropertyName("replicas")]
    public int Replicas { get; set; }
}

/// <summary>One kind of processor.</summary>
public sealed record ProcessorRequest
{
    [JsonPropertyName("type")]
    public string Type { get; set; } = "";

    [JsonPropertyName("num")]
    public string Num { get; set; } = "";

    /// <summary>Kubernetes resource such as <c>nvidia.com/gpu</c>; not used for the CPU.</summary>
    [JsonPropertyName("resource_name")]
    public string ResourceName { get; set; } = "";

    /// <summary>Labels a node must have.</summary>
    [JsonPropertyName("labels")]
    public Dictionary<string, string>? Labels { get; set; }

    [JsonPropertyName("resource_mem_name")]
    public string ResourceMemName { get; set; } = "";

    [JsonPropertyName("mem_size")]
    public string MemSize { get; set; } = "";
}

/// <summary>A node the hub thinks of. Its fields have no tags in the hub's source, so they bear their Go names.</summary>
public sealed record NodeRequest
{
    [JsonPropertyName("Name")]
    public string Name { get; set; } = "";

    [JsonPropertyName("EnableVXPU")]
    public bool EnableVxpu { get; set; }

    [JsonPropertyName("HasXPU")]
    public bool HasXpu { get; set; }
}

/// <summary>A taint the pods put up with.</summary>
public sealed record TolerationRequest
{
    [JsonPropertyName("key")]
    public string Key { get; set; } = "";

    [JsonPropertyName("operator")]
    public string Operator { get; set; } = "";

    [JsonPropertyName("value")]
    public string Value { get; set; } = "";

    [JsonPropertyName("effect")]
    public string Effect { get; set; } = "";
}

/// <summary>Prefill and decode on instances of their own.</summary>
public sealed record DisaggregationRequest
{
    [JsonPropertyName("enabled")]
    public bool Enabled { get; set; }
}
