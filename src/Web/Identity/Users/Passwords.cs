using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Runner.Web.Identity.Users;

/// <summary>Hashes and verifies passwords (PBKDF2 with HMAC-SHA512).</summary>
internal static class Passwords
{
    /// <summary>Iterations of new hashes; OWASP asks for 210,000 with SHA512.</summary>
    private const int Iterations = 210_000;

    // No vowels and no look-alikes: easy to type from a terminal, and no words.
    private const string Alphabet = "bcdfghjkmnpqrstvwxzBCDFGHJKLMNPQRSTVWXZ23456789";

    private static readonly PasswordHasher<string> Hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));

    // Verified against when there is no such user, so that the answer takes as long as for one that exists.
    private static readonly string NobodysHash = Hasher.HashPassword("", RandomNumberGenerator.GetHexString(32));

    public static string Hash(string password) => Hasher.HashPassword("", password);

    /// <summary>Whether the password belongs to the hash. Takes as long for null, which is never right.</summary>
    public static bool Verify(string? hash, string password)
    {
        var right = Hasher.VerifyHashedPassword("", string.IsNullOrEmpty(hash) ? NobodysHash : hash, password) != PasswordVerificationResult.Failed;
        return right && !string.IsNullOrEmpty(hash);
    }

    /// <summary>A random password of about 110 bits, in groups of four.</summary>
    public static string Random() => string.Join('-', Enumerable.Range(0, 5).Select(_ => RandomNumberGenerator.GetString(Alphabet, 4)));
}
