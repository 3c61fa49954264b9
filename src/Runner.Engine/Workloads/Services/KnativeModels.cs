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
}
