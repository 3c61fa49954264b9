namespace Runner.Web.Identity.Users;

/// <summary>
/// What a password must be, after NIST SP 800-63B: long, and not one that is guessed first. No rules about classes of characters, which make passwords that are
/// hard for people and easy for programs.
/// </summary>
public static class PasswordPolicy
{
    /// <summary>Fewest characters.</summary>
    public const int Shortest = 12;

    /// <summary>Most characters.</summary>
    public const int Longest = 256;

    // Fewer different characters than this are a pattern.
    private const int FewestDifferent = 5;

    // Words that guessing begins with; a password must have something else beside them.
    private static readonly string[] Common =
    [
        "password", "passwort", "passw0rd", "p@ssw0rd", "p@ssword", "administrator", "admin", "welcome", "letmein", "qwerty", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1q2w3e4r", "changeme",
        "secret", "iloveyou", "monkey", "dragon", "sunshine", "princess", "football", "baseball", "superman", "trustno1", "abc123", "csghub", "opencsg", "runner", "woaini", "kubernetes",
    ];

    private const string Sequences = "abcdefghijklmnopqrstuvwxyz0123456789012345678900987654321zyxwvutsrqponmlkjihgfedcbaqwertyuiopasdfghjklzxcvbnm";

    /// <summary>Pure.</summary>
    /// <param name="userName">A password must be more than a name.</param>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public static UserRefusal? Problem(string password, string userName)
    {
        if (password.EnumerateRunes().Count() < Shortest)
        {
            return UserRefusal.PasswordTooShort;
        }

        if (password.Length > Longest)
        {
            return UserRefusal.PasswordTooLong;
        }

        var lower = password.ToLowerInvariant();
        if (userName.Length > 2 && Remaining(lower, [userName.ToLowerInvariant()]) < Shortest / 2)
        {
            return UserRefusal.PasswordLikeName;
        }

        return lower.EnumerateRunes().Distinct().Count() < FewestDifferent || Sequences.Contains(lower, StringComparison.Ordinal) || Remaining(lower, Common) < Shortest / 2
            ? UserRefusal.PasswordTooSimple
            : null;
    }

    /// <exception cref="UserRefusedException">The password is refused; says why.</exception>
    internal static void Demand(string password, string userName)
    {
        if (Problem(password, userName) is { } problem)
        {
            throw new UserRefusedException(problem, problem switch
            {
                UserRefusal.PasswordTooShort => $"A password has at least {Shortest} characters.",
                UserRefusal.PasswordTooLong => $"A password has at most {Longest} characters.",
                UserRefusal.PasswordLikeName => "A password must be more than the user name.",
                _ => "This password is among the first that are guessed. Take several words that do not belong together.",
            });
        }
    }

    private static int Remaining(string password, IEnumerable<string> words) =>
        words.Where(word => word.Length > 0).Aggregate(password, (rest, word) => rest.Replace(word, "", StringComparison.Ordinal)).Length;
}
