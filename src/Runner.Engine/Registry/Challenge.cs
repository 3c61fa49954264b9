using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Runner.Engine.Registry;

/// <summary>What a registry asks for in <c>WWW-Authenticate</c>: <c>Basic realm="x"</c>, or <c>Bearer realm="https://…/token",service="x"</c>. Pure.</summary>
/// <param name="Scheme">In lower case; empty where nothing is asked for.</param>
internal sealed partial record Challenge(string Scheme, string Realm, string Service)
{
    public static Challenge None { get; } = new("", "", "");

    /// <summary>The first challenge that is known, else the first one.</summary>
    public static Challenge Read(HttpHeaderValueCollection<AuthenticationHeaderValue> headers)
    {
        var challenges = headers.Select(header => new Challenge(
            header.Scheme.ToLowerInvariant(), Parameter(header.Parameter, "realm"), Parameter(header.Parameter, "service"))).ToList();
        return challenges.Find(challenge => challenge.Scheme is "bearer" or "basic") ?? challenges.FirstOrDefault() ?? None;
    }

    private static string Parameter(string? text, string name) =>
        Parameters().Matches(text ?? "").FirstOrDefault(match => match.Groups[1].Value.Equals(name, StringComparison.OrdinalIgnoreCase))?.Groups[2].Value ?? "";

    [GeneratedRegex(@"(\w+)=""([^""]*)""")]
    private static partial Regex Parameters();
}
