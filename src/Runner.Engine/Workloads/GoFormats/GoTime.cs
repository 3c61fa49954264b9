using System.Globalization;

namespace Runner.Engine.Workloads.GoFormats;

/// <summary>Times as the hub's Go programs write them.</summary>
public static class GoTime
{
    /// <summary>Stands for no time at all.</summary>
    public const string Zero = "0001-01-01T00:00:00Z";

    /// <summary>RFC 3339 in UTC; <see cref="Zero"/> for null.</summary>
    public static string Text(DateTimeOffset? time) =>
        time is { } known && known != default ? known.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture) : Zero;
}
