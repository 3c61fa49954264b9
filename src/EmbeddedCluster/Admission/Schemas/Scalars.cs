using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Admission.Schemas;

/// <summary>Reads single values and writes them back in their canonical form.</summary>
internal static class Scalars
{
    private const string TimeLayout = "2006-01-02T15:04:05Z07:00";
    private static readonly SearchValues<char> Base64Characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\r\n");
    private const string MicroTimeLayout = "2006-01-02T15:04:05.000000Z07:00";

    /// <summary>The canonical value, or null when <paramref name="value"/> is of the wrong JSON type.</summary>
    /// <exception cref="DecodeFault">The JSON type is right, the form is not.</exception>
    public static JsonNode? Read(FieldType type, JsonNode value)
    {
        var json = value.GetValueKind();
        return type.Kind switch
        {
            FieldKind.Text when json is JsonValueKind.String => value.DeepClone(),
            FieldKind.Flag when json is JsonValueKind.True or JsonValueKind.False => value.DeepClone(),
            FieldKind.Integer32 when json is JsonValueKind.Number && int.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) => value.DeepClone(),
            FieldKind.Integer64 when json is JsonValueKind.Number && long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) => value.DeepClone(),
            FieldKind.Number when json is JsonValueKind.Number => value.DeepClone(),
            FieldKind.IntegerOrText when json is JsonValueKind.String or JsonValueKind.Number => value.DeepClone(),
            FieldKind.Bytes when json is JsonValueKind.String => Base64(value.GetValue<string>()),
            FieldKind.Time when json is JsonValueKind.String => Time(value.GetValue<string>(), TimeLayout, "yyyy-MM-dd'T'HH:mm:ss'Z'"),
            FieldKind.MicroTime when json is JsonValueKind.String => Time(value.GetValue<string>(), MicroTimeLayout, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"),
            FieldKind.Quantity when json is JsonValueKind.String or JsonValueKind.Number => CanonicalQuantity(value),
            FieldKind.Quantity => throw new DecodeFault(Quantity.FormatFault),
            _ => null,
        };
    }

    private static JsonNode CanonicalQuantity(JsonNode value)
    {
        var text = value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();
        return Quantity.TryParse(text, out var quantity) ? quantity.ToString() : throw new DecodeFault(Quantity.FormatFault);
    }

    private static JsonNode Base64(string text)
    {
        var clean = text.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);
        if (Convert.TryFromBase64String(clean, new byte[clean.Length], out _))
        {
            return clean;
        }

        var bad = text.AsSpan().IndexOfAnyExcept(Base64Characters);
        throw new DecodeFault($"illegal base64 data at input byte {(bad < 0 ? text.Length - (text.Length % 4) : bad)}");
    }

    private static JsonNode? Time(string text, string layout, string format)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (FaultOfTime(text, layout) is { } fault)
        {
            throw new DecodeFault($"parsing time \"{text}\" as \"{layout}\": {fault}");
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.ToUniversalTime().ToString(format, CultureInfo.InvariantCulture)
            : throw new DecodeFault($"parsing time \"{text}\": day out of range");
    }

    // Walks text and layout element by element, so that the fault names the first element that does not fit.
    private static string? FaultOfTime(string text, string layout)
    {
        var rest = text;
        foreach (var element in (string[])["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05"])
        {
            var digits = char.IsAsciiDigit(element[0]);
            if (rest.Length < element.Length || (digits ? !rest[..element.Length].All(char.IsAsciiDigit) : !rest.StartsWith(element, StringComparison.Ordinal)))
            {
                return $"cannot parse \"{rest}\" as \"{element}\"";
            }

            rest = rest[element.Length..];
        }

        if (layout == MicroTimeLayout)
        {
            if (rest.Length < 7 || rest[0] != '.' || !rest[1..7].All(char.IsAsciiDigit))
            {
                return $"cannot parse \"{rest}\" as \".000000\"";
            }

            rest = rest[7..];
        }
        else if (rest.StartsWith('.'))
        {
            rest = rest[1..].TrimStart("0123456789".ToCharArray());
        }

        var zone = rest == "Z" || (rest.Length == 6 && rest[0] is '+' or '-' && rest[3] == ':');
        return zone ? null : $"cannot parse \"{rest}\" as \"Z07:00\"";
    }
}
