using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Admission.Schemas;

/// <summary>Removes the fields that a custom resource's schema does not have; everything else stays as it was sent.</summary>
internal static class Pruning
{
    /// <param name="unknown">Receives the paths of the removed fields.</param>
    public static JsonObject Prune(TypeSchema schema, JsonObject json, List<string> unknown) => PruneObject(schema, json, "", unknown);

    private static JsonObject PruneObject(TypeSchema schema, JsonObject json, string path, List<string> unknown)
    {
        var result = new JsonObject();
        foreach (var (name, value) in json)
        {
            var place = path.Length == 0 ? name : $"{path}.{name}";
            if (schema.Find(name) is { } field)
            {
                result[name] = PruneValue(field.Type, value, place, unknown);
            }
            else
            {
                unknown.Add(place);
            }
        }

        return result;
    }

    private static JsonNode? PruneValue(FieldType type, JsonNode? value, string path, List<string> unknown) => (type.Kind, value) switch
    {
        (FieldKind.Object, JsonObject json) => PruneObject(type.Target, json, path, unknown),
        (FieldKind.List, JsonArray array) => new JsonArray([.. array.Select((item, i) => PruneValue(type.Item!, item, $"{path}[{i}]", unknown))]),
        (FieldKind.Map, JsonObject map) => new JsonObject(map.Select(entry => KeyValuePair.Create(entry.Key, PruneValue(type.Item!, entry.Value, $"{path}.{entry.Key}", unknown)))),
        _ => value?.DeepClone(),
    };
}
