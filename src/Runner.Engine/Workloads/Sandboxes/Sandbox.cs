using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Sandboxes;

/// <summary>A Sandbox (<c>agents.x-k8s.io/v1alpha1</c>), as far as the runner reads or writes it: one pod of the same name with a stable address.</summary>
public sealed class Sandbox : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "agents.x-k8s.io/v1alpha1";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "Sandbox";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public SandboxSpec? Spec { get; set; }

    /// <summary>Null until the controller has seen the sandbox; never written by the runner.</summary>
    [JsonPropertyName("status")]
    public SandboxStatus? Status { get; set; }
}

/// <summary>What a Sandbox asks for.</summary>
public sealed class SandboxSpec
{
    [JsonPropertyName("podTemplate")]
    public V1PodTemplateSpec? PodTemplate { get; set; }

    /// <summary>0 or 1; null is 1.</summary>
    [JsonPropertyName("replicas")]
    public int? Replicas { get; set; }

    /// <summary>When the controller ends the sandbox; null for never.</summary>
    [JsonPropertyName("shutdownTime")]
    public DateTime? ShutdownTime { get; set; }

    /// <summary><c>Delete</c> or <c>Retain</c>: what becomes of the Sandbox itself when it has ended.</summary>
    [JsonPropertyName("shutdownPolicy")]
    public string? ShutdownPolicy { get; set; }

    /// <summary>Every other field, so that reading a sandbox loses nothing.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

/// <summary>How a Sandbox stands.</summary>
public sealed class SandboxStatus
{
    [JsonPropertyName("conditions")]
    public IList<KnativeCondition>? Conditions { get; set; }

    /// <summary>DNS name of the sandbox in its cluster.</summary>
    [JsonPropertyName("serviceFQDN")]
    public string? ServiceFqdn { get; set; }
}

/// <summary>Names of the kind, and what the hub's facts about a sandbox are called.</summary>
internal static class SandboxNames
{
    public const string Group = "agents.x-k8s.io";
    public const string Version = "v1alpha1";
    public const string Plural = "sandboxes";

    /// <summary>Reason of condition <c>Ready</c> of a sandbox whose time has come and that stays.</summary>
    public const string Expired = "SandboxExpired";

    public const string TemplateAnnotation = "csghub_sandbox_template_id";
    public const string DeployNameAnnotation = "csghub_sandbox_deploy_name";
    public const string ResourceAnnotation = "csghub_sandbox_resource_id";

    /// <summary>Life in seconds as it was asked for; 0 for no end.</summary>
    public const string TimeoutAnnotation = "csghub_sandbox_timeout";

    /// <summary>The hub's deploy type of a sandbox.</summary>
    public const int DeployType = 7;
}
