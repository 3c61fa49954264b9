using System.Globalization;

namespace Runner.Web.Components.Models.Logs;

/// <summary>Times of log lines as both log pages show them: in the configured zone, which stands once beside them; the exact moment is told on hover.</summary>
internal static class LogTimes
{
    /// <summary>To the millisecond, by the clocks of the zone at that moment.</summary>
    public static string Show(DateTimeOffset time, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(time, zone).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);

    /// <summary>As ISO 8601 with the offset, to the last digit.</summary>
    public static string Exact(DateTimeOffset time, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(time, zone).ToString("O", CultureInfo.InvariantCulture);

    /// <summary>The zone with its offset of now, such as <c>Asia/Shanghai, UTC+08:00</c>.</summary>
    public static string Name(TimeZoneInfo zone, DateTimeOffset now)
    {
        var offset = zone.GetUtcOffset(now);
        return zone.BaseUtcOffset == TimeSpan.Zero && !zone.SupportsDaylightSavingTime
            ? "UTC"
            : string.Create(CultureInfo.InvariantCulture, $"{zone.Id}, UTC{(offset < TimeSpan.Zero ? '-' : '+')}{offset:hh\\:mm}");
    }
}
