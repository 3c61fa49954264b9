using System.Text.Json.Serialization;
using k8s.Models;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Scheduling;

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

    /// <summary>The cluster's nodes as the hub knows them: keeps shares of accelerators, whole ones and pods without any apart.</summary>
    [JsonPropertyName("nodes")]
    public List<NodeRequest>? Nodes { get; set; }

    [JsonPropertyName("strategy_type")]
    public string StrategyType { get; set; } = "";

    /// <summary>Which scheduler places the pods; null for the cluster's own.</summary>
    [JsonPropertyName("scheduler")]
    public SchedulerRequest? Scheduler { get; set; }

    [JsonPropertyName("node_affinity")]
    public V1NodeAffinity? NodeAffinity { get; set; }

    [JsonPropertyName("tolerations")]
    public List<TolerationRequest>? Tolerations { get; set; }

    [JsonPropertyName("pd")]
    public DisaggregationRequest? Disaggregation { get; set; }

    /// <summary>Without the environment, which holds secrets.</summary>
    public override string ToString() => $"deploy {DeployId}, task {TaskId}, image {ImageId}";
}

/// <summary>Prefill and decode on instances of their own.</summary>
public sealed record DisaggregationRequest
{
    [JsonPropertyName("enabled")]
    public bool Enabled { get; set; }
}
