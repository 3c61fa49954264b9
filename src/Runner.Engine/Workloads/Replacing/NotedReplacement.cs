using System.Text;
using k8s;
using k8s.Models;
using LiteDB;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Workloads.Argo;
using Runner.Engine.Workloads.Containers;
using Runner.Engine.Workloads.MultiHost;
using Runner.Engine.Workloads.Sandboxes;
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

    /// <summary>Of services where it is not there: notes from before sandboxes were noted.</summary>
    public WorkloadKind Kind { get; set; }

    /// <summary>Name of the workload.</summary>
    public string Name { get; set; } = "";

    public DateTime At { get; set; }

    /// <summary>JSON of the Knative Service; null for anything else.</summary>
    public string? Service { get; set; }

    /// <summary>JSON of the LeaderWorkerSet of a service over several hosts, with <see cref="Address"/> and perhaps <see cref="Route"/>; null for anything else.</summary>
    public string? Set { get; set; }

    public string? Address { get; set; }

    public string? Route { get; set; }

    /// <summary>JSON of the Sandbox; null for anything else.</summary>
    public string? Sandbox { get; set; }

    /// <summary>JSON of the Workflow of an image build; null for anything else.</summary>
    public string? Workflow { get; set; }

    /// <summary>Name of the Secret that goes with the workload, which was there before the old one was told to go; null for none.</summary>
    public string? Secret { get; set; }

    /// <summary>Uid of what makes room; empty where nothing does, and null in notes from before this was noted.</summary>
    public string? Replaces { get; set; }

    /// <summary>Whether it takes nobody's place: noted only because it is made of several objects, of which a process that dies must not leave some.</summary>
    [BsonIgnore]
    public bool IsFirst => Replaces is "";

    /// <summary>Uid of what was made; null while that is not done. From then on the note counts only until whoever speaks to the hub has told of it.</summary>
    public string? Made { get; set; }

    /// <summary>Whether somebody has stopped the workload, so that whoever is at work on it takes back what comes of that. Nothing else follows from the note then.</summary>
    public bool IsStopped { get; set; }

    /// <summary>Why it will not be made, in a sentence; null while somebody is, or will be, at work on it.</summary>
    public string? Problem { get; set; }

    [BsonIgnore]
    public string What => WhatOf(Kind, Name);

    /// <summary>What stands in the environment of its containers, for keeping it out of what is said.</summary>
    [BsonIgnore]
    public IEnumerable<string> EnvironmentValues => ContainerSpecs.Read(Encoding.UTF8.GetBytes((Service ?? Set ?? Sandbox ?? Workflow)!)).SelectMany(container => container.Environment).Select(variable => variable.Value);

    /// <summary>A workload that may be replaced, for a sentence that begins with it: <c>Service 'web'</c>.</summary>
    public static string WhatOf(WorkloadKind kind, string name) => kind switch
    {
        WorkloadKind.Sandbox => $"Sandbox '{name}'",
        WorkloadKind.Service => $"Service '{name}'",
        _ => $"Job '{name}'",
    };

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

    public static NotedReplacement Of(ClusterConnection cluster, Sandbox sandbox, V1Secret? secret) => new()
    {
        Cluster = cluster.Name,
        Kind = WorkloadKind.Sandbox,
        Name = sandbox.Metadata.Name,
        Sandbox = KubernetesJson.Serialize(sandbox),
        Secret = secret?.Metadata.Name,
    };

    public static NotedReplacement Of(ClusterConnection cluster, WorkloadKind kind, JobObjects objects) => new()
    {
        Cluster = cluster.Name,
        Kind = kind,
        Name = objects.Workflow.Metadata.Name,
        Workflow = KubernetesJson.Serialize(objects.Workflow),
        Secret = objects.Secret?.Metadata.Name,
    };

    /// <summary>The workload, in the namespace in which those of its kind are.</summary>
    public WorkloadKey KeyIn(string @namespace) => new(Cluster, Kind, @namespace, Name);

    public ArgoWorkflow ReadWorkflow() => KubernetesJson.Deserialize<ArgoWorkflow>(Workflow);

    public Sandbox ReadSandbox() => KubernetesJson.Deserialize<Sandbox>(Sandbox);

    public KnativeService? ReadService() => Service is null ? null : KubernetesJson.Deserialize<KnativeService>(Service);

    /// <summary>Without volume and Secret, which are there.</summary>
    public MultiHostObjects ReadSet() => new(
        KubernetesJson.Deserialize<LeaderWorkerSet>(Set),
        KubernetesJson.Deserialize<V1Service>(Address),
        Route is null ? null : KubernetesJson.Deserialize<IngressRoute>(Route),
        Volume: null,
        Secret: null);
}
