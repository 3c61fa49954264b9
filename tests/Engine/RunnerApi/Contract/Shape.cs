using System.Globalization;
using System.Text.Json;

namespace Runner.Tests.Engine.RunnerApi.Contract;

/// <summary>
/// What an answer must look like, as JSON: every field is there and no other. <c>"$"</c> is any text, <c>"#"</c> any number, <c>"?"</c> true or false,
/// <c>"@"</c> a time as Go writes it, <c>"*"</c> anything; an array of one such element holds at least one of them, one that begins with <c>"0.."</c>
/// may be empty. Everything else must be equal.
/// </summary>
internal static class Shape
{
    /// <returns>The first difference, with its place; null when the answer has the shape.</returns>
    public static string? Difference(string shape, string answer)
    {
        using var expected = JsonDocument.Parse(shape);
        try
        {
            using var actual = JsonDocument.Parse(answer);
            return Difference(expected.RootElement, actual.RootElement, "$");
        }
        catch (JsonException)
        {
            return "the answer is no JSON";
        }
    }

    private static string? Difference(JsonElement expected, JsonElement actual, string place) => expected.ValueKind switch
    {
        JsonValueKind.Object => ObjectDifference(expected, actual, place),
        JsonValueKind.Array => ArrayDifference(expected, actual, place),
        JsonValueKind.String => Matches(expected.GetString()!, actual) ? null : $"{place} is {actual.GetRawText()}, not {expected.GetRawText()}",
        _ => expected.GetRawText() == actual.GetRawText() ? null : $"{place} is {actual.GetRawText()}, not {expected.GetRawText()}",
    };

    private static string? ObjectDifference(JsonElement expected, JsonElement actual, string place)
    {
        if (actual.ValueKind != JsonValueKind.Object)
        {
            return $"{place} is no object";
        }

        var fields = expected.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal).ToList();
        var there = actual.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal).ToList();
        return fields.SequenceEqual(there)
            ? expected.EnumerateObject().Select(field => Difference(field.Value, actual.GetProperty(field.Name), $"{place}.{field.Name}")).FirstOrDefault(difference => difference is not null)
            : $"{place} lacks [{string.Join(", ", fields.Except(there))}] and has [{string.Join(", ", there.Except(fields))}] besides";
    }

    private static string? ArrayDifference(JsonElement expected, JsonElement actual, string place)
    {
        if (actual.ValueKind != JsonValueKind.Array)
        {
            return $"{place} is no array";
        }

        var shapes = expected.EnumerateArray().ToList();
        var mayBeEmpty = shapes.Count == 2 && shapes[0].ValueKind == JsonValueKind.String && shapes[0].GetString() == "0..";
        if (actual.GetArrayLength() == 0)
        {
            return mayBeEmpty || shapes.Count == 0 ? null : $"{place} is empty";
        }

        return shapes.Count == 0
            ? $"{place} is not empty"
            : actual.EnumerateArray().Select((element, index) => Difference(shapes[^1], element, $"{place}[{index}]")).FirstOrDefault(difference => difference is not null);
    }

    private static bool Matches(string expected, JsonElement actual) => expected switch
    {
        "*" => true,
        "$" => actual.ValueKind == JsonValueKind.String,
        "#" => actual.ValueKind == JsonValueKind.Number,
        "?" => actual.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "@" => actual.ValueKind == JsonValueKind.String
            && DateTimeOffset.TryParse(actual.GetString(), CultureInfo.InvariantCulture, out _) && actual.GetString()!.Contains('T', StringComparison.Ordinal),
        _ => actual.ValueKind == JsonValueKind.String && actual.GetString() == expected,
    };
}
