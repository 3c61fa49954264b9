using System.Globalization;

namespace Runner.EmbeddedCluster.Controllers.Runtime;

/// <summary>Kubernetes quantities such as <c>500m</c>, <c>46Gi</c>, <c>2e3</c>, read as exact decimals.</summary>
internal static class Quantity
{
    private static readonly (string Suffix, decimal Factor)[] Suffixes =
    [
        ("Ki", 1024m), ("Mi", 1048576m), ("Gi", 1073741824m), ("Ti", 1099511627776m), ("Pi", 1125899906842624m), ("Ei", 1152921504606846976m),
        ("n", 0.000000001m), ("u", 0.000001m), ("m", 0.001m), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), ("P", 1e15m), ("E", 1e18m),
    ];

    /// <summary>The value in the resource's base unit; 0 for what is no quantity.</summary>
    public static decimal Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return 0;
        }

        foreach (var (suffix, factor) in Suffixes)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal) && Plain(text[..^suffix.Length]) is { } number)
            {
                return number * factor;
            }
        }

        return Plain(text) ?? 0;
    }

    /// <summary>A value as plain number, or in thousandths where it is no whole number.</summary>
    public static string Format(decimal value) =>
        value == decimal.Truncate(value) ? value.ToString("0", CultureInfo.InvariantCulture) : $"{(value * 1000).ToString("0", CultureInfo.InvariantCulture)}m";

    /// <summary>Bytes in the largest binary unit that keeps them whole.</summary>
    public static string FormatBytes(decimal bytes)
    {
        foreach (var (suffix, factor) in Suffixes[..4].AsEnumerable().Reverse())
        {
            if (bytes >= factor && bytes % factor == 0)
            {
                return (bytes / factor).ToString("0", CultureInfo.InvariantCulture) + suffix;
            }
        }

        return Format(bytes);
    }

    private static decimal? Plain(string text) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
