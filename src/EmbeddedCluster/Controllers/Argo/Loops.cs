using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Steps and tasks with <c>withItems</c>, <c>withParam</c> or <c>withSequence</c>, one by one.</summary>
internal static class Loops
{
    private const int Most = 1000;

    public static bool IsLoop(JsonObject step) => step["withItems"] is not null || step["withParam"] is not null || step["withSequence"] is not null;

    /// <summary>The step with each item filled in, and its name: the step's own where it is no loop.</summary>
    /// <exception cref="TemplateFault">The items are no list.</exception>
    public static IReadOnlyList<(string Name, JsonObject Step)> Expand(JsonObject step)
    {
        var name = step.Text("name") ?? "";
        if (!IsLoop(step))
        {
            return [(name, step)];
        }

        return [.. Items(step, name).Select((item, index) =>
        {
            var values = new Dictionary<string, string> { ["item"] = Text(item) };
            foreach (var (field, value) in item as JsonObject ?? [])
            {
                values[$"item.{field}"] = Text(value);
            }

            var label = (item is JsonObject json ? string.Join(',', json.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}:{Text(f.Value)}")) : Text(item))
                .Replace("(", "", StringComparison.Ordinal).Replace(")", "", StringComparison.Ordinal);
            var one = (JsonObject)step.DeepClone();
            one.Remove("withItems");
            one.Remove("withParam");
            one.Remove("withSequence");
            return (string.Create(CultureInfo.InvariantCulture, $"{name}({index}:{label})"), Substitution.Apply(one, values));
        })];
    }

    private static IEnumerable<JsonNode?> Items(JsonObject step, string name)
    {
        if (step.Object("withSequence") is { } sequence)
        {
            return Sequence(sequence);
        }

        var items = step.Array("withItems") ?? Parse(step.Text("withParam")) ?? throw new TemplateFault($"withParam value of '{name}' could not be parsed as a JSON list: {step.Text("withParam")}");
        return items.Count <= Most ? items : throw new TemplateFault($"'{name}' has {items.Count} items; the embedded cluster takes up to {Most}");
    }

    private static JsonArray? Parse(string? text)
    {
        try
        {
            return text is null ? null : JsonNode.Parse(text) as JsonArray;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<JsonNode?> Sequence(JsonObject sequence)
    {
        var start = sequence.Number("start") ?? 0;
        var end = sequence.Number("count") is { } count ? start + count - 1 : sequence.Number("end") ?? start - 1;
        var step = end >= start || sequence["count"] is not null ? 1 : -1;
        for (long number = start, made = 0; (step > 0 ? number <= end : number >= end) && made < Most; number += step, made++)
        {
            yield return number.ToString(CultureInfo.InvariantCulture);
        }
    }

    private static string Text(JsonNode? item) => item is JsonValue value ? value.Text() ?? "" : item?.ToJsonString() ?? "";
}
