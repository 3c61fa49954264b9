using System.Text.Json.Serialization;
using k8s.Models;

namespace Runner.Engine.Workloads.Services;

/// <summary>The hub's request to run a service; field names are the wire contract's (runner API, <c>POST /service/{name}/run</c>). The hub sends more; the rest is ignored.</summary>
public sealed record ServiceRequest
{
    /// <summary>Container image, with or without a registry. Required.</summary>
    [JsonPropertyName("image_id")]
    public string ImageId { get; init; } = "";

    /// <summary>The hub's id of the deploy. Required, not 0.</summary>
    [JsonPropertyName("deploy_id")]
    public long DeployId { get; init; }

    [JsonPropertyName("hardware")]
    public HardwareRequest? Hardware { get; init; }

    /// <summary>Environment of the container, secrets among it. <c>port</c> is the port it listens on, <c>REVISION</c> the commit, <c>SDK</c> a space's kind.</summary>
    [JsonPropertyName("env")]
    public Dictionary<string, string>? Env { get; init; }

    [JsonPropertyName("annotation")]
    public Dictionary<string, string>? Annotation { get; init; }

    /// <summary><c>model</c>, <c>space</c> or empty.</summary>
    [JsonPropertyName("repo_type")]
    public string RepoType { get; init; } = "";

    [JsonPropertyName("min_replica")]
    public int MinReplica { get; init; }

    [JsonPropertyName("max_replica")]
    public int MaxReplica { get; init; }

    /// <summary>The hub's id of the cluster; empty for the default one.</summary>
    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; init; } = "";

    /// <summary>0 space, 1 inference, 2 finetune, 3 serverless, 4 evaluation, 5 notebook.</summary>
    [JsonPropertyName("deploy_type")]
    public int DeployType { get; init; }

    [JsonPropertyName("user_id")]
    public string UserId { get; init; } = "";

    [JsonPropertyName("sku")]
    public string Sku { get; init; } = "";

    [JsonPropertyName("order_detail_id")]
    public long OrderDetailId { get; init; }

    [JsonPropertyName("task_id")]
    public long TaskId { get; init; }

    /// <summary>Nodes the hub thinks of; the cluster's own scheduler decides.</summary>
    [JsonPropertyName("nodes")]
    public List<NodeRequest>? Nodes { get; init; }

    [JsonPropertyName("strategy_type")]
    public string StrategyType { get; init; } = "";

    [JsonPropertyName("node_affinity")]
    public V1NodeAffinity? NodeAffinity { get; init; }

    [JsonPropertyName("tolerations")]
    public List<TolerationRequest>? Tolerations { get; init; }

    [JsonPropertyName("pd")]
    public DisaggregationRequest? Disaggregation { get; init; }

    /// <summary>Without the environment, which holds secrets.</summary>
    public override string ToString() => $"deploy {DeployId}, task {TaskId}, image {ImageId}";
}

/// <summary>What an instance asks for. Quantities are Kubernetes quantities as texts; empty means none.</summary>
public sealed record HardwareRequest
{
    [JsonPropertyName("gpu")]
    public ProcessorRequest? Gpu { get; init; }

    [JsonPropertyName("npu")]
    public ProcessorRequest? Npu { get; init; }

    [JsonPropertyName("gcu")]
    public ProcessorRequest? Gcu { get; init; }

    [JsonPropertyName("mlu")]
    public ProcessorRequest? Mlu { get; init; }

    [JsonPropertyName("dcu")]
    public ProcessorRequest? Dcu { get; init; }

    [JsonPropertyName("gpgpu")]
    public ProcessorRequest? Gpgpu { get; init; }

    [JsonPropertyName("tpu")]
    public ProcessorRequest? Tpu { get; init; }

    [JsonPropertyName("cpu")]
    public ProcessorRequest? Cpu { get; init; }

    [JsonPropertyName("memory")]
    public string Memory { get; init; } = "";

    [JsonPropertyName("ephemeral_storage")]
    public string EphemeralStorage { get; init; } = "";

    /// <summary>Hosts an instance spans; more than 1 is multi-host.</summary>
    [JsonPropertyName("replicas")]
    public int Replicas { get; init; }
}

/// <summary>One kind of processor.</summary>
public sealed record ProcessorRequest
{
    [JsonPropertyName("type")]
    public string Type { get; init; } = "";

    [JsonPropertyName("num")]
    public string Num { get; init; } = "";

    /// <summary>Kubernetes resource such as <c>nvidia.com/gpu</c>; not used for the CPU.</summary>
    [JsonPropertyName("resource_name")]
    public string ResourceName { get; init; } = "";

    /// <summary>Labels a node must have.</summary>
    [JsonPropertyName("labels")]
    public Dictionary<string, string>? Labels { get; init; }

    [JsonPropertyName("resource_mem_name")]
    public string ResourceMemName { get; init; } = "";

    [JsonPropertyName("mem_size")]
    public string MemSize { get; init; } = "";
}

/// <summary>A node the hub thinks of. Its fields have no tags in the hub's source, so they bear their Go names.</summary>
public sealed record NodeRequest
{
    [JsonPropertyName("Name")]
    public string Name { get; init; } = "";

    [JsonPropertyName("EnableVXPU")]
    public bool EnableVxpu { get; init; }

    [JsonPropertyName("HasXPU")]
    public bool HasXpu { get; init; }
}

/// <summary>A taint the pods put up with.</summary>
public sealed record TolerationRequest
{
    [JsonPropertyName("key")]
    public string Key { get; init; } = "";

    [JsonPropertyName("operator")]
    public string Operator { get; init; } = "";

    [JsonPropertyName("value")]
    public string Value { get; init; } = "";

    [JsonPropertyName("effect")]
    public string Effect { get; init; } = "";
}

/// <summary>Prefill and decode on instances of their own.</summary>
public sealed record DisaggregationRequest
{
    [JsonPropertyName("enabled")]
    public bool Enabled { get; init; }
}
