using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Runner.Engine.Workloads.MultiHost;

/// <summary>
/// An Ingress of Knative's networking layer (<c>networking.internal.knative.dev/v1alpha1</c>), the object by which Serving tells whichever ingress is installed what
/// leads where. Kourier, Istio, Contour and the Gateway API's implementation all read it, so that a host named here is reached as those of Knative Services are.
/// </summary>
internal sealed class IngressRoute : IKubernetesObject<V1ObjectMeta>
{
    public const string Group = "networking.internal.knative.dev";
    public const string Version = "v1alpha1";
    public const string Plural = "ingresses";

    /// <summary>Annotation by which each implementation knows what is for it; without it nobody looks.</summary>
    public const string ClassAnnotation = "networking.knative.dev/ingress.class";

    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = $"{Group}/{Version}";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "Ingress";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public IngressRouteSpec Spec { get; set; } = new();

    /// <summary>Leads a host to a core Service.</summary>
    /// <param name="name">Of the object; that of a Knative Service's own is the service's.</param>
    /// <param name="host">As in the <c>Host</c> header of requests.</param>
    /// <param name="service">In the same namespace, with a port 80.</param>
    public static IngressRoute To(V1Service service, string name, string host, string ingressClass) => new()
    {
        Metadata = new()
        {
            Name = name,
            NamespaceProperty = service.Metadata.NamespaceProperty,
            Labels = service.Metadata.Labels,
            Annotations = new Dictionary<string, string> { [ClassAnnotation] = ingressClass },
            OwnerReferences = service.Metadata.OwnerReferences,
        },
        Spec = new()
        {
            Rules =
            [
                new([host], new([new([new(service.Metadata.Name, service.Metadata.NamespaceProperty, service.Spec.Ports[0].Port)])])),
            ],
        },
    };
}

internal sealed class IngressRouteSpec
{
    /// <summary><c>Enabled</c>: plain HTTP is served as it is.</summary>
    [JsonPropertyName("httpOption")]
    public string HttpOption { get; set; } = "Enabled";

    [JsonPropertyName("rules")]
    public IList<IngressRule> Rules { get; set; } = [];
}

internal sealed record IngressRule([property: JsonPropertyName("hosts")] IReadOnlyList<string> Hosts, [property: JsonPropertyName("http")] IngressPaths Http)
{
    /// <summary>Reached from outside the cluster too.</summary>
    [JsonPropertyName("visibility")]
    public string Visibility { get; init; } = "ExternalIP";
}

internal sealed record IngressPaths([property: JsonPropertyName("paths")] IReadOnlyList<IngressPath> Paths);

internal sealed record IngressPath([property: JsonPropertyName("splits")] IReadOnlyList<IngressSplit> Splits);

internal sealed record IngressSplit(
    [property: JsonPropertyName("serviceName")] string ServiceName,
    [property: JsonPropertyName("serviceNamespace")] string ServiceNamespace,
    [property: JsonPropertyName("servicePort")] int ServicePort)
{
    [JsonPropertyName("percent")]
    public int Percent { get; init; } = 100;
}
