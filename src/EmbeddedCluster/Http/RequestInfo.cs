namespace Runner.EmbeddedCluster.Http;

/// <summary>What a request asks for, read from its method and path alone, as the API server does before it looks anything up.</summary>
/// <param name="Path">The path without query.</param>
/// <param name="Verb">Kubernetes verb for resources (<c>get</c>, <c>list</c>, <c>watch</c>, <c>create</c> …), the method in lower case for other paths.</param>
internal sealed record RequestInfo(string Path, string Verb)
{
    /// <summary>Whether the path names a resource below <c>/api/v1</c> or <c>/apis/group/version</c>.</summary>
    public bool IsResource { get; init; }

    public string Group { get; init; } = "";

    public string Version { get; init; } = "";

    /// <summary>Plural; empty when the path ends before it.</summary>
    public string Resource { get; init; } = "";

    /// <summary>Namespace; null for cluster-wide paths.</summary>
    public string? Namespace { get; init; }

    /// <summary>Object name; null for collections.</summary>
    public string? Name { get; init; }

    public string? Subresource { get; init; }

    /// <summary>Resource with its subresource, as RBAC and error texts have it: <c>pods/log</c>.</summary>
    public string ResourcePath => Subresource is null ? Resource : $"{Resource}/{Subresource}";

    /// <param name="isWatch">Whether the query asks for a watch.</param>
    public static RequestInfo Parse(string method, string path, bool isWatch)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString).ToArray();
        var other = new RequestInfo(path, method.ToLowerInvariant());
        var isCore = parts is ["api", _, ..];
        if (!isCore && parts is not ["apis", _, _, ..])
        {
            return other;
        }

        var group = isCore ? "" : parts[1];
        var version = isCore ? parts[1] : parts[2];
        var rest = parts.AsSpan(isCore ? 2 : 3);
        if (rest.Length == 0)
        {
            return other with { Group = group, Version = version };
        }

        if (rest is ["watch", _, ..])
        {
            isWatch = true;
            rest = rest[1..];
        }

        string? space = null;
        if (rest is ["namespaces", var named, _, ..] && rest[2] is not ("status" or "finalize"))
        {
            space = named;
            rest = rest[2..];
        }

        var name = rest.Length > 1 ? rest[1] : null;
        return new RequestInfo(path, Verbs(method, name is not null, isWatch))
        {
            IsResource = true,
            Group = group,
            Version = version,
            Resource = rest[0],
            Namespace = space,
            Name = name,
            Subresource = rest.Length > 2 ? string.Join('/', rest[2..].ToArray()) : null,
        };
    }

    private static string Verbs(string method, bool named, bool watch) => method switch
    {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => named ? "delete" : "deletecollection",
        _ => named ? "get" : watch ? "watch" : "list",
    };
}
