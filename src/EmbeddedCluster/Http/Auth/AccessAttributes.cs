namespace Runner.EmbeddedCluster.Http.Auth;

/// <summary>One thing someone may want to do.</summary>
/// <param name="Verb">Such as <c>list</c>; <c>get</c> and the like for paths.</param>
internal sealed record AccessAttributes(string Verb)
{
    public string Group { get; init; } = "";

    /// <summary>Plural with its subresource, as in <c>pods/log</c>; empty for a path.</summary>
    public string Resource { get; init; } = "";

    public string? Namespace { get; init; }

    public string? Name { get; init; }

    /// <summary>Path that is no resource; null for resources.</summary>
    public string? Path { get; init; }

    /// <summary>What a request wants. A namespace lies in itself, so that a Role there may allow to read it. A collection of which a field selector leaves one name counts as that object, so that rights by name hold for lists and watches too.</summary>
    /// <param name="fieldSelector">As in the query; null for none.</param>
    public static AccessAttributes Of(RequestInfo info, string? fieldSelector) => info.IsResource
        ? new AccessAttributes(info.Verb)
        {
            Group = info.Group,
            Resource = info.ResourcePath,
            Namespace = info is { Group: "", Resource: "namespaces" } ? info.Name : info.Namespace,
            Name = info.Name ?? NameIn(fieldSelector),
        }
        : new AccessAttributes(info.Verb) { Path = info.Path };

    private static string? NameIn(string? fieldSelector)
    {
        const string Field = "metadata.name=";
        return fieldSelector?.Split(',').FirstOrDefault(part => part.StartsWith(Field, StringComparison.Ordinal))?[Field.Length..].TrimStart('=');
    }
}

/// <summary>A decision with the rule that made it.</summary>
/// <param name="Reason">What allowed it; null when nothing did or nothing needs telling.</param>
internal readonly record struct AccessDecision(bool Allowed, string? Reason);

/// <summary>A kind of request that someone made.</summary>
/// <param name="User">Such as <c>system:serviceaccount:csghub:runner-runner</c>.</param>
/// <param name="Resource">Plural with its subresource.</param>
/// <param name="Namespace">Null for all namespaces and for kinds that have none.</param>
internal sealed record AccessUse(string User, string Verb, string Group, string Resource, string? Namespace, bool Allowed);
