using System.Globalization;
using Runner.Engine.Logs;

namespace Runner.Web.Components.Models.Logs;

/// <summary>Names one line of a log for ever: where and when it was written, and, as several may be written at once, what it says.</summary>
/// <param name="Time">In units of 100 ns.</param>
/// <param name="Mark">A hash of the text.</param>
public readonly record struct LogLineReference(string Pod, string Container, DateTimeOffset Time, string Mark)
{
    // Neither occurs in names of pods and containers.
    private const char Between = '~';

    public static LogLineReference Of(LogLine line) => new(line.Pod, line.Container, line.Time, Hash(line.Text));

    /// <summary>As it stands in addresses.</summary>
    public override string ToString() => string.Join(Between, Pod, Container, Time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture), Mark);

    /// <returns>Null for anything else than <see cref="ToString"/> makes.</returns>
    public static LogLineReference? Read(string? text) =>
        text?.Split(Between) is [{ Length: > 0 } pod, { Length: > 0 } container, var when, { Length: > 0 } mark]
            && DateTimeOffset.TryParse(when, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? new(pod, container, time, mark)
            : null;

    public bool Matches(LogLine line) => line.Time == Time && line.Pod == Pod && line.Container == Container && Hash(line.Text) == Mark;

    // FNV-1a: the same in every process, and good enough to tell lines of one moment apart.
    private static string Hash(string text)
    {
        var hash = 2166136261u;
        foreach (var character in text)
        {
            hash = unchecked((hash ^ character) * 16777619u);
        }

        return hash.ToString("x8", CultureInfo.InvariantCulture);
    }
}
