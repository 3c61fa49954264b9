using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Runner.Engine.Workloads.Argo;

/// <summary>Names of Argo's API and of what it writes on pods.</summary>
internal static class ArgoNames
{
    public const string Group = "argoproj.io";
    public const string Version = "v1alpha1";
    public const string Plural = "workflows";

    /// <summary>Container of a template's own image in its pod; beside it runs Argo's <c>wait</c>.</summary>
    public const string MainContainer = "main";

    /// <summary>Pod label: name of the Workflow.</summary>
    public const string WorkflowLabel = "workflows.argoproj.io/workflow";

    /// <summary>Label of a Workflow by which the kinds of workload are told apart.</summary>
    public const string ScopeLabel = "workflow-scope";

    /// <summary>Label of what is made before the Workflow that needs it, until the Workflow owns it; its value is the Workflow's name.</summary>
    public const string UnclaimedLabel = "csghub-unclaimed-of";
}

/// <summary>An Argo Workflow (<c>argoproj.io/v1alpha1</c>), as far as the runner reads or writes it.</summary>
internal sealed class ArgoWorkflow : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = $"{ArgoNames.Group}/{ArgoNames.Version}";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "Workflow";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public ArgoWorkflowSpec? Spec { get; set; }

    /// <summary>Null until Argo has seen the workflow; never written by the runner.</summary>
    [JsonPropertyName("status")]
    public ArgoWorkflowStatus? Status { get; set; }
}

/// <summary>What a Workflow runs.</summary>
internal sealed class ArgoWorkflowSpec
{
    [JsonPropertyName("entrypoint")]
    public string? Entrypoint { get; set; }

    [JsonPropertyName("serviceAccountName")]
    public string? ServiceAccountName { get; set; }

    /// <summary>Higher ones first where Argo limits how many run at once.</summary>
    [JsonPropertyName("priority")]
    public int? Priority { get; set; }

    [JsonPropertyName("templates")]
    public IList<ArgoTemplate>? Templates { get; set; }

    [JsonPropertyName("volumes")]
    public IList<V1Volume>? Volumes { get; set; }

    [JsonPropertyName("ttlStrategy")]
    public ArgoTtlStrategy? TtlStrategy { get; set; }

    [JsonPropertyName("podMetadata")]
    public ArgoMetadata? PodMetadata { get; set; }

    [JsonPropertyName("imagePullSecrets")]
    public IList<V1LocalObjectReference>? ImagePullSecrets { get; set; }
}

/// <summary>When a finished Workflow is deleted, in seconds.</summary>
internal sealed class ArgoTtlStrategy
{
    [JsonPropertyName("secondsAfterCompletion")]
    public int? SecondsAfterCompletion { get; set; }
}

internal sealed class ArgoMetadata
{
    [JsonPropertyName("annotations")]
    public IDictionary<string, string>? Annotations { get; set; }

    [JsonPropertyName("labels")]
    public IDictionary<string, string>? Labels { get; set; }
}

/// <summary>One kind of step: a container, or a graph of other templates.</summary>
internal sealed class ArgoTemplate
{
    [JsonPropertyName("name")]
    public string Name { get; set; } = "";

    [JsonPropertyName("inputs")]
    public ArgoParameters? Inputs { get; set; }

    [JsonPropertyName("outputs")]
    public ArgoParameters? Outputs { get; set; }

    /// <summary>Of the pods; may refer to inputs as <c>{{inputs.parameters.name}}</c>.</summary>
    [JsonPropertyName("metadata")]
    public ArgoMetadata? Metadata { get; set; }

    [JsonPropertyName("initContainers")]
    public IList<V1Container>? InitContainers { get; set; }

    [JsonPropertyName("container")]
    public V1Container? Container { get; set; }

    [JsonPropertyName("dag")]
    public ArgoDag? Dag { get; set; }

    [JsonPropertyName("volumes")]
    public IList<V1Volume>? Volumes { get; set; }

    [JsonPropertyName("nodeSelector")]
    public IDictionary<string, string>? NodeSelector { get; set; }

