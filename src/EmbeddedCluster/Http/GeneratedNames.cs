using System.Security.Cryptography;

namespace Runner.EmbeddedCluster.Http;

/// <summary>Names made from <c>generateName</c>.</summary>
internal static class GeneratedNames
{
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int LongestPrefix = 58;

    /// <summary>The prefix, cut where needed, with five random characters.</summary>
    public static string Next(string prefix) => (prefix.Length > LongestPrefix ? prefix[..LongestPrefix] : prefix) + RandomNumberGenerator.GetString(Alphabet, 5);
}
