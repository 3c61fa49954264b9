using System.Text.RegularExpressions;

namespace Runner.Engine.Configuration;

/// <summary>What Kubernetes allows as names, labels and quantities, and safe forms of texts that are not allowed.</summary>
public static partial class Naming
{
    /// <summary>RFC 1123 label: namespaces.</summary>
    public static bool IsLabel(string name) => name.Length is > 0 and <= 63 && LabelPattern().IsMatch(name);

    /// <summary>RFC 1035 label: services, Knative's among them. Begins with a letter.</summary>
    public static bool IsServiceName(string name) => IsLabel(name) && char.IsAsciiLetterLower(name[0]);

    /// <summary>RFC 1123 subdomain: most objects.</summary>
    public static bool IsSubdomain(string name) => name.Length is > 0 and <= 253 && SubdomainPattern().IsMatch(name);

    /// <summary>Key of a label or annotation: a name of at most 63 characters, with or without a DNS subdomain and a slash before it.</summary>
    public static bool IsQualifiedName(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return (slash < 0 || IsSubdomain(name[..slash])) && QualifiedPattern().IsMatch(name[(slash + 1)..]);
    }

    /// <summary>A name for an object made from any text: lower case, what is not allowed becomes a dash; <c>default</c> when nothing remains.</summary>
    public static string SafeSubdomain(string text)
    {
        var safe = NotSubdomain().Replace(text.ToLowerInvariant(), "-");
        safe = DotsBesideDashes().Replace(safe, ".").Trim('-', '.');
        safe = (safe.Length > 253 ? safe[..253] : safe).TrimEnd('-', '.');
        return safe.Length == 0 ? "default" : safe;
    }

    /// <summary>A label value made from any text, such as a branch with slashes: at most 63 characters, what is not allowed becomes a dash.</summary>
    public static string SafeLabelValue(string text)
    {
        var safe = NotLabelValue().Replace(text, "-").Trim('-', '_', '.');
        return (safe.Length > 63 ? safe[..63] : safe).TrimEnd('-', '_', '.');
    }

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?\\z")]
    private static partial Regex LabelPattern();

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\z")]
    private static partial Regex SubdomainPattern();

    [GeneratedRegex("^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\\z")]
    private static partial Regex QualifiedPattern();

    [GeneratedRegex("[^a-z0-9.-]+")]
    private static partial Regex NotSubdomain();

    [GeneratedRegex("-*\\.[-.]*")]
    private static partial Regex DotsBesideDashes();

    [GeneratedRegex("[^A-Za-z0-9_.-]+")]
    private static partial Regex NotLabelValue();
}
