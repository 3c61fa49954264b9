namespace Runner.Engine.Storage;

/// <summary>
/// The collections that replicas share. Not among them is what each replica finds in the clusters by itself: records of finished workflows, last logs, the last
/// known ConfigMap.
/// </summary>
public static class StateCollections
{
    internal const string Outbox = "outbox";
    internal const string Told = "told";
    internal const string HubSpeaker = "hub_speaker";

    /// <summary>Files of the key folder by their names.</summary>
    public const string Keys = "keys";

    /// <summary>By name how many documents, those with the highest ids, a replica is given that begins with nothing; null for all. The older ones stay where they are.</summary>
    public static IReadOnlyDictionary<string, int?> All { get; } = new Dictionary<string, int?>(StringComparer.Ordinal)
    {
        ["users"] = null,
        ["one_time_links"] = null,
        ["sessions"] = null,
        ["sign_in_failures"] = null,
        ["openid_applications"] = null,
        ["openid_authorizations"] = null,
        ["openid_scopes"] = null,
        ["openid_tokens"] = null,
        [Keys] = null,
        ["audit"] = 2_000,
        ["configuration_versions"] = null,
        ["cluster_overrides"] = null,
        [Outbox] = null,
        [Told] = null,
        [HubSpeaker] = null,
    };
}
