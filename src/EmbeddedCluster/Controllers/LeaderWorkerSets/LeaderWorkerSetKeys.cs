namespace Runner.EmbeddedCluster.Controllers.LeaderWorkerSets;

/// <summary>Labels, annotations and variables with which the LeaderWorkerSet manager marks what it makes.</summary>
internal static class LeaderWorkerSetKeys
{
    private const string Prefix = "leaderworkerset.sigs.k8s.io/";

    /// <summary>Label: name of the set.</summary>
    public const string SetName = Prefix + "name";

    /// <summary>Label: number of the group within the set.</summary>
    public const string GroupIndex = Prefix + "group-index";

    /// <summary>Label: fingerprint of the group, SHA-1 of the leader's namespace and name.</summary>
    public const string GroupKey = Prefix + "group-key";

    /// <summary>Label: number of the pod within its group; 0 is the leader.</summary>
    public const string WorkerIndex = Prefix + "worker-index";

    /// <summary>Label: fingerprint of the set's template.</summary>
    public const string RevisionHash = Prefix + "template-revision-hash";

    /// <summary>Annotation of pods: number of pods in a group.</summary>
    public const string Size = Prefix + "size";

    /// <summary>Annotation of the leaders' StatefulSet: number of groups.</summary>
    public const string Replicas = Prefix + "replicas";

    /// <summary>Annotation of workers: name of their leader.</summary>
    public const string LeaderName = Prefix + "leader-name";

    /// <summary>Annotation of leaders: how subdomains are shared, where that is not the usual way.</summary>
    public const string SubdomainPolicy = Prefix + "subdomainPolicy";

    public const string LeaderAddressVariable = "LWS_LEADER_ADDRESS";

    public const string GroupSizeVariable = "LWS_GROUP_SIZE";

    public const string WorkerIndexVariable = "LWS_WORKER_INDEX";
}
