using System.Collections.Frozen;

namespace Runner.EmbeddedCluster.Http.Patches;

/// <summary>How lists of built-in types merge: by which key, or as sets. Lists that are not named are replaced whole.</summary>
internal static class MergeKeys
{
    /// <summary>Marks a list of plain values that merges as a set.</summary>
    public const string Set = "";

    private static readonly FrozenDictionary<string, string> ByField = new Dictionary<string, string>
    {
        ["containers"] = "name",
        ["initContainers"] = "name",
        ["ephemeralContainers"] = "name",
        ["env"] = "name",
        ["volumes"] = "name",
        ["volumeMounts"] = "mountPath",
        ["volumeDevices"] = "devicePath",
        ["imagePullSecrets"] = "name",
        ["hostAliases"] = "ip",
        ["topologySpreadConstraints"] = "topologyKey",
        ["resourceClaims"] = "name",
        ["schedulingGates"] = "name",
        ["readinessGates"] = "conditionType",
        ["conditions"] = "type",
        ["ownerReferences"] = "uid",
        ["finalizers"] = Set,
        ["addresses"] = "type",
        ["podIPs"] = "ip",
        ["hostIPs"] = "ip",
        ["taints"] = "key",
        ["podCIDRs"] = Set,
        ["secrets"] = "name",
        ["webhooks"] = "name",
    }.ToFrozenDictionary();

    /// <summary>Key by which a list merges; <see cref="Set"/> for a set of values; null when it is replaced.</summary>
    /// <param name="kind">Kind of the object.</param>
    /// <param name="path">Path of the list, such as <c>spec.ports</c>.</param>
    /// <param name="field">Last part of the path.</param>
    public static string? Of(string kind, string path, string field) => field switch
    {
        "ports" when kind == "Service" && path == "spec.ports" => "port",
        "ports" => "containerPort",
        // A load balancer's and a claim's conditions merge by type, but addresses of endpoints do not merge.
        "addresses" when kind != "Node" => null,
        "taints" or "podCIDRs" when kind != "Node" => null,
        "secrets" when kind != "ServiceAccount" => null,
        _ => ByField.GetValueOrDefault(field),
    };
}
