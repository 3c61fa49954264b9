using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission;

namespace Runner.EmbeddedCluster.Tables;

/// <summary>Texts that recur in cells.</summary>
internal static class Cell
{
    public const string None = "<none>";
    public const string Unknown = "<unknown>";

    /// <summary>Time since the object was made.</summary>
    public static string Age(JsonObject json, DateTimeOffset now) => Since(json.Text("metadata", "creationTimestamp"), now);

    /// <summary>Time since a timestamp; <see cref="Unknown"/> for none.</summary>
    public static string Since(string time, DateTimeOffset now) => Time(time) is { } then ? Duration(now - then) : Unknown;

    public static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    public static string OrNone(string text) => text.Length == 0 ? None : text;

    public static string OrNone(IEnumerable<string> texts) => OrNone(string.Join(',', texts));

    /// <summary>A label selector object as text, such as <c>app=web,tier in (a,b)</c>.</summary>
    public static string Selector(JsonNode? selector)
    {
        var parts = selector.Map("matchLabels").OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")
            .Concat(selector.Objects("matchExpressions").Select(Expression));
        return OrNone(parts);
    }

    /// <summary>Labels as text, such as <c>app=web</c>.</summary>
    public static string Labels(JsonNode? labels) => OrNone(labels.Map().OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"));

    /// <summary>A span in at most two units, the coarser the longer it is.</summary>
    public static string Duration(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        if (seconds < -1)
        {
            return "<invalid>";
        }

        var (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
        return seconds switch
        {
            < 0 => "0s",
            < 2 * 60 => $"{seconds}s",
            < 10 * 60 => Two(minutes, "m", seconds % 60, "s"),
            < 3 * 3600 => $"{minutes}m",
            < 8 * 3600 => Two(hours, "h", minutes % 60, "m"),
            < 48 * 3600 => $"{hours}h",
            < 8 * 86400 => Two(days, "d", hours % 24, "h"),
            < 2 * 365 * 86400L => $"{days}d",
            < 8 * 365 * 86400L => Two(days / 365, "y", days % 365, "d"),
            _ => $"{days / 365}y",
        };
    }

    private static string Two(long major, string majorUnit, long minor, string minorUnit) => minor == 0 ? $"{major}{majorUnit}" : $"{major}{majorUnit}{minor}{minorUnit}";

    private static string Expression(JsonObject expression)
    {
        var key = expression.Text("key");
        var values = string.Join(',', expression.Texts("values").Order(StringComparer.Ordinal));
        return expression.Text("operator") switch
        {
            "In" => $"{key} in ({values})",
            "NotIn" => $"{key} notin ({values})",
            "DoesNotExist" => "!" + key,
            _ => key,
        };
    }
}
