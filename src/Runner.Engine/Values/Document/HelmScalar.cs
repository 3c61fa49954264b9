using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Runner.Engine.Values;

/// <summary>Reads scalars as Helm does: by the rules of YAML 1.1 (sigs.k8s.io/yaml), where <c>y</c>, <c>on</c> and <c>0x1F</c> are no texts.</summary>
internal static partial class HelmScalar
{
    public static JsonNode? Read(YamlNode node)
    {
        var text = node.Value;
        if (node.Style != ScalarStyle.Plain || node.Tag is "!!str" or "tag:yaml.org,2002:str" or "!")
        {
            return JsonValue.Create(text);
        }

        if (text is "" or "~" or "null" or "Null" or "NULL")
        {
            return null;
        }

        if (text is "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" or "true" or "True" or "TRUE")
        {
            return JsonValue.Create(true);
        }

        if (text is "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF" or "false" or "False" or "FALSE")
        {
            return JsonValue.Create(false);
        }

        return Number(text.Replace("_", "", StringComparison.Ordinal)) ?? JsonValue.Create(text);
    }

    private static JsonValue? Number(string text)
    {
        var digits = text.TrimStart('+', '-');
        var sign = text.StartsWith('-') ? -1 : 1;
        if (digits.Length == text.Length - 1 || digits.Length == text.Length)
        {
            if (Whole().IsMatch(digits))
            {
                return digits.Length > 1 && digits[0] == '0' && digits.All(digit => digit is >= '0' and <= '7') ? JsonValue.Create(sign * Convert.ToInt64(digits, 8))
                    : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? JsonValue.Create(whole) : JsonValue.Create(double.Parse(text, CultureInfo.InvariantCulture));
            }

            if (Radix().IsMatch(digits))
            {
                return JsonValue.Create(sign * Convert.ToInt64(digits[2..], digits[1] switch { 'x' => 16, 'o' => 8, _ => 2 }));
            }
        }

        return Fraction().IsMatch(text) ? JsonValue.Create(double.Parse(text, CultureInfo.InvariantCulture)) : null;
    }

    [GeneratedRegex(@"^[0-9]{1,21}\z")]
    private static partial Regex Whole();

    [GeneratedRegex(@"^0(?:x[0-9a-fA-F]{1,15}|b[01]{1,62}|o[0-7]{1,20})\z")]
    private static partial Regex Radix();

    [GeneratedRegex(@"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?\z")]
    private static partial Regex Fraction();
}
