using System.Text.Json;
using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>The values that a chart works with: what the file says under the keys that it reads, and its defaults elsewhere. Values are asked for by their newest key.</summary>
public sealed class EffectiveValues(ChartVersion chart, JsonObject values)
{
    private static readonly Dictionary<string, ValueDefinition> ById = ValuesCatalogue.Instance.Values.ToDictionary(value => value.Id.ToString());

    /// <summary>The chart.</summary>
    public ChartVersion Chart => chart;

    /// <summary>The value; null where it is nothing.</summary>
    public JsonNode? Node(string id) => NodeOf(ById[id]);

    /// <summary>The value; null where it is nothing.</summary>
    public JsonNode? NodeOf(ValueDefinition definition) => Given(definition, out var value) ? value : definition.DefaultIn(chart);

    /// <summary>True where the file itself has the value.</summary>
    public bool IsSet(string id) => Given(ById[id], out _);

    /// <summary>The value as a template prints it; empty for nothing.</summary>
    public string Text(string id) => HelmValues.Print(Node(id));

    /// <summary>Whether a template takes it for true: not nothing, not false, not 0, not empty. The text <c>"false"</c> is.</summary>
    public bool IsTrue(string id) => Node(id) is { } value && value.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => value.GetValue<string>().Length > 0,
        JsonValueKind.Number => HelmValues.Print(value) != "0",
        JsonValueKind.Array => value.AsArray().Count > 0,
        _ => value.AsObject().Count > 0,
    };

    /// <summary>The keys under which the file has it, of those that the chart reads.</summary>
    internal IReadOnlyList<KeyPath> WrittenAt(ValueDefinition definition) => [.. ReadKeys(definition).Where(Present)];

    /// <summary>What the file has at a key.</summary>
    internal JsonNode? At(KeyPath path) => values.At(path);

    /// <summary>The type that the chart wants.</summary>
    public ValueKind Kind(string id) => ById[id].KindIn(chart);

    /// <summary>The key under which the file has it, or should have it.</summary>
    public KeyPath KeyOf(string id) => ReadKeys(ById[id]).FirstOrDefault(Present) ?? ById[id].KeyIn(chart) ?? ById[id].Id;

    private bool Given(ValueDefinition definition, out JsonNode? value)
    {
        value = null;
        foreach (var key in ReadKeys(definition).Where(Present))
        {
            value = values.At(key);
            return true;
        }

        return false;
    }

    /// <summary>Where two keys are read, the newer one wins.</summary>
    private IEnumerable<KeyPath> ReadKeys(ValueDefinition definition) => definition.Keys.Where(key => key.IsRead(chart)).Reverse().Select(key => key.Path);

    private bool Present(KeyPath path) => (path.Parent.IsRoot ? values : values.At(path.Parent)) is JsonObject map && map.ContainsKey(path.Last.Key);
}
