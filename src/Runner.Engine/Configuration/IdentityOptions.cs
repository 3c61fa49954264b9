namespace Runner.Engine.Configuration;

/// <summary>An outside OpenID Connect provider that people sign in with: <c>RUNNER_OIDC_…</c>. Casdoor is the one that comes with CSGHub.</summary>
public sealed record OpenIdProviderOptions
{
    /// <summary><c>RUNNER_OIDC_ISSUER</c>: the provider's issuer; its discovery document is at <c>/.well-known/openid-configuration</c> below. Null for none.</summary>
    public Uri? Issuer { get; init; }

    /// <summary><c>RUNNER_OIDC_CLIENT_ID</c>.</summary>
    public string ClientId { get; init; } = "";

    /// <summary><c>RUNNER_OIDC_CLIENT_SECRET</c>; empty for a public client. Secret.</summary>
    public string ClientSecret { get; init; } = "";

    /// <summary><c>RUNNER_OIDC_NAME</c>: what people know the provider by.</summary>
    public string Name { get; init; } = "OpenID Connect";

    /// <summary><c>RUNNER_OIDC_SCOPES</c>: what is asked for beside <c>openid</c>; with blanks.</summary>
    public EquatableList<string> Scopes { get; init; } = EquatableList<string>.Empty;

    /// <summary><c>RUNNER_OIDC_ROLE_CLAIM</c>: claim whose values decide the role. One inside another is named with a dot, as in <c>realm_access.roles</c>.</summary>
    public string RoleClaim { get; init; } = "groups";

    /// <summary><c>RUNNER_OIDC_NAME_CLAIM</c>: claim that holds the name shown.</summary>
    public string NameClaim { get; init; } = "preferred_username";

    /// <summary><c>RUNNER_OIDC_ADMINISTRATORS</c>: values of the role claim, with commas.</summary>
    public EquatableList<string> Administrators { get; init; } = EquatableList<string>.Empty;

    /// <summary><c>RUNNER_OIDC_OPERATORS</c>: values of the role claim, with commas.</summary>
    public EquatableList<string> Operators { get; init; } = EquatableList<string>.Empty;

    /// <summary><c>RUNNER_OIDC_VIEWERS</c>: values of the role claim, with commas; <c>*</c> lets everybody in whom the provider knows.</summary>
    public EquatableList<string> Viewers { get; init; } = EquatableList<string>.Empty;

    /// <summary>Whether there is a provider.</summary>
    public bool Enabled => Issuer is not null;

    public override string ToString() => Issuer?.AbsoluteUri ?? "";
}

/// <summary>The certificate of the listener: <c>RUNNER_TLS_…</c>. Without it the port speaks plain HTTP, and TLS ends in front of it.</summary>
public sealed record TlsOptions
{
    /// <summary><c>RUNNER_TLS_CERTIFICATE</c>: path of a PEM file, the leaf first, then what leads to the root; empty for plain HTTP.</summary>
    public string CertificatePath { get; init; } = "";

    /// <summary><c>RUNNER_TLS_KEY</c>: path of the PEM file with its private key, not encrypted.</summary>
    public string KeyPath { get; init; } = "";

    public bool Enabled => CertificatePath.Length > 0;
}
