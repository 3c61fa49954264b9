using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>
/// Makes the <c>values.schema.json</c> of our own chart from the catalogue, so that Helm refuses what the editor calls an error, as far as a schema can say it: types, forms, ranges and allowed values of every
/// key of both layouts. Keys that are not known are let through, as Helm lets them through; the editor warns of them. Pure.
/// </summary>
public static class ValuesSchema
{
    /// <summary>The schema, in JSON Schema draft 7, which every Helm reads.</summary>
    public static JsonObject Make(ValuesCatalogue catalogue)
    {
        var root = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["title"] = "Values of the runner",
            ["type"] = "object",
            ["properties"] = new JsonObject(),
        };
        foreach (var value in catalogue.Values)
        {
            foreach (var key in value.Keys.Where(key => key.Charts.Until is null || value.Keys.Count > 1 || key.Charts.Has(new ChartVersion(2, 1, 0))))
            {
                Place(root, key.Path, Of(value));
            }
        }

        return root;
    }

    private static void Place(JsonObject root, KeyPath path, JsonObject schema)
    {
        var at = root;
        for (var index = 0; index < path.Steps.Count; index++)
        {
            if (at["properties"] is not JsonObject properties)
            {
                at["properties"] = properties = [];
            }

            var name = path.Steps[index].Key;
            if (index == path.Steps.Count - 1)
            {
                properties.TryAdd(name, schema);
                return;
            }

            if (properties[name] is not JsonObject group)
            {
                properties[name] = group = new JsonObject { ["type"] = new JsonArray("object", "null") };
            }

            at = group;
        }
    }

    private static JsonObject Of(ValueDefinition value)
    {
        var kinds = value.Kinds.Select(kind => kind.Value).Distinct().ToList();
        var schema = kinds.Any(kind => kind is ValueKind.Boolean or ValueKind.Flag) ? Switch(value)
            : kinds.Any(kind => kind is ValueKind.Integer or ValueKind.Number) ? Number(value, kinds)
            : kinds[^1] switch
            {
                ValueKind.List => new JsonObject { ["type"] = new JsonArray("array", "null"), ["items"] = new JsonObject { ["type"] = "string" } },
                ValueKind.Map => new JsonObject { ["type"] = new JsonArray("object", "null"), ["additionalProperties"] = new JsonObject { ["type"] = new JsonArray("string", "null") } },
                ValueKind.Object => new JsonObject { ["type"] = new JsonArray("object", "null") },
                ValueKind.Objects => new JsonObject { ["type"] = new JsonArray("array", "null"), ["items"] = new JsonObject { ["type"] = "object" } },
                _ => Text(value),
            };
        schema["title"] = value.Title.English;
        schema["description"] = value.Description.English;
        return schema;
    }

    // Charts before 2.4 took texts where later ones take truth values; ours takes both and means the same by them.
    private static JsonObject Switch(ValueDefinition value)
    {
        var allowed = new JsonArray(true, false, "true", "false", null);
        if (value.Allowed.Contains("auto"))
        {
            allowed.Add("auto");
        }

        return new JsonObject { ["enum"] = allowed };
    }

    private static JsonObject Number(ValueDefinition value, List<ValueKind> kinds)
    {
        var number = new JsonObject { ["type"] = "integer" };
        if (value.Minimum is { } minimum)
        {
            number["minimum"] = minimum;
        }

        if (value.Maximum is { } maximum)
        {
            number["maximum"] = maximum;
        }

        var forms = new JsonArray(number, new JsonObject { ["type"] = "null" });
        if (kinds.Any(kind => kind is ValueKind.Number or ValueKind.Text))
        {
            forms.Add(new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9]+$" });
        }

        return new JsonObject { ["anyOf"] = forms };
    }

    private static JsonObject Text(ValueDefinition value)
    {
        if (value.Allowed.Count > 0)
        {
            return new JsonObject { ["enum"] = new JsonArray([.. value.Allowed.Select(text => (JsonNode?)text), null, .. value.Allowed.Contains("") || value.DefaultIn(ChartVersion.Ours) is not null ? [] : (JsonNode?[])[""]]) };
        }

        var schema = new JsonObject { ["type"] = new JsonArray("string", "null") };
        if (ValueFormats.Pattern(value.Format) is { } pattern)
        {
            // Nothing is always a text that may be left out; whether it may be empty is the template's to say.
            schema["pattern"] = $"^$|{pattern}";
        }

        return schema;
    }
}
