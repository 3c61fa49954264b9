using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>Checks one value against its definition. Messages never quote the value, which could be secret.</summary>
internal static class ValueChecks
{
    public static void Check(KeyPath path, ValueDefinition definition, ChartVersion chart, JsonNode value, CheckReport report)
    {
        var kind = chart.IsOurs && definition.Kinds.Any(known => known.Value == ValueKind.Number) ? ValueKind.Number : definition.KindIn(chart);
        if (chart.IsOurs && kind is ValueKind.Boolean or ValueKind.Flag && IsSwitch(value, definition))
        {
            return;
        }

        if (WrongType(kind, value) is { } wrong)
        {
            report.Error("wrong-type", path, new($"'{path}' must be {wrong.Wanted.English} for chart {chart}.", $"对 Chart {chart},'{path}' 必须是{wrong.Wanted.Chinese}。"), wrong.Remedy);
            return;
        }

        var text = HelmValues.Print(value);
        if (definition.Allowed.Count > 0 && !definition.Allowed.Contains(text) && (text.Length > 0 || definition.DefaultIn(chart) is not null))
        {
            report.Error("not-allowed", path, new($"'{path}' does not allow this value.", $"'{path}' 不允许此值。"),
                new($"Use one of: {string.Join(", ", definition.Allowed)}.", $"可用的值：{string.Join("、", definition.Allowed)}。"));
        }
        else if (kind is ValueKind.Integer or ValueKind.Number && long.TryParse(text, CultureInfo.InvariantCulture, out var number) && (number < definition.Minimum || number > definition.Maximum))
        {
            report.Error("out-of-range", path, new($"'{path}' is out of its range.", $"'{path}' 超出范围。"), definition.Maximum is { } most
                ? new($"Use a whole number from {definition.Minimum} to {most}.", $"请使用 {definition.Minimum} 到 {most} 之间的整数。")
                : new($"Use a whole number from {definition.Minimum}.", $"请使用不小于 {definition.Minimum} 的整数。"));
        }
        else if (kind == ValueKind.Text && text.Length > 0 && !ValueFormats.Fits(definition.Format, text))
        {
            report.Error("wrong-form", path, new($"'{path}' does not have the form that it needs.", $"'{path}' 的格式不正确。"), ValueFormats.Remedy(definition.Format));
        }
    }

    /// <summary>What our chart takes for a truth value: the texts of the charts before 2.4 too, and <c>auto</c> where that is a choice.</summary>
    private static bool IsSwitch(JsonNode value, ValueDefinition definition) =>
        value.GetValueKind() is JsonValueKind.True or JsonValueKind.False || (value.GetValueKind() == JsonValueKind.String && (value.GetValue<string>() is "true" or "false" || definition.Allowed.Contains(value.GetValue<string>())));

    private static (LocalText Wanted, LocalText Remedy)? WrongType(ValueKind kind, JsonNode value)
    {
        var given = value.GetValueKind();
        var text = given == JsonValueKind.String;
        return kind switch
        {
            ValueKind.Text when !text => (new("a text", "文本"), new("Put it in quotes.", "请加上引号。")),
            ValueKind.Boolean when given is not (JsonValueKind.True or JsonValueKind.False) => (new("true or false", "true 或 false"), new("Write true or false, without quotes.", "请写 true 或 false，不加引号。")),
            ValueKind.Flag when !text || value.GetValue<string>() is not ("true" or "false" or "") => (new("the text \"true\" or \"false\"", "文本 \"true\" 或 \"false\""),
                new("Write \"true\" or \"false\", with quotes: charts before 2.4 want it so.", "请写带引号的 \"true\" 或 \"false\":2.4 之前的 Chart 要求如此。")),
            ValueKind.Integer when !IsWhole(value) => (new("a whole number", "整数"), new("Write it in digits, without quotes.", "请用数字书写，不加引号。")),
            ValueKind.Number when !IsWhole(value) && !(text && long.TryParse(value.GetValue<string>(), NumberStyles.None, CultureInfo.InvariantCulture, out _)) =>
                (new("a whole number", "整数"), new("Write it in digits.", "请用数字书写。")),
            ValueKind.List when value is not JsonArray list || list.Any(item => item?.GetValueKind() != JsonValueKind.String) => (new("a list of texts", "文本列表"), new("Write each item on a line of its own, after a dash.", "每项单独一行，以短横线开头。")),
            ValueKind.Map when value is not JsonObject map || map.Any(entry => entry.Value?.GetValueKind() != JsonValueKind.String) =>
                (new("keys with texts", "键和文本值"), new("Put numbers, true, false, yes, no, on, off and y in quotes.", "请给数字以及 true、false、yes、no、on、off、y 加上引号。")),
            ValueKind.Object when value is not JsonObject => (new("a map", "映射"), new("Write its keys below it, indented.", "请在其下缩进写出各个键。")),
            ValueKind.Objects when value is not JsonArray items || items.Any(item => item is not JsonObject) => (new("a list of maps", "映射列表"), new("Write each item after a dash, with its keys below each other.", "每项以短横线开头，其下写出各个键。")),
            _ => null,
        };
    }

    private static bool IsWhole(JsonNode value) => value is JsonValue number && number.TryGetValue<long>(out _);
}