    [JsonPropertyName("affinity")]
    public V1Affinity? Affinity { get; set; }

    [JsonPropertyName("tolerations")]
    public IList<V1Toleration>? Tolerations { get; set; }

    [JsonPropertyName("schedulerName")]
    public string? SchedulerName { get; set; }

    [JsonPropertyName("priorityClassName")]
    public string? PriorityClassName { get; set; }
}

/// <summary>Inputs, outputs or arguments.</summary>
internal sealed class ArgoParameters
{
    [JsonPropertyName("parameters")]
    public IList<ArgoParameter>? Parameters { get; set; }
}

internal sealed class ArgoParameter
{
    [JsonPropertyName("name")]
    public string Name { get; set; } = "";

    /// <summary>Argo takes any scalar and means its text.</summary>
    [JsonPropertyName("value")]
    [JsonConverter(typeof(ArgoTextConverter))]
    public string? Value { get; set; }

    [JsonPropertyName("valueFrom")]
    public ArgoValueSource? ValueFrom { get; set; }
}

internal sealed class ArgoValueSource
{
    /// <summary>File in the container that holds the value when it ends.</summary>
    [JsonPropertyName("path")]
    public string? Path { get; set; }
}

internal sealed class ArgoDag
{
    [JsonPropertyName("tasks")]
    public IList<ArgoDagTask>? Tasks { get; set; }
}

internal sealed class ArgoDagTask
{
    [JsonPropertyName("name")]
    public string Name { get; set; } = "";

    [JsonPropertyName("template")]
    public string Template { get; set; } = "";

    [JsonPropertyName("dependencies")]
    public IList<string>? Dependencies { get; set; }

    [JsonPropertyName("arguments")]
    public ArgoParameters? Arguments { get; set; }
}

/// <summary>How a Workflow stands.</summary>
internal sealed class ArgoWorkflowStatus
{
    /// <summary>Empty before Argo has looked at it, then <c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Error</c>.</summary>
    [JsonPropertyName("phase")]
    public string? Phase { get; set; }

    [JsonPropertyName("message")]
    public string? Message { get; set; }

    [JsonPropertyName("startedAt")]
    public DateTime? StartedAt { get; set; }

    [JsonPropertyName("finishedAt")]
    public DateTime? FinishedAt { get; set; }

    /// <summary>By id; the node of the whole has the Workflow's name as its id.</summary>
    [JsonPropertyName("nodes")]
    public IDictionary<string, ArgoNode>? Nodes { get; set; }
}

/// <summary>One node of a Workflow that has begun: the whole, a step, a pod.</summary>
internal sealed class ArgoNode
{
    [JsonPropertyName("id")]
    public string? Id { get; set; }

    [JsonPropertyName("name")]
    public string? Name { get; set; }

    [JsonPropertyName("displayName")]
    public string? DisplayName { get; set; }

    /// <summary><c>Pod</c>, <c>DAG</c>, <c>Steps</c> …</summary>
    [JsonPropertyName("type")]
    public string? Type { get; set; }

    [JsonPropertyName("templateName")]
    public string? TemplateName { get; set; }

    /// <summary>A Workflow's phases, and <c>Skipped</c> or <c>Omitted</c>.</summary>
    [JsonPropertyName("phase")]
    public string? Phase { get; set; }

    [JsonPropertyName("message")]
    public string? Message { get; set; }

    [JsonPropertyName("startedAt")]
    public DateTime? StartedAt { get; set; }

    [JsonPropertyName("finishedAt")]
    public DateTime? FinishedAt { get; set; }

    [JsonPropertyName("hostNodeName")]
    public string? HostNodeName { get; set; }

    [JsonPropertyName("inputs")]
    public ArgoParameters? Inputs { get; set; }

    [JsonPropertyName("outputs")]
    public ArgoParameters? Outputs { get; set; }
}

/// <summary>Reads a text, a number or a truth value as the text it was written as.</summary>
internal sealed class ArgoTextConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString();
        }

        using var value = JsonDocument.ParseValue(ref reader);
        return value.RootElement.GetRawText();
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
