using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Cryptography.KeyDerivation;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Runner.Web.Identity.Users;

/// <summary>Hashes and verifies passwords (PBKDF2 with HMAC-SHA512).</summary>
internal static class Passwords
{
    /// <summary>Iterations of new hashes; OWASP asks for 210,000 with SHA512.</summary>
    private const int Iterations = 210_000;

    private const int HeaderBytes = 13;
    private const int SaltBytes = 16;
    private const int KeyBytes = 32;

    // No vowels and no look-alikes: easy to type from a terminal, and no words.
    private const string Alphabet = "bcdfghjkmnpqrstvwxzBCDFGHJKLMNPQRSTVWXZ23456789";

    private static readonly PasswordHasher<string> Hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));

    /// <summary>Verified against when there is no such user, so that the answer takes as long as for one that exists. Made up, because hashing would lengthen the start.</summary>
    internal static string NobodysHash { get; } = MadeUp();

    public static string Hash(string password) => Hasher.HashPassword("", password);

    /// <summary>Whether the password belongs to the hash. Takes as long for null, which is never right.</summary>
    public static bool Verify(string? hash, string password)
    {
        var right = Hasher.VerifyHashedPassword("", string.IsNullOrEmpty(hash) ? NobodysHash : hash, password) != PasswordVerificationResult.Failed;
        return right && !string.IsNullOrEmpty(hash);
    }

    /// <summary>The hasher's format with the same algorithm, iterations and lengths as <see cref="Hash"/>, and random bytes in place of salt and key.</summary>
    private static string MadeUp()
    {
        var hash = RandomNumberGenerator.GetBytes(HeaderBytes + SaltBytes + KeyBytes);
        hash[0] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(1), (uint)KeyDerivationPrf.HMACSHA512);
        BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(5), Iterations);
        BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(9), SaltBytes);
        return Convert.ToBase64String(hash);
    }

    /// <summary>A random password of about 110 bits, in groups of four.</summary>
    public static string Random() => string.Join('-', Enumerable.Range(0, 5).Select(_ => RandomNumberGenerator.GetString(Alphabet, 4)));
}
