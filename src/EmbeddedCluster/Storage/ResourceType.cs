using System.Text.Json.Serialization;

namespace Runner.EmbeddedCluster.Storage;

/// <summary>One resource the API serves in one version, as discovery tells it.</summary>
/// <param name="Group">API group; empty for core.</param>
/// <param name="Version">Version such as <c>v1</c>. Versions of one group and plural share their stored objects.</param>
/// <param name="Plural">Name in the path, such as <c>pods</c>.</param>
/// <param name="Singular">Name of one, such as <c>pod</c>.</param>
/// <param name="Kind">Kind in the body, such as <c>Pod</c>.</param>
/// <param name="Namespaced">Whether objects live in a namespace.</param>
internal sealed record ResourceType(string Group, string Version, string Plural, string Singular, string Kind, bool Namespaced)
{
    private static readonly string[] BuiltInVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    private static readonly string[] CustomVerbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

    /// <summary>Whether it is defined by a CustomResourceDefinition: no strategic merge patch, unstructured lists, other error texts.</summary>
    public bool Custom { get; init; }

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Names of what is below an object, such as <c>status</c>, <c>scale</c>, <c>log</c>.</summary>
    public IReadOnlyList<string> Subresources { get; init; } = [];

    /// <summary>Fingerprint of the stored form as discovery tells it; null where discovery has none.</summary>
    public string? StorageVersionHash { get; init; }

    /// <summary>Verbs in the order in which discovery tells them.</summary>
    public IReadOnlyList<string> Verbs { get => field ?? (Custom ? CustomVerbs : BuiltInVerbs); init; }

    /// <summary>Value of <c>apiVersion</c> in bodies: <c>v1</c>, <c>apps/v1</c>.</summary>
    [JsonIgnore]
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Plural with its group as error messages name it: <c>pods</c>, <c>deployments.apps</c>.</summary>
    [JsonIgnore]
    public string QualifiedName => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>Group whose stored objects these are: <c>events.k8s.io</c> is a view of the core events.</summary>
    [JsonIgnore]
    public string StorageGroup => Group == "events.k8s.io" ? "" : Group;

    public bool Is(string group, string plural) => Group == group && Plural == plural;

    public bool Has(string subresource) => Subresources.Contains(subresource);

    /// <summary>Key of one of its objects.</summary>
    /// <param name="namespace">Ignored for cluster-scoped resources.</param>
    public ObjectKey Key(string? @namespace, string name) => new(StorageGroup, Plural, Namespaced ? @namespace ?? "" : "", name);
}
