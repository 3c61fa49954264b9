using System.Text.Encodings.Web;
using System.Text.Json;

namespace Runner.Web.Components.Models.Logs;

/// <summary>Unfolds lines that are JSON objects.</summary>
public static class LogJson
{
    /// <summary>Longest line that is unfolded, in characters.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>Most rows of one line; what is beyond is left out, and the last row says so.</summary>
    public const int MaxRows = 200;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether a line looks like a JSON object; a look at its ends only.</summary>
    public static bool Looks(string line) => line.Length is > 2 and <= MaxLength && line.AsSpan().Trim() is ['{', .., '}'];

    /// <summary>The members of the object, one a row, deeper ones further in; empty for what is no JSON object.</summary>
    public static IReadOnlyList<string> Rows(string line)
    {
        if (!Looks(line))
        {
            return [];
        }

        try
        {
            using var document = JsonDocument.Parse(line.Trim());
            var rows = JsonSerializer.Serialize(document.RootElement, Indented).Split('\n');

            // Without the braces around it all.
            IReadOnlyList<string> inner = rows.Length < 3 ? [] : [.. rows[1..^1].Select(row => row.TrimEnd('\r')[2..])];
            return inner.Count <= MaxRows ? inner : [.. inner.Take(MaxRows - 1), $"… +{inner.Count - MaxRows + 1}"];
        }
        catch (JsonException)
        {
            return [];
        }
    }
}
