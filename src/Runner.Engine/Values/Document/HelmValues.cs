using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>What Helm makes of a values file: aliases and merges followed, the last of two equal keys, scalars by its own rules.</summary>
public static class HelmValues
{
    /// <summary>Aliases of aliases can stand for more than any machine holds; no values file needs this many nodes.</summary>
    private const int MostNodes = 200_000;

    /// <summary>Reads the values of a document; empty for one that has none.</summary>
    /// <exception cref="ValuesException">Its aliases stand for more than is reasonable.</exception>
    public static JsonObject Read(ValuesDocument document)
    {
        var anchors = new Dictionary<string, YamlNode>(StringComparer.Ordinal);
        var left = MostNodes;
        return document.Root is null ? [] : (JsonObject)Make(document.Root)!;

        JsonNode? Make(YamlNode node)
        {
            if (--left < 0)
            {
                throw ReaderProblems.Make(document.Text, node.Start, "too-many-aliases", "The aliases of this file stand for more values than can be held.", "此文件的别名展开后的值过多。",
                    "Write the values out.", "请直接写出这些值。");
            }

            if (node.Anchor.Length > 0)
            {
                anchors[node.Anchor] = node;
            }

            return node.Kind switch
            {
                YamlKind.Alias => Make(anchors[node.Value]),
                YamlKind.List => new JsonArray([.. node.Items.Select(Make)]),
                YamlKind.Map => MakeMap(node),
                _ => HelmScalar.Read(node),
            };
        }

        JsonObject MakeMap(YamlNode node)
        {
            var map = new JsonObject();
            var merged = new List<JsonObject>();
            foreach (var entry in node.Entries)
            {
                var value = Make(entry.Value);
                if (entry.Key == "<<" && value is JsonObject or JsonArray)
                {
                    merged.AddRange(value is JsonObject one ? [one] : ((JsonArray)value).OfType<JsonObject>());
                }
                else
                {
                    map[entry.Key] = value;
                }
            }

            foreach (var (key, value) in merged.SelectMany(other => other))
            {
                _ = map.ContainsKey(key) || map.TryAdd(key, value?.DeepClone());
            }

            return map;
        }
    }

    /// <summary>The value at a path of keys; null where it is absent or null.</summary>
    public static JsonNode? At(this JsonObject values, KeyPath path)
    {
        JsonNode? node = values;
        foreach (var step in path.Steps)
        {
            node = step.IsIndex ? (node as JsonArray)?.ElementAtOrDefault(step.Index) : (node as JsonObject)?[step.Key];
        }

        return node;
    }

    /// <summary>The text that a template prints for a value: texts as they are, numbers and truth values in their own form, nothing for null.</summary>
    public static string Print(JsonNode? value) => value switch
    {
        null => "",
        JsonValue scalar when scalar.GetValueKind() == JsonValueKind.String => scalar.GetValue<string>(),
        JsonValue scalar when scalar.TryGetValue<double>(out var number) && !scalar.TryGetValue<long>(out _) => number.ToString("R", CultureInfo.InvariantCulture),
        _ => value.ToJsonString(),
    };

    /// <summary>Values as a file. There are no comments in it.</summary>
    public static ValuesDocument ToDocument(JsonObject values) => ValuesDocument.Parse(values.Count == 0 ? "" : YamlValue.Lines(ToYaml(values), 0, "\n") + "\n");

    /// <summary>A value as the document's editing takes it.</summary>
    public static YamlValue ToYaml(JsonNode? value) => value switch
    {
        null => YamlValue.Null,
        JsonArray list => new YamlValue.List([.. list.Select(ToYaml)]),
        JsonObject map => new YamlValue.Map([.. map.Select(entry => KeyValuePair.Create(entry.Key, ToYaml(entry.Value)))]),
        _ when value.GetValueKind() == JsonValueKind.String => YamlValue.Of(value.GetValue<string>()),
        _ when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => YamlValue.Of(value.GetValue<bool>()),
        _ => YamlValue.Number(Print(value)),
    };
}
