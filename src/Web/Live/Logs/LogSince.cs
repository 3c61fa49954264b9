using System.Globalization;

namespace Runner.Web.Live.Logs;

/// <summary>How far back a log is read: a duration (<c>90s</c>, <c>15m</c>, <c>2h</c>, <c>7d</c>) or a moment (RFC 3339).</summary>
public readonly record struct LogSince
{
    private static readonly Dictionary<char, TimeSpan> Units = new()
    {
        ['s'] = TimeSpan.FromSeconds(1), ['m'] = TimeSpan.FromMinutes(1), ['h'] = TimeSpan.FromHours(1), ['d'] = TimeSpan.FromDays(1),
    };

    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    private readonly TimeSpan? _ago;
    private readonly DateTimeOffset? _moment;

    private LogSince(TimeSpan? ago, DateTimeOffset? moment) => (_ago, _moment) = (ago, moment);

    /// <summary>True where nothing is said: the last lines of each log, however old they are.</summary>
    public bool IsEmpty => _ago is null && _moment is null;

    /// <returns>False for what is neither; an empty text is <see cref="IsEmpty"/>.</returns>
    public static bool TryRead(string? text, out LogSince since)
    {
        since = default;
        text = text?.Trim() ?? "";
        if (text.Length == 0)
        {
            return true;
        }

        if (Units.TryGetValue(char.ToLowerInvariant(text[^1]), out var unit)
            && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0 && count <= Longest / unit)
        {
            since = new(unit * count, null);
            return true;
        }

        if (text.Contains('-', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment))
        {
            since = new(null, moment);
            return true;
        }

        return false;
    }

    /// <summary>The moment, or null when <see cref="IsEmpty"/>.</summary>
    public DateTimeOffset? From(DateTimeOffset now) => _moment ?? (_ago is { } ago ? now - ago : null);
}
