using System.Globalization;
using System.Text.RegularExpressions;

namespace Runner.Engine.Values;

/// <summary>Version of the runner's chart, such as 2.4.1.</summary>
public readonly partial record struct ChartVersion(int Major, int Minor, int Patch) : IComparable<ChartVersion>
{
    /// <summary>The newest that the catalogue knows.</summary>
    public static ChartVersion Newest { get; } = new(2, 4, 1);

    /// <summary>The chart that comes with this runner.</summary>
    public static ChartVersion Ours { get; } = new(3, 0, 0);

    /// <summary>The oldest that the catalogue knows.</summary>
    public static ChartVersion Oldest { get; } = new(1, 12, 0);

    /// <summary>The lines of charts that were published, by their first two numbers, oldest first.</summary>
    public static IReadOnlyList<string> Lines { get; } = ["1.12", "1.14", "1.15", "1.16", "1.17", "2.0", "2.1", "2.2", "2.3", "2.4"];

    /// <summary>True where the chart groups values under <c>runner</c>, <c>space</c> and <c>model</c>. It began in the middle of a line: 2.2.0 and 2.2.1 still read them as 2.1 does.</summary>
    public bool IsNested => this >= new ChartVersion(2, 2, 2);

    /// <summary>True for the chart that comes with this runner. It takes the values of the official charts 1.17 to 2.4 under all their names, and truth values as texts too.</summary>
    public bool IsOurs => this >= Ours;

    /// <summary>True where the catalogue says what the chart reads: from the oldest to the line of the newest, and the line of ours.</summary>
    public bool IsKnown => this >= Oldest && (this < Newest || Line == Newest.Line || Line == Ours.Line);

    /// <summary>Its line, such as 2.4.</summary>
    public string Line => $"{Major}.{Minor}";

    /// <summary>Reads <c>2.4</c>, <c>2.4.1</c>, <c>v2.4.1</c> or <c>2.4.1-rc.1+x</c>; a version without a third number is the last of its line.</summary>
    public static bool TryParse(string? text, out ChartVersion version)
    {
        var match = Form().Match(text ?? "");
        version = default;
        if (!match.Success || !int.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var major) || !int.TryParse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture, out var minor))
        {
            return false;
        }

        version = new(major, minor, match.Groups[3].Success && int.TryParse(match.Groups[3].ValueSpan, CultureInfo.InvariantCulture, out var patch) ? patch : LastOfLine);
        return true;
    }

    /// <summary>Reads a version that is known to be one.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static ChartVersion Parse(string text) => TryParse(text, out var version) ? version : throw new FormatException($"'{text}' is not the version of a chart, such as 2.4.1.");

    /// <summary>True where both belong to one line, such as 2.4, and to one layout: what is written for one is written for the other, but for keys that were respelt within the line.</summary>
    public bool IsSameLine(ChartVersion other) => (Major, Minor, IsNested) == (other.Major, other.Minor, other.IsNested);

    /// <inheritdoc/>
    public int CompareTo(ChartVersion other) => (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));

    /// <inheritdoc/>
    public override string ToString() => Patch == LastOfLine ? $"{Major}.{Minor}" : $"{Major}.{Minor}.{Patch}";

    /// <summary>True when the first is older.</summary>
    public static bool operator <(ChartVersion first, ChartVersion second) => first.CompareTo(second) < 0;

    /// <summary>True when the first is newer.</summary>
    public static bool operator >(ChartVersion first, ChartVersion second) => first.CompareTo(second) > 0;

    /// <summary>True when the first is older or the same.</summary>
    public static bool operator <=(ChartVersion first, ChartVersion second) => first.CompareTo(second) <= 0;

    /// <summary>True when the first is newer or the same.</summary>
    public static bool operator >=(ChartVersion first, ChartVersion second) => first.CompareTo(second) >= 0;

    /// <summary>As it is said of a beginning: its line, where it is the first of it.</summary>
    internal string AsBeginning => Patch == 0 ? Line : ToString();

    /// <summary>The first of the line, as the beginning of a range.</summary>
    internal static ChartVersion FirstOf(string text)
    {
        var version = Parse(text);
        return version.Patch == LastOfLine ? version with { Patch = 0 } : version;
    }

    private const int LastOfLine = int.MaxValue;

    [GeneratedRegex(@"^v?([0-9]{1,6})\.([0-9]{1,6})(?:\.([0-9]{1,6}))?(?:[-+][0-9A-Za-z.+-]*)?\z")]
    private static partial Regex Form();
}

/// <summary>The charts from one to another.</summary>
/// <param name="Since">The first; null from the beginning.</param>
/// <param name="Until">The last; null up to the newest and beyond.</param>
public sealed record ChartRange(ChartVersion? Since, ChartVersion? Until)
{
    /// <summary>Every chart.</summary>
    public static ChartRange All { get; } = new(null, null);

    /// <summary>True when the range has the chart.</summary>
    public bool Has(ChartVersion chart) => (Since is not { } since || chart >= since) && (Until is not { } until || chart <= until);
}
