using k8s;
using k8s.Models;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Reading;

namespace Runner.Engine.Clusters.Api;

/// <summary>What a <see cref="ResourceCache{T}"/> holds: one kind of object, of one namespace or of all.</summary>
/// <param name="Group">API group, empty for core.</param>
/// <param name="Version">API version such as <c>v1</c>.</param>
/// <param name="Plural">Resource name in paths.</param>
/// <param name="Namespace">Null for cluster-scoped kinds and for all namespaces.</param>
internal sealed record ResourceKind<T>(string Group, string Version, string Plural, string? Namespace)
    where T : IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Where the runner may not see all namespaces, at least this one is kept; null to keep nothing then.</summary>
    public string? NamespaceWhenForbidden { get; init; }

    /// <summary>Only objects with these labels, in the API's syntax; null for all.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>Only objects with these fields, in the API's syntax such as <c>metadata.name=x</c>; null for all.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>Keep each object's JSON as the API server sent it (without <c>managedFields</c>).</summary>
    public bool KeepJson { get; init; }

    /// <summary>By which text objects are found together, such as the name of the service they belong to; null for objects that belong to none.</summary>
    public Func<T, string?> Owner { get; init; } = _ => null;

    /// <summary>Reads one object; by default everything that the type has, but for <c>managedFields</c>. Kinds of which a cluster has thousands bring their own.</summary>
    public ItemReader<T> Read { get; init; } = ApiJson.Read<T>;

    /// <summary>As the API server names it in messages: <c>pods</c>, <c>services.serving.knative.dev</c>.</summary>
    public string Name => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>Path and query of one page of the list.</summary>
    /// <param name="limit">Most objects in a page; 0 for all at once.</param>
    /// <param name="continueToken">From the page before, null for the first.</param>
    public string ListPath(int limit, string? continueToken) =>
        Path([("limit", limit > 0 ? limit.ToString(System.Globalization.CultureInfo.InvariantCulture) : null), ("continue", continueToken)]);

    /// <summary>Path and query of a watch.</summary>
    public string WatchPath(string resourceVersion, TimeSpan timeout) =>
        Path([
            ("watch", "1"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", resourceVersion),
            ("timeoutSeconds", Math.Ceiling(timeout.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture)),
        ]);

    private string Path((string Name, string? Value)[] query)
    {
        var root = Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";
        var path = Namespace is null ? $"{root}/{Plural}" : $"{root}/namespaces/{Uri.EscapeDataString(Namespace)}/{Plural}";
        var parts = query.Append(("labelSelector", LabelSelector)).Append(("fieldSelector", FieldSelector))
            .Where(part => !string.IsNullOrEmpty(part.Item2))
            .Select(part => $"{part.Item1}={Uri.EscapeDataString(part.Item2!)}");
        return $"{path}?{string.Join('&', parts)}".TrimEnd('?');
    }
}
