using System.Text.Json.Serialization;
using Runner.Engine.Workloads.Scheduling;

namespace Runner.Engine.Workloads.ImageBuilds;

/// <summary>The hub's request to build the image of a space; field names are the wire contract's. The hub sends more; the rest is ignored.</summary>
public sealed record ImageBuildRequest
{
    /// <summary>The hub's id of the cluster; empty for the default one.</summary>
    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; set; } = "";

    /// <summary>Name of the space without its owner. Required.</summary>
    [JsonPropertyName("space_name")]
    public string SpaceName { get; set; } = "";

    /// <summary>User or organisation that owns the space. Required.</summary>
    [JsonPropertyName("org_name")]
    public string OrgName { get; set; } = "";

    /// <summary>Address from which the space is cloned, http or https, without credentials. Required.</summary>
    [JsonPropertyName("space_url")]
    public string SpaceUrl { get; set; } = "";

    /// <summary><c>gradio</c>, <c>streamlit</c>, <c>nginx</c>, <c>docker</c> or <c>mcp_server</c>. Required.</summary>
    [JsonPropertyName("sdk")]
    public string Sdk { get; set; } = "";

    [JsonPropertyName("sdk_version")]
    public string SdkVersion { get; set; } = "";

    [JsonPropertyName("python_version")]
    public string PythonVersion { get; set; } = "";

    /// <summary><c>cpu</c> or <c>gpu</c>; empty is <c>cpu</c>.</summary>
    [JsonPropertyName("hardware")]
    public string Hardware { get; set; } = "";

    /// <summary>Version of CUDA that the nodes' driver can run; empty for the oldest there is a base image for.</summary>
    [JsonPropertyName("driver_version")]
    public string DriverVersion { get; set; } = "";

    /// <summary>Branch, tag or commit; empty for the repository's own default.</summary>
    [JsonPropertyName("git_ref")]
    public string GitRef { get; set; } = "";

    /// <summary>Name of the hub's user, as whom the space is cloned.</summary>
    [JsonPropertyName("user_id")]
    public string UserId { get; set; } = "";

    /// <summary>Secret; empty for a public space.</summary>
    [JsonPropertyName("git_access_token")]
    public string GitAccessToken { get; set; } = "";

    [JsonPropertyName("last_commit_id")]
    public string LastCommitId { get; set; } = "";

    [JsonPropertyName("deploy_id")]
    public string DeployId { get; set; } = "";

    [JsonPropertyName("task_id")]
    public long TaskId { get; set; }

    [JsonPropertyName("repo_id")]
    public long RepoId { get; set; }

    [JsonPropertyName("scheduler")]
    public SchedulerRequest? Scheduler { get; set; }

    /// <summary>Without the token.</summary>
    public override string ToString() => $"{OrgName}/{SpaceName}, deploy {DeployId}, task {TaskId}";
}

/// <summary>The hub's request to end a build. Here the task's id is a text.</summary>
public sealed record ImageBuildStopRequest
{
    [JsonPropertyName("org_name")]
    public string OrgName { get; set; } = "";

    [JsonPropertyName("space_name")]
    public string SpaceName { get; set; } = "";

    [JsonPropertyName("deploy_id")]
    public string DeployId { get; set; } = "";

    [JsonPropertyName("task_id")]
    public string TaskId { get; set; } = "";

    [JsonPropertyName("cluster_id")]
    public string ClusterId { get; set; } = "";
}
