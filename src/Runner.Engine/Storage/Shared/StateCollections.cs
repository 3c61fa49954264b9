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
    internal const string Replacements = "replacements";
    internal const string VolumeWaits = "volume_waits";

    /// <summary>Accounts by their ids.</summary>
    public const string Users = "users";

    /// <summary>Files of the key folder by their names.</summary>
    public const string Keys = "keys";

    private const string Applications = "openid_applications";

    /// <summary>
    /// By name how they are shared, in the order in which what a replica did alone is <see cref="StateMeeting">brought to the others</see>: what something belongs to
    /// comes before it.
    /// </summary>
    internal static IReadOnlyDictionary<string, StateRule> All { get; } = new Dictionary<string, StateRule>(StringComparer.Ordinal)
    {
        [Keys] = new(),
        [Users] = new() { Unique = "name", ByField = true, Quiet = ["stamp", "created", "signedIn", "totpStep"] },
        ["one_time_links"] = new() { BelongsTo = ("user", Users) },
        ["sessions"] = new() { BelongsTo = ("user", Users), Quiet = ["lastSeen"], ByField = true },
        ["sign_in_failures"] = new(),
        [Applications] = new() { Unique = "ClientId" },
        ["openid_authorizations"] = new() { BelongsTo = ("ApplicationId", Applications) },
        ["openid_scopes"] = new() { Unique = "Name" },
        ["openid_tokens"] = new() { BelongsTo = ("ApplicationId", Applications) },
        ["audit"] = new() { Newest = 2_000 },
        ["configuration_versions"] = new() { IsNumbered = true },
        ["cluster_overrides"] = new(),
        [Told] = new() { IsRemovalKept = false },
        [Outbox] = new() { IsNumbered = true, BelongsTo = ("Resource", Told) },
        [Replacements] = new(),
        [VolumeWaits] = new(),
        [HubSpeaker] = new() { IsOwn = true },
    };
}

/// <summary>How a collection is shared, and what becomes of a document in it that was changed by a replica which could not ask the others.</summary>
internal sealed record StateRule
{
    /// <summary>How many documents, those with the highest ids, a replica is given that begins with nothing; null for all. The older ones stay where they are.</summary>
    public int? Newest { get; init; }

    /// <summary>A field that no two documents may have the same of, whatever its case; null for none.</summary>
    public string? Unique { get; init; }

    /// <summary>Whether a document that was changed at both sides has the changes of both, where these are in different fields.</summary>
    public bool ByField { get; init; }

    /// <summary>Fields of which it does not matter whose counts.</summary>
    public IReadOnlyList<string> Quiet { get; init; } = [];

    /// <summary>A field with the id of what a document belongs to, and where that is: what belongs to something that was not taken is not taken.</summary>
    public (string Field, string Collection)? BelongsTo { get; init; }

    /// <summary>Whether ids are numbers in order: what was added alone gets the next ones.</summary>
    public bool IsNumbered { get; init; }

    /// <summary>Whether what was removed alone stays so, also where it was changed by others meanwhile.</summary>
    public bool IsRemovalKept { get; init; } = true;

    /// <summary>Whether it is nobody else's business.</summary>
    public bool IsOwn { get; init; }
}
