using System.Text.Json.Serialization;

namespace Runner.Engine.Workloads.Scheduling;

/// <summary>A node as the hub knows it. Its fields have no tags in the hub's source, so they bear their Go names.</summary>
public sealed record NodeRequest
{
    [JsonPropertyName("Name")]
    public string Name { get; set; } = "";

    /// <summary>True where accelerators are handed out in shares.</summary>
    [JsonPropertyName("EnableVXPU")]
    public bool EnableVxpu { get; set; }

    /// <summary>True where there are accelerators, whole or shared.</summary>
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

/// <summary>Which scheduler places the pods.</summary>
public sealed record SchedulerRequest
{
    /// <summary>Null for the cluster's own scheduler.</summary>
    [JsonPropertyName("volcano")]
    public VolcanoRequest? Volcano { get; set; }
}

/// <summary>What Volcano is told.</summary>
public sealed record VolcanoRequest
{
    /// <summary>Empty for <c>volcano</c>.</summary>
    [JsonPropertyName("schedulerName")]
    public string SchedulerName { get; set; } = "";

    /// <summary>Empty for none.</summary>
    [JsonPropertyName("priorityClassName")]
    public string PriorityClassName { get; set; } = "";

    /// <summary>Queue that waits and is billed together; empty for the configured one.</summary>
    [JsonPropertyName("queue")]
    public string Queue { get; set; } = "";

    /// <summary>So many pods start together or none does; 0 for no such rule.</summary>
    [JsonPropertyName("minAvailable")]
    public int MinAvailable { get; set; }

    /// <summary>What a Volcano Job does on which event.</summary>
    [JsonPropertyName("policies")]
    public List<VolcanoPolicy>? Policies { get; set; }

    /// <summary>Plugins of a Volcano Job with their arguments.</summary>
    [JsonPropertyName("plugins")]
    public Dictionary<string, List<string>>? Plugins { get; set; }

    /// <summary>How often a Volcano Job is tried again; 0 for Volcano's own number.</summary>
    [JsonPropertyName("maxRetry")]
    public int MaxRetry { get; set; }

    /// <summary>How shares of a GPU are kept apart: <c>hami-core</c>, <c>mig</c>, or empty for whichever the node offers.</summary>
    [JsonPropertyName("volcano.sh/vgpu-mode")]
    public string VgpuMode { get; set; } = "";
}

/// <summary>What a Volcano Job does on an event.</summary>
public sealed record VolcanoPolicy
{
    [JsonPropertyName("event")]
    public string Event { get; set; } = "";

    [JsonPropertyName("action")]
    public string Action { get; set; } = "";
}
