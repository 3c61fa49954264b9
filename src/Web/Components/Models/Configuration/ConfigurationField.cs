using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.Engine.Values;

namespace Runner.Web.Components.Models.Configuration;

/// <summary>One value in the form.</summary>
/// <param name="Key">Where the file has it, or would have it.</param>
/// <param name="Given">True when the file has it; what is shown is the chart's default otherwise.</param>
/// <param name="Text">What is shown; empty for a secret, whatever it is.</param>
/// <param name="Default">The chart's default.</param>
/// <param name="Problems">What is wrong with it.</param>
public sealed record ConfigurationField(
    ValueDefinition Definition, KeyPath Key, ValueKind Kind, bool Given, string Text, string Default, IReadOnlyList<ValuesProblem> Problems)
{
    /// <summary>False for shapes that only the YAML editor can change.</summary>
    public bool Editable => Kind is not (ValueKind.Map or ValueKind.Object or ValueKind.Objects);

    /// <summary>True for a switch.</summary>
    public bool IsSwitch => Kind is ValueKind.Boolean or ValueKind.Flag && Choices.Count == 0;

    /// <summary>What it may be; empty where that is not a list. That the chart decides by itself is a choice of our own chart alone.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>True while the switch is on.</summary>
    public bool IsOn => Text == "true";

    /// <summary>Reads what is shown of a value.</summary>
    public static string Print(JsonNode? value, ValueKind kind) => value switch
    {
        null => "",
        JsonArray list when kind == ValueKind.List => string.Join('\n', list.Select(HelmValues.Print)),
        JsonObject or JsonArray => value.ToJsonString(Readable),
        _ => HelmValues.Print(value),
    };

    /// <summary>What a typed text is as a value of the kind; null where it is none.</summary>
    public static YamlValue? Read(string text, ValueKind kind) => kind switch
    {
        ValueKind.Boolean => text is "true" or "false" ? YamlValue.Of(text == "true") : text == "auto" ? YamlValue.Of(text) : null,
        ValueKind.Integer or ValueKind.Number => long.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var number) ? YamlValue.Of(number) : null,
        ValueKind.List => HelmValues.ToYaml(new JsonArray([.. text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(line => (JsonNode)line)])),
        ValueKind.Text or ValueKind.Flag => YamlValue.Of(text),
        _ => null,
    };

    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
