using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Runner.EmbeddedCluster.Admission;

namespace Runner.EmbeddedCluster.Tables;

/// <summary>
/// The part of JSONPath that printer columns use: <c>.a.b</c>, <c>.a['b']</c>, <c>.a\.b</c>, <c>.list[0]</c> and <c>.list[?(@.type=='Ready')]</c>.
/// </summary>
internal sealed partial class ColumnPath
{
    private readonly List<Func<JsonNode?, JsonNode?>> _steps = [];

    /// <summary>Parses leniently: what is not understood finds nothing.</summary>
    public static ColumnPath Parse(string text)
    {
        var path = new ColumnPath();
        foreach (Match match in Step().Matches(text))
        {
            path._steps.Add(StepOf(match));
        }

        if (string.Concat(Step().Matches(text)).Length != text.Length)
        {
            path._steps.Add(_ => null);
        }

        return path;
    }

    /// <summary>The first value the path leads to, or null.</summary>
    public JsonNode? Find(JsonNode? json) => _steps.Aggregate(json, (node, step) => step(node));

    private static Func<JsonNode?, JsonNode?> StepOf(Match match)
    {
        if (match.Groups["index"] is { Success: true } index)
        {
            var number = int.Parse(index.Value, System.Globalization.CultureInfo.InvariantCulture);
            return node => node is JsonArray array && number < array.Count ? array[number] : null;
        }

        if (match.Groups["filter"].Success)
        {
            var (field, wanted) = (match.Groups["filter"].Value, match.Groups["value"].Value);
            return node => (node as JsonArray)?.FirstOrDefault(item => item.Text(field) == wanted);
        }

        var name = match.Groups["name"].Value.Replace("\\.", ".", StringComparison.Ordinal);
        return node => (node as JsonObject)?[name];
    }

    [GeneratedRegex(@"\.(?<name>(\\\.|[^.\[\\])+)|\['(?<name>[^']+)'\]|\[(?<index>[0-9]+)\]|\[\?\(@\.(?<filter>[A-Za-z0-9_]+)\s*==\s*[""'](?<value>[^""']*)[""']\)\]", RegexOptions.ExplicitCapture)]
    private static partial Regex Step();
}
