using System.Globalization;

namespace Runner.EmbeddedCluster.Controllers.Runtime;

/// <summary>The time controllers live in: real timestamps, simulated durations stretched or shortened by one factor.</summary>
internal sealed class SimulationClock(TimeProvider time, double scale)
{
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Now as Kubernetes writes it, to the second.</summary>
    public string Timestamp => Format(Now);

    /// <summary>Now with microseconds, as leases have it.</summary>
    public string MicroTimestamp => Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The real length of a simulated duration.</summary>
    public TimeSpan Scale(TimeSpan simulated) => simulated * scale;

    /// <summary>The instant a simulated duration after <paramref name="start"/>.</summary>
    public DateTimeOffset After(DateTimeOffset start, TimeSpan simulated) => start + Scale(simulated);

    /// <summary>The simulated duration that is this long in reality.</summary>
    public TimeSpan Simulated(TimeSpan real) => real / scale;

    /// <summary>The simulated time from now until an instant; zero when it has passed.</summary>
    public TimeSpan Until(DateTimeOffset instant) => instant <= Now ? TimeSpan.Zero : (instant - Now) / scale;

    /// <summary>Whether a simulated duration has passed since <paramref name="start"/>.</summary>
    public bool Passed(DateTimeOffset start, TimeSpan simulated) => Now >= After(start, simulated);

    public static string Format(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static DateTimeOffset? Parse(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant) ? instant : null;
}
