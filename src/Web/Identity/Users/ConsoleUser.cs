namespace Runner.Web.Identity.Users;

/// <summary>A local account of the console. Immutable: a change is a new instance.</summary>
public sealed record ConsoleUser
{
    public required string Id { get; init; }

    /// <summary>Name to sign in with, compared without regard to case; 1 to <see cref="UserDirectory.LongestName"/> characters.</summary>
    public required string Name { get; init; }

    public required ConsoleRole Role { get; init; }

    /// <summary>Changes with password and role and when all sessions are ended: a session that carries another one is over.</summary>
    public required string SecurityStamp { get; init; }

    /// <summary>PBKDF2 hash in the format of ASP.NET Core Identity.</summary>
    internal string PasswordHash { get; init; } = "";

    /// <summary>Hash of the password that was last taken over from the environment, so that only a changed setting overrides what was set since.</summary>
    internal string ConfiguredPasswordHash { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }
}
