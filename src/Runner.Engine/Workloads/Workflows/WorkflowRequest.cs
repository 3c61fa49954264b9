using System.Text.Json.Serialization;
using k8s.Models;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.Scheduling;

namespace Runner.Engine.Workloads.Workflows;

// Setters, not init: generated readers pass init-only properties through a constructor, where a field that was not sent loses its default.

/// <summary>The hub's request to run an evaluation, finetune, training, comparison or leaderboard; field names are the wire contract's (<c>POST /workflows</c>).</summary>
public sealed record WorkflowRequest
{
    /// <summary>The hub's id of the cluster; empty for the default one.</summary>
    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; set; } = "";

    /// <summary><c>model</c>, <c>space</c> or another.</summary>
    [JsonPropertyName("repo_type")]
    public string RepoType { get; set; } = "";

    [JsonPropertyName("templates")]
    public List<JobTemplateRequest>? Templates { get; set; }

    /// <summary>Name of the template to begin with.</summary>
    [JsonPropertyName("entrypoint")]
    public string Entrypoint { get; set; } = "";

    [JsonPropertyName("username")]
    public string Username { get; set; } = "";

    [JsonPropertyName("task_name")]
    public string TaskName { get; set; } = "";

    /// <summary>Becomes the name of the Workflow.</summary>
    [JsonPropertyName("task_id")]
    public string TaskId { get; set; } = "";

    [JsonPropertyName("task_type")]
    public string TaskType { get; set; } = "";

    [JsonPropertyName("repo_ids")]
    public List<string>? RepoIds { get; set; }

    [JsonPropertyName("task_desc")]
    public string TaskDesc { get; set; } = "";

    [JsonPropertyName("image")]
    public string Image { get; set; } = "";

    [JsonPropertyName("datasets")]
    public List<string>? Datasets { get; set; }

    [JsonPropertyName("resource_id")]
    public long ResourceId { get; set; }

    [JsonPropertyName("resource_name")]
    public string ResourceName { get; set; } = "";

    [JsonPropertyName("user_uuid")]
    public string UserUuid { get; set; } = "";

    /// <summary>True for a job on shared resources: it runs in the namespace with the quota.</summary>
    [JsonPropertyName("share_mode")]
    public bool ShareMode { get; set; }

    [JsonPropertyName("finetuned_model_name")]
    public string FinetunedModelName { get; set; } = "";

    [JsonPropertyName("nodes")]
    public List<NodeRequest>? Nodes { get; set; }

    [JsonPropertyName("scheduler")]
    public SchedulerRequest? Scheduler { get; set; }

    [JsonPropertyName("node_affinity")]
    public V1NodeAffinity? NodeAffinity { get; set; }

    [JsonPropertyName("tolerations")]
    public List<TolerationRequest>? Tolerations { get; set; }

    /// <summary>Without any environment, which holds secrets.</summary>
    public override string ToString() => $"{TaskType} {TaskId}";
}

/// <summary>One kind of step of a job.</summary>
public sealed record JobTemplateRequest
{
    [JsonPropertyName("name")]
    public string Name { get; set; } = "";

    [JsonPropertyName("image")]
    public string Image { get; set; } = "";

    /// <summary>Null or empty for the image's own.</summary>
    [JsonPropertyName("command")]
    public List<string>? Command { get; set; }

    [JsonPropertyName("args")]
    public List<string>? Args { get; set; }

    [JsonPropertyName("hardware")]
    public HardwareRequest? Hardware { get; set; }

    /// <summary>Environment of the container, secrets among it.</summary>
    [JsonPropertyName("env")]
    public Dictionary<string, string>? Env { get; set; }

    /// <summary>Names of the inputs.</summary>
    [JsonPropertyName("parameters")]
    public List<string>? Parameters { get; set; }

    /// <summary>Without the environment, which holds secrets.</summary>
    public override string ToString() => $"{Name}: {Image}";
}
