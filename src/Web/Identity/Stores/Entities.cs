using LiteDB;

namespace Runner.Web.Identity.Stores;

/// <summary>What every stored object of the token server has.</summary>
internal abstract class StoredEntity
{
    [BsonId]
    public string Id { get; set; } = Guid.NewGuid().ToString("N");

    /// <summary>Changes with every update: an update that was made from an older state is refused.</summary>
    public string ConcurrencyToken { get; set; } = Guid.NewGuid().ToString("N");

    /// <summary>Extra properties as a JSON object; null where there are none.</summary>
    public string? Properties { get; set; }
}

/// <summary>A client of the token server.</summary>
internal sealed class ApplicationEntity : StoredEntity
{
    public string? ApplicationType { get; set; }

    public string? ClientId { get; set; }

    /// <summary>Hash of the client secret.</summary>
    public string? ClientSecret { get; set; }

    public string? ClientType { get; set; }

    public string? ConsentType { get; set; }

    public string? DisplayName { get; set; }

    /// <summary>Culture name to display name.</summary>
    public Dictionary<string, string> DisplayNames { get; set; } = [];

    /// <summary>Public keys of the client as a JSON Web Key Set.</summary>
    public string? JsonWebKeySet { get; set; }

    public List<string> Permissions { get; set; } = [];

    public List<string> PostLogoutRedirectUris { get; set; } = [];

    public List<string> RedirectUris { get; set; } = [];

    public List<string> Requirements { get; set; } = [];

    public Dictionary<string, string> Settings { get; set; } = [];
}

/// <summary>A consent: what a subject lets a client do.</summary>
internal sealed class AuthorizationEntity : StoredEntity
{
    public string? ApplicationId { get; set; }

    public DateTime? CreationDate { get; set; }

    public List<string> Scopes { get; set; } = [];

    public string? Status { get; set; }

    public string? Subject { get; set; }

    public string? Type { get; set; }
}

/// <summary>Something a client may ask for.</summary>
internal sealed class ScopeEntity : StoredEntity
{
    public string? Description { get; set; }

    /// <summary>Culture name to description.</summary>
    public Dictionary<string, string> Descriptions { get; set; } = [];

    public string? DisplayName { get; set; }

    /// <summary>Culture name to display name.</summary>
    public Dictionary<string, string> DisplayNames { get; set; } = [];

    public string? Name { get; set; }

    public List<string> Resources { get; set; } = [];
}

/// <summary>A code or token that was issued.</summary>
internal sealed class TokenEntity : StoredEntity
{
    public string? ApplicationId { get; set; }

    public string? AuthorizationId { get; set; }

    public DateTime? CreationDate { get; set; }

    public DateTime? ExpirationDate { get; set; }

    public string? Payload { get; set; }

    public DateTime? RedemptionDate { get; set; }

    /// <summary>Hash of the reference by which the token is presented.</summary>
    public string? ReferenceId { get; set; }

    public string? Status { get; set; }

    public string? Subject { get; set; }

    public string? Type { get; set; }
}
