using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Admission.Schemas;

/// <summary>
/// Reads an object as the API server's typed decoder does and writes it back: wrong types are faults, unknown fields are dropped and named, empty optional values vanish,
/// quantities and times become canonical, fields come in the order of their type.
/// </summary>
internal sealed class Decoder
{
    private readonly List<string> _unknown = [];

    /// <summary>Paths of the fields that the type does not know, in the order of the text.</summary>
    public IReadOnlyList<string> UnknownFields => _unknown;

    /// <summary>The object as it is stored.</summary>
    /// <exception cref="DecodeFault">A value has the wrong type or form.</exception>
    public JsonObject Decode(TypeSchema type, JsonObject json) => ReadObject(type, json, "", "");

    // path is the place in the text (spec.containers[0].image), goPath the one in error messages, which has no indexes.
    private JsonObject ReadObject(TypeSchema type, JsonObject json, string path, string goPath)
    {
        var values = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var (name, value) in json)
        {
            var field = type.Find(name);
            if (field is null)
            {
                _unknown.Add(Append(path, name));
            }
            else if (value is not null)
            {
                values[name] = Read(field.Type, value, Append(path, name), Append(goPath, name), type.Name);
            }
        }

        var result = new JsonObject();
        foreach (var field in type.Fields)
        {
            var value = values.GetValueOrDefault(field.Name);
            if (value is null)
            {
                value = Zero(field);
                if (value is null && !WritesNull(field))
                {
                    continue;
                }
            }
            else if (field.Presence != FieldPresence.Always && !field.Type.Nullable && IsEmpty(field, value))
            {
                continue;
            }

            result[field.Name] = value;
        }

        return result;
    }

    private JsonNode? Read(FieldType type, JsonNode value, string path, string goPath, string owner)
    {
        switch (type.Kind)
        {
            case FieldKind.Any:
                return value.DeepClone();
            case FieldKind.Object when value is JsonObject json:
                return ReadObject(type.Target, json, path, goPath);
            case FieldKind.List when value is JsonArray array:
                return new JsonArray([.. array.Select((item, i) => item is null ? ZeroOf(type.Item!) : Read(type.Item!, item, $"{path}[{i}]", goPath, owner))]);
            case FieldKind.Map when value is JsonObject map:
                return new JsonObject(map.Select(entry => KeyValuePair.Create(
                    entry.Key, entry.Value is null ? ZeroOf(type.Item!) : Read(type.Item!, entry.Value, Append(path, entry.Key), goPath, owner))));
            case FieldKind.Object or FieldKind.List or FieldKind.Map:
                throw Mismatch(value, goPath, owner, type.Name);
            default:
                return Scalars.Read(type, value) ?? throw Mismatch(value, goPath, owner, type.Kind is FieldKind.IntegerOrText ? "int32" : type.Kind is FieldKind.Bytes ? "[]uint8" : type.Name);
        }
    }

    private static JsonNode? Zero(FieldSchema field)
    {
        if (field.Type.Nullable || field.Presence == FieldPresence.NotZero)
        {
            return null;
        }

        var structure = field.Type.Kind is FieldKind.Object or FieldKind.Quantity or FieldKind.IntegerOrText;
        return structure || field.Presence == FieldPresence.Always ? ZeroOf(field.Type) : null;
    }

    private static JsonNode? ZeroOf(FieldType type) => type.Kind switch
    {
        FieldKind.Text => "",
        FieldKind.Flag => false,
        FieldKind.Integer32 or FieldKind.Integer64 or FieldKind.Number or FieldKind.IntegerOrText => 0,
        FieldKind.Quantity => "0",
        FieldKind.Object => new Decoder().ReadObject(type.Target, [], "", ""),
        _ => null,
    };

    private static bool WritesNull(FieldSchema field) =>
        field.Presence == FieldPresence.Always || (field.Presence == FieldPresence.Optional && !field.Type.Nullable && field.Type.Kind is FieldKind.Time or FieldKind.MicroTime);

    private static bool IsEmpty(FieldSchema field, JsonNode value) => value switch
    {
        JsonArray array => array.Count == 0,
        JsonObject map => map.Count == 0 && (field.Type.Kind == FieldKind.Map || field.Presence == FieldPresence.NotZero),
        JsonValue scalar => field.Type.Kind is not (FieldKind.Quantity or FieldKind.IntegerOrText) && IsZero(scalar),
        _ => false,
    };

    private static bool IsZero(JsonValue value) => value.GetValueKind() switch
    {
        JsonValueKind.String => value.GetValue<string>().Length == 0,
        JsonValueKind.False => true,
        JsonValueKind.Number => decimal.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == 0,
        _ => false,
    };

    private static DecodeFault Mismatch(JsonNode value, string goPath, string owner, string type) => new(
        $"json: cannot unmarshal {Describe(value, type)} into Go struct field {owner}.{goPath} of type {type}");

    private static string Describe(JsonNode value, string type) => value.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => type is "int32" or "int64" ? "number " + value.ToJsonString() : "number",
        _ => "bool",
    };

    private static string Append(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
