using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Runner.Engine.Values;

/// <summary>A value to be written into a values file.</summary>
public abstract partial record YamlValue
{
    private YamlValue()
    {
    }

    /// <summary>A text, quoted where it must be.</summary>
    public static YamlValue Of(string text) => new Text(text);

    /// <summary>A truth value.</summary>
    public static YamlValue Of(bool value) => new Literal(value ? "true" : "false");

    /// <summary>A whole number.</summary>
    public static YamlValue Of(long value) => new Literal(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number as it is written.</summary>
    internal static YamlValue Number(string text) => new Literal(text);

    /// <summary>Nothing, which in Helm takes a default away.</summary>
    public static YamlValue Null { get; } = new Literal("null");

    /// <summary>A text.</summary>
    public sealed record Text(string Value) : YamlValue;

    /// <summary>A number, a truth value or null, as YAML writes it.</summary>
    public sealed record Literal : YamlValue
    {
        internal Literal(string value) => Value = value;

        /// <summary>As it is written.</summary>
        public string Value { get; }
    }

    /// <summary>Values in a row.</summary>
    public sealed record List(IReadOnlyList<YamlValue> Items) : YamlValue;

    /// <summary>Keys with values, in this order.</summary>
    public sealed record Map(IReadOnlyList<KeyValuePair<string, YamlValue>> Entries) : YamlValue;

    /// <summary>The value on one line.</summary>
    internal string OneLine(ScalarStyle style = ScalarStyle.Plain) => this switch
    {
        Text text => Quote(text.Value, style),
        Literal literal => literal.Value,
        List list => $"[{string.Join(", ", list.Items.Select(item => item.OneLine()))}]",
        Map map => $"{{{string.Join(", ", map.Entries.Select(entry => $"{Quote(entry.Key, ScalarStyle.Plain)}: {entry.Value.OneLine()}"))}}}",
        _ => "",
    };

    /// <summary>The value as the lines below a key, each ending with <paramref name="newline"/> but the last; on the key's own line (beginning with a space) where it is a scalar or empty.</summary>
    internal string AfterColon(int indent, string newline) => this switch
    {
        List { Items.Count: > 0 } list => newline + Lines(list, indent, newline),
        Map { Entries.Count: > 0 } map => newline + Lines(map, indent, newline),
        _ => " " + OneLine(),
    };

    /// <summary>A list or map, not empty, in lines that begin with <paramref name="indent"/> spaces.</summary>
    internal static string Lines(YamlValue value, int indent, string newline)
    {
        var margin = new string(' ', indent);
        return value switch
        {
            Map { Entries.Count: > 0 } map => string.Join(newline, map.Entries.Select(entry => $"{margin}{Quote(entry.Key, ScalarStyle.Plain)}:{entry.Value.AfterColon(indent + 2, newline)}")),
            List { Items.Count: > 0 } list => string.Join(newline, list.Items.Select(item => $"{margin}- {(item is Map { Entries.Count: > 0 } or List { Items.Count: > 0 } ? Lines(item, indent + 2, newline).TrimStart(' ') : item.OneLine())}")),
            _ => margin + value.OneLine(),
        };
    }

    /// <summary>True when a node of a file says this value.</summary>
    internal bool Is(YamlNode node) => this switch
    {
        Text text => node.Kind == YamlKind.Scalar && node.Value == text.Value && (node.Style != ScalarStyle.Plain || IsPlain(text.Value)),
        Literal literal => node.Kind == YamlKind.Scalar && node.Style == ScalarStyle.Plain && node.Value == literal.Value,
        List list => node.Kind == YamlKind.List && node.Items.Count == list.Items.Count && list.Items.Zip(node.Items).All(pair => pair.First.Is(pair.Second)),
        Map map => node.Kind == YamlKind.Map && node.Entries.Count == map.Entries.Count
            && map.Entries.Zip(node.Entries).All(pair => pair.First.Key == pair.Second.Key && pair.First.Value.Is(pair.Second.Value)),
        _ => false,
    };

    internal static string Quote(string text, ScalarStyle style)
    {
        if (style == ScalarStyle.Plain && IsPlain(text))
        {
            return text;
        }

        if (style == ScalarStyle.Single && !text.Any(NeedsEscape))
        {
            return $"'{text.Replace("'", "''")}'";
        }

        var quoted = new StringBuilder("\"");
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                _ when NeedsEscape(character) => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => quoted.Append(character),
            };
        }

        return quoted.Append('"').ToString();
    }

    private static bool NeedsEscape(char character) => char.IsControl(character) || character is '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF';

    /// <summary>Texts that every YAML parser reads as a text without quotes, inside brackets too.</summary>
    private static bool IsPlain(string text) => PlainText().IsMatch(text) && !OtherThanText().IsMatch(text);

    [GeneratedRegex(@"^(?:[A-Za-z_/][A-Za-z0-9_./@$+=-]*(?:://?[A-Za-z0-9_./@$+=-]+)?(?::[0-9]+)?[A-Za-z0-9_./@$+=-]*|[0-9]+(?:ms|s|m|h|Ki|Mi|Gi|Ti))\z")]
    private static partial Regex PlainText();

    [GeneratedRegex(@"^(?:y|n|yes|no|on|off|true|false|null)\z", RegexOptions.IgnoreCase)]
    private static partial Regex OtherThanText();
}
