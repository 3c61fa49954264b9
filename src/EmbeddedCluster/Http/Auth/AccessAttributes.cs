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

    public static AccessAttributes Of(RequestInfo info) => info.IsResource
        ? new AccessAttributes(info.Verb) { Group = info.Group, Resource = info.ResourcePath, Namespace = info.Namespace, Name = info.Name }
        : new AccessAttributes(info.Verb) { Path = info.Path };
}

/// <summary>A decision with the rule that made it.</summary>
/// <param name="Reason">What allowed it; null when nothing did or nothing needs telling.</param>
internal readonly record struct AccessDecision(bool Allowed, string? Reason);
