namespace Runner.Web.Identity.Tokens;

/// <summary>What a client of the token server may ask for. The name of a scope is also the name of the policy that demands it.</summary>
public static class ApiScopes
{
    /// <summary>Read the audit log. Of people: administrators.</summary>
    public const string AuditRead = "audit.read";

    /// <summary>Take a backup of the data folder, with password hashes, keys and secrets. Of people: administrators.</summary>
    public const string BackupRead = "backup.read";

    /// <summary>Read the configuration, secrets masked. Of people: viewers.</summary>
    public const string ConfigRead = "config.read";

    /// <summary>Read the configuration with its secrets, and so also without. Of people: administrators.</summary>
    public const string ConfigValues = "config.values";

    /// <summary>Subscribe to live workloads. Of people: viewers.</summary>
    public const string LiveRead = "live.read";

    /// <summary>Scrape the metrics and read what readiness depends on; the hub's token does too. Of people: viewers.</summary>
    public const string MetricsRead = "metrics.read";

    /// <summary>Read workloads and their logs. Of people: viewers.</summary>
    public const string WorkloadsRead = "workloads.read";

    /// <summary>Every scope, the role that a person needs for it, and what it is for.</summary>
    internal static readonly (string Scope, ConsoleRole Role, string Description)[] All =
    [
        (AuditRead, ConsoleRole.Administrator, "Read the audit log"),
        (BackupRead, ConsoleRole.Administrator, "Take backups of the data folder"),
        (ConfigRead, ConsoleRole.Viewer, "Read the configuration, secrets masked"),
        (ConfigValues, ConsoleRole.Administrator, "Read the configuration, secrets included"),
        (LiveRead, ConsoleRole.Viewer, "Subscribe to live workloads"),
        (MetricsRead, ConsoleRole.Viewer, "Scrape the metrics"),
        (WorkloadsRead, ConsoleRole.Viewer, "Read workloads and their logs"),
    ];

    /// <summary>The scopes that open what <paramref name="scope"/> is demanded for.</summary>
    internal static IReadOnlyList<string> Opening(string scope) => scope == ConfigRead ? [ConfigRead, ConfigValues] : [scope];
}
