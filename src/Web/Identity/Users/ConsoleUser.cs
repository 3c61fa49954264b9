namespace Runner.Web.Identity.Users;

/// <summary>An account of the console: a local one with a password, or one that an outside provider vouches for. Immutable: a change is a new instance.</summary>
public sealed record ConsoleUser
{
    public required string Id { get; init; }

    /// <summary>Name to sign in with, compared without regard to case; 1 to <see cref="UserDirectory.LongestName"/> characters.</summary>
    public required string Name { get; init; }

    public required ConsoleRole Role { get; init; }

    /// <summary>Changes with password and role and when all sessions are ended: a session that carries another one is over.</summary>
    public required string SecurityStamp { get; init; }

    /// <summary>Issuer of the provider that vouches for the account; empty for a local one.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>A disabled account cannot sign in and has no sessions.</summary>
    public bool Disabled { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last signed in; null when it never did.</summary>
    public DateTimeOffset? LastSignIn { get; init; }

    public bool IsLocal => Issuer.Length == 0;

    public bool HasSecondFactor => TotpSecret.Length > 0;

    /// <summary>False until the one-time link of a new account was used.</summary>
    public bool HasPassword => PasswordHash.Length > 0;

    /// <summary>How many recovery codes are left.</summary>
    public int RecoveryCodesLeft => RecoveryHashes.Count;

    /// <summary>PBKDF2 hash in the format of ASP.NET Core Identity; empty where there is no password.</summary>
    internal string PasswordHash { get; init; } = "";

    /// <summary>Hash of the password that was last taken over from the environment, so that only a changed setting overrides what was set since.</summary>
    internal string ConfiguredPasswordHash { get; init; } = "";

    /// <summary>Shared secret of the second factor, encrypted with Data Protection; empty for none.</summary>
    internal string TotpSecret { get; init; } = "";

    /// <summary>The time step of the last code that was taken: the same code is not taken twice.</summary>
    internal long TotpStep { get; init; }

    /// <summary>SHA-256 of each recovery code that was not used yet.</summary>
    internal IReadOnlyList<string> RecoveryHashes { get; init; } = [];

    /// <summary>Whether the account can set right whatever else is wrong: an administrator who needs no outside provider to come in.</summary>
    internal bool IsLocalAdministrator => this is { Role: ConsoleRole.Administrator, Disabled: false, IsLocal: true, HasPassword: true };

    /// <summary>Without hashes and secrets, so that none reaches a log by way of a record's text.</summary>
    public override string ToString() => Name;
}
