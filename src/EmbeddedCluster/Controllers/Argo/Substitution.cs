using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Fills values in for <c>{{name}}</c>; expressions <c>{{=…}}</c> are left as they are.</summary>
internal static partial class Substitution
{
    /// <summary>A copy of a template with every known name filled in; unknown ones stay.</summary>
    public static T Apply<T>(T node, IReadOnlyDictionary<string, string> values)
        where T : JsonNode
    {
        var copy = node.DeepClone();
        return (T)(Fill(copy, values) ?? copy);
    }

    public static string Apply(string text, IReadOnlyDictionary<string, string> values) =>
        Tag().Replace(text, match => values.TryGetValue(match.Groups["name"].Value, out var value) ? value : match.Value);

    /// <summary>The first name in a template that was not filled in and cannot become known later; null when there is none.</summary>
    public static string? Unresolved(JsonNode node) => node switch
    {
        JsonObject json => json.Select(p => p.Value is null ? null : Unresolved(p.Value)).FirstOrDefault(u => u is not null),
        JsonArray array => array.Select(i => i is null ? null : Unresolved(i)).FirstOrDefault(u => u is not null),
        JsonValue value when value.TryGetValue<string>(out var text) && Tag().Match(text) is { Success: true } match && IsReference(match.Groups["name"].Value) =>
            match.Value,
        _ => null,
    };

    // Other programs use double braces too.
    private static bool IsReference(string name) => Reference().IsMatch(name);

    // Gives the replacement where the node itself is a text that changed.
    private static JsonValue? Fill(JsonNode? node, IReadOnlyDictionary<string, string> values)
    {
        switch (node)
        {
            case JsonObject json:
                foreach (var (name, child) in json.ToList())
                {
                    if (Fill(child, values) is { } changed)
                    {
                        json[name] = changed;
                    }
                }

                return null;
            case JsonArray array:
                for (var i = 0; i < array.Count; i++)
                {
                    if (Fill(array[i], values) is { } changed)
                    {
                        array[i] = changed;
                    }
                }

                return null;
            case JsonValue value when value.TryGetValue<string>(out var text) && text.Contains("{{", StringComparison.Ordinal):
                return JsonValue.Create(Apply(text, values));
            default:
                return null;
        }
    }

    [GeneratedRegex(@"\{\{\s*(?<name>[^={}\s][^{}]*?)\s*\}\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Tag();

    [GeneratedRegex(@"^(inputs|workflow|tasks|steps|outputs)\.[A-Za-z]|^item(\.|$)", RegexOptions.ExplicitCapture)]
    private static partial Regex Reference();
}
