using System.Globalization;
using System.Text.RegularExpressions;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>Durations as Argo reads them: seconds as a plain number, or Go's <c>1m30s</c>, or days <c>2d</c>.</summary>
internal static partial class Durations
{
    /// <summary>Null for no text, and for what is no duration.</summary>
    public static TimeSpan? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            return TimeSpan.FromSeconds(seconds);
        }

        var parts = Part().Matches(text);
        if (parts.Sum(p => p.Length) != text.Length)
        {
            return null;
        }

        return TimeSpan.FromSeconds(parts.Sum(part => double.Parse(part.Groups["number"].Value, CultureInfo.InvariantCulture) * part.Groups["unit"].Value switch
        {
            "d" => 86400,
            "h" => 3600,
            "m" => 60,
            "ms" => 0.001,
            _ => 1,
        }));
    }

    [GeneratedRegex(@"(?<number>[0-9]+(\.[0-9]+)?)(?<unit>ms|d|h|m|s)", RegexOptions.ExplicitCapture)]
    private static partial Regex Part();
}
