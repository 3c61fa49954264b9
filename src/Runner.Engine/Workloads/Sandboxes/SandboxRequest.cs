using System.Text.Json.Serialization;
using Runner.Engine.Workloads.Containers;

namespace Runner.Engine.Workloads.Sandboxes;

/// <summary>The hub's request for a sandbox; field names are the wire contract's (<c>POST /sandboxes</c>).</summary>
public sealed record SandboxRequest
{
    /// <summary>Name of the sandbox, its pod and its DNS entry. Required.</summary>
    [JsonPropertyName("sandbox_name")]
    public string SandboxName { get; set; } = "";

    /// <summary>Required.</summary>
    [JsonPropertyName("image")]
    public string Image { get; set; } = "";

    [JsonPropertyName("hardware")]
    public HardwareRequest? Hardware { get; set; }

    /// <summary>The hub's id of the cluster; empty for the default one.</summary>
    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; set; } = "";

    [JsonPropertyName("deploy_id")]
    public string DeployId { get; set; } = "";

    [JsonPropertyName("task_id")]
    public string TaskId { get; set; } = "";

    /// <summary>The hub's id of the user, after whom the volume is named. Required with volumes.</summary>
    [JsonPropertyName("user_id")]
    public string UserId { get; set; } = "";

    [JsonPropertyName("resource_id")]
    public long ResourceId { get; set; }

    /// <summary>Environment of the container, secrets among it.</summary>
    [JsonPropertyName("env_vars")]
    public Dictionary<string, string>? EnvVars { get; set; }

    /// <summary>Labels of the sandbox and its pod.</summary>
    [JsonPropertyName("labels")]
    public Dictionary<string, string>? Labels { get; set; }

    /// <summary>Template it came from, for information; the image and all else are taken from the request.</summary>
    [JsonPropertyName("templateID")]
    public string TemplateId { get; set; } = "";

    /// <summary>Life in seconds, from its creation; 0 for no end.</summary>
    [JsonPropertyName("timeout")]
    public long Timeout { get; set; }

    /// <summary>Folders of the user's volume.</summary>
    [JsonPropertyName("volumes")]
    public List<SandboxVolume>? Volumes { get; set; }

    /// <summary>Port the container listens on; 0 for none.</summary>
    [JsonPropertyName("port")]
    public int Port { get; set; }

    /// <summary>The name the user gave.</summary>
    [JsonPropertyName("deploy_name")]
    public string DeployName { get; set; } = "";

    [JsonPropertyName("readiness_probe")]
    public SandboxProbe? ReadinessProbe { get; set; }

    /// <summary>Without the environment, which holds secrets.</summary>
    public override string ToString() => $"sandbox {SandboxName}, deploy {DeployId}, image {Image}";
}

/// <summary>A folder of the user's volume in a sandbox.</summary>
public sealed record SandboxVolume
{
    /// <summary>Folder in the volume; empty for the whole of it.</summary>
    [JsonPropertyName("sandbox_mount_subpath")]
    public string Subpath { get; set; } = "";

    /// <summary>Where it appears in the container.</summary>
    [JsonPropertyName("sandbox_mount_path")]
    public string Path { get; set; } = "";

    [JsonPropertyName("read_only")]
    public bool ReadOnly { get; set; }
}

/// <summary>How to find out whether a sandbox is ready.</summary>
public sealed record SandboxProbe
{
    /// <summary><c>http</c>, <c>https</c> or <c>tcp</c>; empty for http where there is a path, else tcp.</summary>
    [JsonPropertyName("protocol")]
    public string Protocol { get; set; } = "";

    [JsonPropertyName("path")]
    public string Path { get; set; } = "";

    /// <summary>0 for the sandbox's own port.</summary>
    [JsonPropertyName("port")]
    public int Port { get; set; }

    [JsonPropertyName("initial_delay_seconds")]
    public int InitialDelaySeconds { get; set; }
}
