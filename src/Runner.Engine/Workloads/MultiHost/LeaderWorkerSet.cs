using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Runner.Engine.Workloads.MultiHost;

/// <summary>A LeaderWorkerSet (<c>leaderworkerset.x-k8s.io/v1</c>), as far as the runner reads or writes it: groups of pods that work as one.</summary>
public sealed class LeaderWorkerSet : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "leaderworkerset.x-k8s.io/v1";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "LeaderWorkerSet";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public LeaderWorkerSetSpec? Spec { get; set; }

    /// <summary>Null until the manager has seen the set; never written by the runner. It ignores the workers' readiness, so only the pods tell how a group is.</summary>
    [JsonPropertyName("status")]
    public LeaderWorkerSetStatus? Status { get; set; }
}

/// <summary>What a LeaderWorkerSet asks for.</summary>
public sealed class LeaderWorkerSetSpec
{
    /// <summary>Number of groups; the API server fills in 1.</summary>
    [JsonPropertyName("replicas")]
    public int? Replicas { get; set; }

    [JsonPropertyName("leaderWorkerTemplate")]
    public LeaderWorkerTemplate? Template { get; set; }

    /// <summary>Every other field, so that reading, changing and writing a set loses nothing.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

/// <summary>What each group is made from.</summary>
public sealed class LeaderWorkerTemplate
{
    /// <summary>Null where the leader is like a worker.</summary>
    [JsonPropertyName("leaderTemplate")]
    public V1PodTemplateSpec? Leader { get; set; }

    [JsonPropertyName("workerTemplate")]
    public V1PodTemplateSpec? Worker { get; set; }

    /// <summary>Pods of a group, the leader among them; the API server fills in 1.</summary>
    [JsonPropertyName("size")]
    public int? Size { get; set; }

    /// <summary><c>RecreateGroupOnPodRestart</c> or <c>None</c>.</summary>
    [JsonPropertyName("restartPolicy")]
    public string? RestartPolicy { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

/// <summary>How a LeaderWorkerSet stands, by its manager.</summary>
public sealed class LeaderWorkerSetStatus
{
    [JsonPropertyName("replicas")]
    public int? Replicas { get; set; }

    [JsonPropertyName("readyReplicas")]
    public int? ReadyReplicas { get; set; }

    /// <summary>Groups that are made from what the set asks for now.</summary>
    [JsonPropertyName("updatedReplicas")]
    public int? UpdatedReplicas { get; set; }
}

/// <summary>Labels and names of LeaderWorkerSets and what belongs to them.</summary>
internal static class LeaderWorkerSetNames
{
    public const string Group = "leaderworkerset.x-k8s.io";
    public const string Version = "v1";
    public const string Plural = "leaderworkersets";
    public const string SetLabel = "leaderworkerset.sigs.k8s.io/name";
    public const string GroupIndexLabel = "leaderworkerset.sigs.k8s.io/group-index";

    /// <summary>Number of a pod in its group; 0 is the leader.</summary>
    public const string WorkerIndexLabel = "leaderworkerset.sigs.k8s.io/worker-index";
    public const string RecreateGroup = "RecreateGroupOnPodRestart";

    /// <summary>Name of the service that a set and its pods carry.</summary>
    public const string ServiceLabel = "csghub-service";

    private const string Suffix = "-hosts";

    /// <summary>StatefulSets append a group and a hash of ten characters to it, and label their pods with the result: at most 63 characters.</summary>
    private const int MaxLength = 49;

    /// <summary>
    /// Name of the set that carries a service. Not the service's own: the manager makes a headless Service of the set's name, for the pods to
    /// find each other, and the service's name is for the one that leads to the leader.
    /// </summary>
    public static string SetOf(string service)
    {
        var room = MaxLength - Suffix.Length;
        if (service.Length <= room)
        {
            return service + Suffix;
        }

        const int HashLength = 8;
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(service));
        return $"{service[..(room - HashLength - 1)].TrimEnd('-')}-{Convert.ToHexStringLower(hash)[..HashLength]}{Suffix}";
    }

    /// <summary>Name of the service that a set carries; a set that somebody else made is its own service.</summary>
    public static string ServiceOf(LeaderWorkerSet set) => set.GetLabel(ServiceLabel) is { Length: > 0 } service ? service : set.Metadata.Name;
}
