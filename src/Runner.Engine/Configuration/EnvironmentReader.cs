using System.Globalization;

namespace Runner.Engine.Configuration;

/// <summary>Reads variables into typed values and notes every one that is not valid, so that all of them can be told at once.</summary>
/// <param name="variables">Names and values; a missing or empty value means the default.</param>
public sealed class EnvironmentReader(IReadOnlyDictionary<string, string?> variables)
{
    /// <summary>What a template of the official chart prints for a value that is not set, as in <c>%!s(&lt;nil&gt;)/%!s(&lt;nil&gt;)/</c> for a registry.</summary>
    private const string TemplateNothing = "%!s(<nil>)";

    private readonly List<string> _errors = [];

    /// <summary>What is wrong: a sentence each, with the variable's name, its value (secrets masked) and what is allowed.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Names of the variables with one of these beginnings that are set, in order.</summary>
    public EquatableList<string> SetNames(params string[] prefixes) => variables
        .Where(variable => IsSet(variable.Value) && prefixes.Any(prefix => variable.Key.StartsWith(prefix, StringComparison.Ordinal)))
        .Select(variable => variable.Key).Order(StringComparer.Ordinal).ToEquatableList();

    /// <summary>A text. Of several spellings of one variable the first that is set counts.</summary>
    public string Text(string fallback, params ReadOnlySpan<string> names) => Find(names).Value ?? fallback;

    public int Number(string name, int fallback, int lowest, int highest) =>
        Parse(name, fallback, $"a whole number from {lowest} to {highest}", (string text, out int value) =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= lowest && value <= highest);

    public bool Flag(string name, bool fallback) => Parse(name, fallback, "true or false", (string text, out bool value) =>
    {
        value = text is "1" or "t" or "T" || text.Equals("true", StringComparison.OrdinalIgnoreCase);
        return value || text is "0" or "f" or "F" || text.Equals("false", StringComparison.OrdinalIgnoreCase);
    });

    /// <summary>A length of time given as a whole number of seconds.</summary>
    public TimeSpan Seconds(string name, int fallback, int lowest = 1, int highest = 86_400) => TimeSpan.FromSeconds(Number(name, fallback, lowest, highest));

    /// <summary>An absolute http or https address, or null when it is not set.</summary>
    public Uri? Address(string name, bool secret = false) => Parse<Uri?>(
        name, null, "an address such as http://host:port",
        (string text, out Uri? value) => Uri.TryCreate(text, UriKind.Absolute, out value) && value.Scheme is "http" or "https" && value.Host.Length > 0,
        secret);

    /// <summary>One of a few words.</summary>
    public string Choice(string name, string fallback, params string[] allowed) => Parse(
        name, fallback, string.Join(", ", allowed),
        (string text, out string value) => (value = allowed.FirstOrDefault(word => word.Equals(text, StringComparison.OrdinalIgnoreCase)) ?? "").Length > 0);

    /// <summary>A name as Kubernetes allows it for objects (DNS subdomain) or, with <paramref name="label"/>, for namespaces (DNS label).</summary>
    public string KubernetesName(string name, string fallback, bool label = false) => Parse(
        name, fallback, label ? "a DNS label: at most 63 of a-z, 0-9 and -" : "a DNS name: at most 253 of a-z, 0-9, - and .",
        (string text, out string value) => label ? Naming.IsLabel(value = text) : Naming.IsSubdomain(value = text));

    /// <summary>Items of a list; blanks around them and empty ones are dropped.</summary>
    public EquatableList<string> List(string name, char separator) =>
        Text("", name).Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToEquatableList();

    public delegate bool Parser<T>(string text, out T value);

    /// <summary>Any value that <paramref name="parser"/> takes; otherwise the fallback and a noted error.</summary>
    /// <param name="allowed">What is allowed, to follow "must be".</param>
    /// <param name="secret">Whether the value must not appear in the error.</param>
    public T Parse<T>(string name, T fallback, string allowed, Parser<T> parser, bool secret = false)
    {
        if (Find([name]).Value is not { } text)
        {
            return fallback;
        }

        if (parser(text, out var value))
        {
            return value;
        }

        Fail(name, text, $"must be {allowed}", secret);
        return fallback;
    }

    /// <summary>Notes an error about a variable.</summary>
    public void Fail(string name, string value, string problem, bool secret = false) =>
        _errors.Add($"{name}={(secret ? "***" : Shown(value))}: {problem}");

    internal (string Name, string? Value) Find(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (variables.TryGetValue(name, out var value) && IsSet(value))
            {
                return (name, value!.Trim());
            }
        }

        return (names[0], null);
    }

    private static bool IsSet(string? value) => !string.IsNullOrWhiteSpace(value) && !value.Contains(TemplateNothing, StringComparison.Ordinal);

    // An address may hold a password, and a mistaken paste may be long.
    private static string Shown(string value)
    {
        var at = value.LastIndexOf('@');
        var start = value.IndexOf("//", StringComparison.Ordinal);
        var masked = at > 0 ? string.Concat(value.AsSpan(0, start is >= 0 && start + 2 <= at ? start + 2 : 0), "***", value.AsSpan(at)) : value;
        return masked.Length <= 80 ? masked : masked[..80] + "…";
    }
}
