using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission.Schemas;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Admission.Validation;

/// <summary>Checks a custom resource against its schema: required fields and JSON types.</summary>
internal static class SchemaValidation
{
    public static IEnumerable<StatusCause> Validate(TypeSchema schema, JsonObject json) => Members(schema, json, "");

    private static IEnumerable<StatusCause> Members(TypeSchema schema, JsonObject json, string path)
    {
        foreach (var field in schema.Fields)
        {
            var place = path.Length == 0 ? field.Name : $"{path}.{field.Name}";
            if (!json.TryGetPropertyValue(field.Name, out var value))
            {
                if (field.Presence == FieldPresence.Always)
                {
                    yield return Fault.Required(place);
                }

                continue;
            }

            foreach (var cause in Value(field.Type, value, place))
            {
                yield return cause;
            }
        }
    }

    private static IEnumerable<StatusCause> Value(FieldType type, JsonNode? value, string path)
    {
        if (type.Kind == FieldKind.Any)
        {
            return [];
        }

        var expected = Expected(type.Kind);
        if (Actual(value, expected) is { } actual)
        {
            return [Fault.TypeInvalid(path, actual, $"{path} in body must be of type {expected}: \"{actual}\"")];
        }

        return (type.Kind, value) switch
        {
            (FieldKind.Object, JsonObject json) => Members(type.Target, json, path),
            (FieldKind.List, JsonArray array) => array.SelectMany((item, i) => Value(type.Item!, item, $"{path}[{i}]")),
            (FieldKind.Map, JsonObject map) => map.SelectMany(entry => Value(type.Item!, entry.Value, $"{path}.{entry.Key}")),
            _ => [],
        };
    }

    private static string Expected(FieldKind kind) => kind switch
    {
        FieldKind.Object or FieldKind.Map => "object",
        FieldKind.List => "array",
        FieldKind.Flag => "boolean",
        FieldKind.Integer32 or FieldKind.Integer64 => "integer",
        FieldKind.Number => "number",
        _ => "string",
    };

    /// <summary>The JSON type a value has, or null when it is the expected one.</summary>
    private static string? Actual(JsonNode? value, string expected)
    {
        var actual = value?.GetValueKind() switch
        {
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Number => value.Number() is not null ? "integer" : "number",
            _ => "null",
        };
        return actual == expected || (actual == "integer" && expected == "number") ? null : actual;
    }
}
