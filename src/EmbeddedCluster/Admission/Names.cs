using System.Text.RegularExpressions;

namespace Runner.EmbeddedCluster.Admission;

/// <summary>What may be a name, a label key or a label value; each check gives the faults as the API server words them.</summary>
internal static partial class Names
{
    private const string LabelPattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private const string Label1035Pattern = "[a-z]([-a-z0-9]*[a-z0-9])?";
    private const string SubdomainPattern = LabelPattern + @"(\." + LabelPattern + ")*";
    private const string QualifiedPattern = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
    private const string ValuePattern = "(" + QualifiedPattern + ")?";
    private const string KeyPattern = "[-._a-zA-Z0-9]+";

    private const string LabelRule = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
    private const string SubdomainRule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
    private const string Label1035Rule = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
    private const string QualifiedRule = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    private const string ValueRule = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    private const string KeyRule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";

    /// <summary>Namespaces, containers, volumes.</summary>
    public static IEnumerable<string> DnsLabel(string value) => Check(value, 63, Label(), LabelRule, LabelPattern, "my-name", "123-abc");

    /// <summary>Services of Knative.</summary>
    public static IEnumerable<string> Dns1035Label(string value) => Check(value, 63, Label1035(), Label1035Rule, Label1035Pattern, "my-name", "abc-123");

    /// <summary>Most objects.</summary>
    public static IEnumerable<string> DnsSubdomain(string value) => Check(value, 253, Subdomain(), SubdomainRule, SubdomainPattern, "example.com");

    public static IEnumerable<string> LabelValue(string value) => Check(value, 63, Value(), ValueRule, ValuePattern, "MyValue", "my_value", "12345");

    /// <summary>Keys of config maps and secrets.</summary>
    public static IEnumerable<string> ConfigKey(string value) =>
        value is "." or ".." ? [$"must not be '{value}'"] : Check(value, 253, Key(), KeyRule, KeyPattern, "key.name", "KEY_NAME", "key-name");

    /// <summary>Names of environment variables: anything printable but <c>=</c>.</summary>
    public static IEnumerable<string> EnvironmentName(string value) =>
        value.Contains('=', StringComparison.Ordinal) || value.Any(c => c is < ' ' or > '~')
            ? [$"a valid environment variable name must consist only of printable ASCII characters other than '='"]
            : [];

    /// <summary>Paths of non-root objects: names that would break a URL.</summary>
    public static IEnumerable<string> PathSegment(string value)
    {
        if (value is "." or "..")
        {
            yield return $"may not be '{value}'";
        }

        foreach (var c in "/%")
        {
            if (value.Contains(c, StringComparison.Ordinal))
            {
                yield return $"may not contain '{c}'";
            }
        }
    }

    /// <summary>Keys of labels and resources: an optional DNS prefix and a name.</summary>
    public static IEnumerable<string> Qualified(string value)
    {
        var parts = value.Split('/');
        if (parts.Length > 2)
        {
            yield return $"a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{QualifiedPattern}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            yield break;
        }

        if (parts.Length == 2)
        {
            if (parts[0].Length == 0)
            {
                yield return "prefix part must be non-empty";
            }
            else
            {
                foreach (var fault in DnsSubdomain(parts[0]))
                {
                    yield return "prefix part " + fault;
                }
            }
        }

        var name = parts[^1];
        if (name.Length == 0)
        {
            yield return "name part must be non-empty";
        }
        else if (name.Length > 63)
        {
            yield return "name part must be no more than 63 bytes";
        }

        if (!QualifiedName().IsMatch(name))
        {
            yield return QualifiedRule + Examples(QualifiedPattern, "MyName", "my.name", "123-abc");
        }
    }

    private static IEnumerable<string> Check(string value, int limit, Regex pattern, string rule, string shown, params string[] examples)
    {
        if (value.Length > limit)
        {
            yield return $"must be no more than {limit} bytes";
        }

        if (!pattern.IsMatch(value))
        {
            yield return rule + Examples(shown, examples);
        }
    }

    private static string Examples(string pattern, params string[] examples) =>
        $" (e.g. {string.Join(",  or ", examples.Select(e => $"'{e}'"))}, regex used for validation is '{pattern}')";

    [GeneratedRegex("^" + LabelPattern + @"\z")]
    private static partial Regex Label();

    [GeneratedRegex("^" + Label1035Pattern + @"\z")]
    private static partial Regex Label1035();

    [GeneratedRegex("^" + SubdomainPattern + @"\z")]
    private static partial Regex Subdomain();

    [GeneratedRegex("^" + QualifiedPattern + @"\z")]
    private static partial Regex QualifiedName();

    [GeneratedRegex("^" + ValuePattern + @"\z")]
    private static partial Regex Value();

    [GeneratedRegex("^" + KeyPattern + @"\z")]
    private static partial Regex Key();
}
