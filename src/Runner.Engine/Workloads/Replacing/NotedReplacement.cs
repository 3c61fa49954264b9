using System.Text;
using k8s;
using k8s.Models;
using LiteDB;
using Runner.Engine.Clusters;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Services;

namespace Runner.Engine.Workloads.Replacing;

/// <summary>
/// A replacement as it lies in the state while it is under way: what is to have the name. Objects as they go to the API server, whose environment refers to a Secret where it is secret.
/// </summary>
internal sealed class NotedReplacement
{
    [BsonId(autoId: false)]
    public string Id { get; set; } = "";

    /// <summary>Which process does it; a later one of the same replica is another one.</summary>
    public string Life { get; set; } = "";

    /// <summary>Name of the connection.</summary>
    public string Cluster { get; set; } = "";

    /// <summary>Name of the service.</summary>
    public string Name { get; set; } = "";

    public DateTime At { get; set; }

    /// <summary>JSON of the Knative Service; null for a service over several hosts.</summary>
    public string? Service { get; set; }

    /// <summary>JSON of the LeaderWorkerSet, with <see cref="Address"/> and perhaps <see cref="Route"/>; null for a service on one host.</summary>
    public string? Set { get; set; }

    public string? Address { get; set; }

    public string? Route { get; set; }

    /// <summary>Name of the Secret that goes with the service, which was there before the old one was told to go; null for none.</summary>
    public string? Secret { get; set; }

    /// <summary>What stands in the environment of its containers, for keeping it out of what is said.</summary>
    [BsonIgnore]
    public IEnumerable<string> EnvironmentValues => ContainerSpecs.Read(Encoding.UTF8.GetBytes((Service ?? Set)!)).SelectMany(container => container.Environment).Select(variable => variable.Value);

    public static NotedReplacement Of(ClusterConnection cluster, KnativeService service, V1Secret? secret) => new()
    {
        Cluster = cluster.Name,
        Name = service.Metadata.Name,
        Service = KubernetesJson.Serialize(service),
        Secret = secret?.Metadata.Name,
    };

    public static NotedReplacement Of(ClusterConnection cluster, MultiHostObjects objects) => new()
    {
        Cluster = cluster.Name,
        Name = objects.Address.Metadata.Name,
        Set = KubernetesJson.Serialize(objects.Set),
        Address = KubernetesJson.Serialize(objects.Address),
        Route = objects.Route is null ? null : KubernetesJson.Serialize(objects.Route),
        Secret = objects.Secret?.Metadata.Name,
    };

    public KnativeService? ReadService() => Service is null ? null : KubernetesJson.Deserialize<KnativeService>(Service);

    /// <summary>Without volume and Secret, which are there.</summary>
    public MultiHostObjects ReadSet() => new(
        KubernetesJson.Deserialize<LeaderWorkerSet>(Set),
        KubernetesJson.Deserialize<V1Service>(Address),
        Route is null ? null : KubernetesJson.Deserialize<IngressRoute>(Route),
        Volume: null,
        Secret: null);
}
