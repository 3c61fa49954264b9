using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Serialization;

namespace Runner.Engine.Clusters.Api;

/// <summary>Shows a Kubernetes object as YAML without its secrets. Pure.</summary>
internal static partial class Manifest
{
    private const string Hidden = "(hidden)";

    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonSerializerOptions Indented = new(Readable) { WriteIndented = true };

    private static readonly ISerializer Yaml = new SerializerBuilder().WithQuotingNecessaryStrings(quoteYaml1_1Strings: true).Build();

    /// <summary>
    /// Hides values of environment variables, annotations and options whose names look secret, and credentials in addresses. References to
    /// Secrets stay: they name a secret but do not tell it.
    /// </summary>
    /// <param name="json">The object as the API server sent it.</param>
    public static string ToYaml(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return Yaml.Serialize(Copy(document.RootElement, ""));
    }

    /// <summary>Shows JSON, indented, with what looks secret in it hidden. What is no JSON is not shown.</summary>
    public static string MaskJson(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return JsonSerializer.Serialize(CopyHidingSecrets(document.RootElement), Indented);
        }
        catch (JsonException)
        {
            return Hidden;
        }
    }

    /// <summary>True for a variable whose value is not shown, or shown only in parts.</summary>
    public static bool IsSecret(string name, string value) => LooksSecret().IsMatch(name) || MaskText(value) != value;

    /// <summary>The value of a variable as it may be shown.</summary>
    public static string Shown(string name, string value) => LooksSecret().IsMatch(name) ? Hidden : MaskText(value);

    private static object? Copy(JsonElement element, string parent) => element.ValueKind switch
    {
        JsonValueKind.Object => CopyObject(element, parent),
        JsonValueKind.Array => CopyArray(element, parent),
        JsonValueKind.String => MaskText(element.GetString()!),
        JsonValueKind.Number => element.TryGetInt64(out var whole) ? whole : element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    private static Dictionary<string, object?> CopyObject(JsonElement element, string parent)
    {
        var copy = new Dictionary<string, object?>();
        var hidesValue = element.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String && LooksSecret().IsMatch(name.GetString()!);
        foreach (var property in element.EnumerateObject())
        {
            if (property.NameEquals("managedFields") || property.NameEquals("kubectl.kubernetes.io/last-applied-configuration"))
            {
                // The second one holds the whole object again, as text.
                continue;
            }

            var hidden = property.Value.ValueKind == JsonValueKind.String
                && ((hidesValue && property.NameEquals("value")) || (parent == "annotations" && LooksSecret().IsMatch(property.Name)));
            copy[property.Name] = hidden ? Hidden : Copy(property.Value, property.Name);
        }

        return copy;
    }

    private static List<object?> CopyArray(JsonElement element, string parent)
    {
        var copy = new List<object?>();
        var hideNext = false;
        foreach (var item in element.EnumerateArray())
        {
            copy.Add(hideNext ? Hidden : Copy(item, parent));

            // As in ["--api-key", "…"].
            hideNext = parent is "args" or "command" && item.ValueKind == JsonValueKind.String && SecretOption().Match(item.GetString()!) is { Success: true } option
                && option.Length == item.GetString()!.Length;
        }

        return copy;
    }

    private static string MaskText(string text) => text.AsSpan().TrimStart() is ['{' or '[', ..] && TryMaskJson(text) is { } json ? json : MaskOptions(text);

    /// <summary>A text that is JSON again, such as a configuration in one variable: what looks secret in it is hidden as well.</summary>
    private static string? TryMaskJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return JsonSerializer.Serialize(CopyHidingSecrets(document.RootElement), Readable);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static object? CopyHidingSecrets(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().DistinctBy(property => property.Name).ToDictionary(
            property => property.Name,
            property => LooksSecret().IsMatch(property.Name) && property.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null)
                ? Hidden
                : CopyHidingSecrets(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().Select(CopyHidingSecrets).ToList(),
        JsonValueKind.String => MaskText(element.GetString()!),
        _ => element.Clone(),
    };

    private static string MaskOptions(string text)
    {
        text = UrlCredentials().Replace(text, $"$1{Hidden}@");
        return SecretOptionWithValue().Replace(text, $"$1{Hidden}");
    }

    [GeneratedRegex("(token|secret|pass(w|phrase|_|$)|pwd|credential|api[_-]?key|access[_-]?key|private[_-]?key|_key$|auth)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LooksSecret();

    // https://user:password@host/
    [GeneratedRegex(@"(\b[a-z][a-z0-9+.-]*://)[^\s/@]+@", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex UrlCredentials();

    [GeneratedRegex(@"^--?[\w.-]*(token|secret|passw|pwd|api-?key|access-?key)[\w.-]*", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretOption();

    [GeneratedRegex(@"(--?[\w.-]*(?:token|secret|passw|pwd|api-?key|access-?key)[\w.-]*[= ]+)(?:[^\s""']+|""[^""]*""|'[^']*')", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretOptionWithValue();
}
