using System.Text.Json.Serialization;
using k8s.Models;
using Runner.Engine.Workloads.Scheduling;
using Runner.Engine.Workloads.Workflows;

namespace Runner.Engine.Workloads.Dataflow;

// Setters, not init: generated readers pass init-only properties through a constructor, where a field that was not sent loses its default.

/// <summary>The hub's request to run a dataflow job; field names are the wire contract's (<c>POST /dataflow/jobs</c>).</summary>
public sealed record DataflowRequest
{
    /// <summary>The hub's number of the job.</summary>
    [JsonPropertyName("id")]
    public long Id { get; set; }

    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; set; } = "";

    /// <summary>Becomes the name of the Workflow.</summary>
    [JsonPropertyName("argo_task_id")]
    public string TaskId { get; set; } = "";

    [JsonPropertyName("resource_id")]
    public long ResourceId { get; set; }

    [JsonPropertyName("resource_name")]
    public string ResourceName { get; set; } = "";

    /// <summary>UUID of the user who starts the job.</summary>
    [JsonPropertyName("op_user_uuid")]
    public string UserUuid { get; set; } = "";

    [JsonPropertyName("username")]
    public string Username { get; set; } = "";

    /// <summary>UUID of the user or organisation that owns the job.</summary>
    [JsonPropertyName("ns_uuid")]
    public string OwnerUuid { get; set; } = "";

    [JsonPropertyName("job_id")]
    public string JobId { get; set; } = "";

    [JsonPropertyName("job_name")]
    public string JobName { get; set; } = "";

    [JsonPropertyName("job_desc")]
    public string JobDesc { get; set; } = "";

    /// <summary>A Kubernetes quantity such as <c>20Gi</c>.</summary>
    [JsonPropertyName("storage_size")]
    public string StorageSize { get; set; } = "";

    /// <summary>Becomes the name of the graph.</summary>
    [JsonPropertyName("entrypoint")]
    public string Entrypoint { get; set; } = "";

    /// <summary>What every task runs.</summary>
    [JsonPropertyName("template")]
    public JobTemplateRequest? Template { get; set; }

    [JsonPropertyName("dag_tasks")]
    public List<DagTaskRequest>? DagTasks { get; set; }

    [JsonPropertyName("nodes")]
    public List<NodeRequest>? Nodes { get; set; }

    [JsonPropertyName("scheduler")]
    public SchedulerRequest? Scheduler { get; set; }

    [JsonPropertyName("node_affinity")]
    public V1NodeAffinity? NodeAffinity { get; set; }

    [JsonPropertyName("tolerations")]
    public List<TolerationRequest>? Tolerations { get; set; }

    /// <summary>The user's token, for the containers. Secret.</summary>
    [JsonPropertyName("access_token")]
    public string AccessToken { get; set; } = "";

    /// <summary>Without the environment and the token.</summary>
    public override string ToString() => $"dataflow {TaskId}, job {JobId}";
}

/// <summary>One task of the graph.</summary>
public sealed record DagTaskRequest
{
    [JsonPropertyName("id")]
    public string Id { get; set; } = "";

    [JsonPropertyName("name")]
    public string Name { get; set; } = "";

    /// <summary>Names of the tasks that must have ended well before.</summary>
    [JsonPropertyName("deps")]
    public List<string>? Deps { get; set; }

    [JsonPropertyName("template")]
    public string Template { get; set; } = "";

    [JsonPropertyName("parameters")]
    public List<DagParameterRequest>? Parameters { get; set; }
}

/// <summary>An input of a task.</summary>
public sealed record DagParameterRequest
{
    [JsonPropertyName("name")]
    public string Name { get; set; } = "";

    [JsonPropertyName("value")]
    public string Value { get; set; } = "";
}
