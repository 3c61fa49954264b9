using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>
/// The runner's values inside those of a chart that it came with, such as <c>csghub</c>: under a key of their own, but for what is global, which Helm hands to every chart of a release and which
/// wins over a part's own. Pure.
/// </summary>
public static class ValuesPart
{
    private const string Global = "global";

    /// <summary>What the runner's chart sees of the values of the whole.</summary>
    public static JsonObject Of(JsonObject values, string part)
    {
        var seen = values[part] is JsonObject own ? (JsonObject)own.DeepClone() : [];
        if (values[Global] is JsonObject global)
        {
            seen[Global] = seen[Global] is JsonObject inner ? Merged(inner, global) : global.DeepClone();
        }

        return seen;
    }

    /// <summary>A file of the runner's chart as one of the whole, with its comments; without them where it is written in a way that cannot be moved inwards.</summary>
    public static ValuesDocument Wrap(ValuesDocument document, string part)
    {
        var rest = HelmValues.Read(document);
        var global = rest[Global];
        rest.Remove(Global);
        var wanted = new JsonObject();
        if (global is not null)
        {
            wanted[Global] = global.DeepClone();
        }

        wanted[part] = rest.DeepClone();
        return Moved(document, part) is { } moved && JsonNode.DeepEquals(HelmValues.Read(moved), wanted) ? moved
            : ValuesDocument.Parse(YamlValue.Lines(HelmValues.ToYaml(wanted), 0, "\n") + "\n");
    }

    private static ValuesDocument? Moved(ValuesDocument document, string part)
    {
        try
        {
            var keys = document.Root?.Entries.Select(entry => entry.Key).ToList() ?? [];
            var global = keys.Where(key => key != Global).Aggregate(document, (left, key) => left.Remove(KeyPath.Root.Child(key)));
            var rest = document.Remove(KeyPath.Root.Child(Global));
            var newline = new TextLines(document.Text).Newline;
            var inner = string.Join('\n', rest.Text.TrimStart('\uFEFF').Split('\n').Select(line => line.Trim().Length == 0 ? line : "  " + line));
            var outer = keys.Contains(Global) ? global.Text.TrimEnd() + newline : "";
            return ValuesDocument.Parse($"{outer}{part}:{(rest.Root is null ? " {}" : "")}{newline}{inner}");
        }
        catch (ValuesException)
        {
            return null;
        }
    }

    private static JsonObject Merged(JsonObject below, JsonObject above)
    {
        var merged = (JsonObject)below.DeepClone();
        foreach (var (key, value) in above)
        {
            merged[key] = merged[key] is JsonObject inner && value is JsonObject outer ? Merged(inner, outer) : value?.DeepClone();
        }

        return merged;
    }
}
