using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Runner.Engine.Workloads.Services;

/// <summary>A Knative Service (<c>serving.knative.dev/v1</c>), as far as the runner reads or writes it.</summary>
public sealed class KnativeService : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "serving.knative.dev/v1";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "Service";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public KnativeServiceSpec? Spec { get; set; }

    /// <summary>Null until Knative has seen the service; never written by the runner.</summary>
    [JsonPropertyName("status")]
    public KnativeServiceStatus? Status { get; set; }
}

/// <summary>What a Knative Service asks for.</summary>
public sealed class KnativeServiceSpec
{
    [JsonPropertyName("template")]
    public KnativeRevisionTemplate? Template { get; set; }

    /// <summary>How requests are shared out; null means all to the latest ready revision.</summary>
    [JsonPropertyName("traffic")]
    public IList<KnativeTrafficTarget>? Traffic { get; set; }
}

/// <summary>What each new revision is made from.</summary>
public sealed class KnativeRevisionTemplate
{
    [JsonPropertyName("metadata")]
    public V1ObjectMeta? Metadata { get; set; }

    [JsonPropertyName("spec")]
    public KnativeRevisionSpec? Spec { get; set; }
}

/// <summary>The pod of a revision: the part of a pod spec that the runner writes. What it does not know is kept as it came.</summary>
public sealed class KnativeRevisionSpec
{
    [JsonPropertyName("containers")]
    public IList<V1Container> Containers { get; set; } = [];

    [JsonPropertyName("nodeSelector")]
    public IDictionary<string, string>? NodeSelector { get; set; }

    [JsonPropertyName("affinity")]
    public V1Affinity? Affinity { get; set; }

    [JsonPropertyName("tolerations")]
    public IList<V1Toleration>? Tolerations { get; set; }

    [JsonPropertyName("volumes")]
    public IList<V1Volume>? Volumes { get; set; }

    [JsonPropertyName("imagePullSecrets")]
    public IList<V1LocalObjectReference>? ImagePullSecrets { get; set; }

    [JsonPropertyName("schedulerName")]
    public string? SchedulerName { get; set; }

    [JsonPropertyName("priorityClassName")]
    public string? PriorityClassName { get; set; }

    /// <summary>Every other field, so that reading, changing and writing a service loses nothing.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

/// <summary>A share of the requests. In a status it tells what the route serves now.</summary>
public sealed class KnativeTrafficTarget
{
    [JsonPropertyName("revisionName")]
    public string? RevisionName { get; set; }

    [JsonPropertyName("latestRevision")]
    public bool? LatestRevision { get; set; }

    /// <summary>0 to 100.</summary>
    [JsonPropertyName("percent")]
    public long? Percent { get; set; }

    [JsonPropertyName("tag")]
    public string? Tag { get; set; }

    [JsonPropertyName("url")]
    public string? Url { get; set; }
}

/// <summary>How a Knative Service stands.</summary>
public sealed class KnativeServiceStatus
{
    [JsonPropertyName("conditions")]
    public IList<KnativeCondition>? Conditions { get; set; }

    [JsonPropertyName("url")]
    public string? Url { get; set; }

    [JsonPropertyName("latestCreatedRevisionName")]
    public string? LatestCreatedRevisionName { get; set; }

    [JsonPropertyName("latestReadyRevisionName")]
    public string? LatestReadyRevisionName { get; set; }

    [JsonPropertyName("traffic")]
    public IList<KnativeTrafficTarget>? Traffic { get; set; }

    [JsonPropertyName("observedGeneration")]
    public long? ObservedGeneration { get; set; }
}

/// <summary>A condition of a Knative object.</summary>
public sealed class KnativeCondition
{
    [JsonPropertyName("type")]
    public string Type { get; set; } = "";

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    [JsonPropertyName("status")]
    public string Status { get; set; } = "";

    [JsonPropertyName("reason")]
    public string? Reason { get; set; }

    [JsonPropertyName("message")]
    public string? Message { get; set; }

    [JsonPropertyName("severity")]
    public string? Severity { get; set; }

    [JsonPropertyName("lastTransitionTime")]
    public DateTime? LastTransitionTime { get; set; }
}

/// <summary>A Knative Revision (<c>serving.knative.dev/v1</c>), as far as the runner reads it.</summary>
public sealed class KnativeRevision : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "serving.knative.dev/v1";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "Revision";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public KnativeRevisionSpec? Spec { get; set; }

    [JsonPropertyName("status")]
    public KnativeRevisionStatus? Status { get; set; }
}

/// <summary>Revisions as the API server lists them.</summary>
public sealed class KnativeRevisionList
{
    [JsonPropertyName("items")]
    public IReadOnlyList<KnativeRevision> Items { get; set; } = [];
}

/// <summary>How a Knative Revision stands.</summary>
public sealed class KnativeRevisionStatus
{
    [JsonPropertyName("conditions")]
    public IList<KnativeCondition>? Conditions { get; set; }

    /// <summary>Instances the autoscaler wants; null until it has spoken.</summary>
    [JsonPropertyName("desiredReplicas")]
    public int? DesiredReplicas { get; set; }

    /// <summary>Ready instances as the autoscaler counts them.</summary>
    [JsonPropertyName("actualReplicas")]
    public int? ActualReplicas { get; set; }
}

/// <summary>Labels, annotations and container names that Knative gives.</summary>
internal static class KnativeNames
{
    public const string Group = "serving.knative.dev";
    public const string Version = "v1";
    public const string ServicePlural = "services";
    public const string ServiceLabel = "serving.knative.dev/service";
    public const string ServiceUidLabel = "serving.knative.dev/serviceUID";
    public const string RevisionLabel = "serving.knative.dev/revision";

    /// <summary>Set to <see cref="RevisionDeleted"/> on a revision that the hub removed; Knative collects it later.</summary>
    public const string RevisionStateAnnotation = "serving.knative.dev/revision-state";
    public const string RevisionDeleted = "deleted";
    public const string UserContainer = "user-container";
    public const string QueueProxy = "queue-proxy";

    public static KnativeCondition? Find(this IList<KnativeCondition>? conditions, string type)
    {
        if (conditions is not null)
        {
            foreach (var condition in conditions)
            {
                if (condition.Type == type)
                {
                    return condition;
                }
            }
        }

        return null;
    }
}
