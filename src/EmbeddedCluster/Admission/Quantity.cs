using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Runner.EmbeddedCluster.Admission;

/// <summary>A resource quantity: an exact decimal number with the suffix family it was written in, printed as the API server prints it.</summary>
internal readonly partial struct Quantity : IComparable<Quantity>
{
    private static readonly string[] BinarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    private static readonly string[] DecimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

    // In billionths: the finest unit the format knows; finer fractions round up.
    private readonly BigInteger _nanos;
    private readonly char _family;

    private Quantity(BigInteger nanos, char family) => (_nanos, _family) = (nanos, family);

    /// <summary>The text an unreadable quantity is refused with.</summary>
    public const string FormatFault = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    public bool IsInteger => _nanos % Scale(9) == 0;

    public int Sign => _nanos.Sign;

    public static bool TryParse([NotNullWhen(true)] string? text, out Quantity quantity)
    {
        quantity = default;
        var match = Format().Match(text?.Trim() ?? "");
        if (!match.Success || !TryFactor(match.Groups["suffix"].Value, out var numerator, out var denominator, out var family))
        {
            return false;
        }

        var fraction = match.Groups["fraction"].Value;
        if (fraction.Length > 40 || match.Groups["whole"].Length > 40 || (fraction.Length == 0 && match.Groups["whole"].Length == 0))
        {
            return false;
        }

        var digits = BigInteger.Parse(match.Groups["whole"].Value + fraction, CultureInfo.InvariantCulture);
        var divisor = denominator * Scale(fraction.Length);
        var nanos = BigInteger.DivRem(digits * numerator * Scale(9), divisor, out var rest);
        nanos += rest.IsZero ? 0 : 1;
        quantity = new Quantity(match.Groups["sign"].Value == "-" ? -nanos : nanos, family);
        return true;
    }

    public int CompareTo(Quantity other) => _nanos.CompareTo(other._nanos);

    /// <summary>The canonical form: no fraction, the largest suffix that loses nothing.</summary>
    public override string ToString()
    {
        if (_nanos.IsZero)
        {
            return "0";
        }

        return _family switch
        {
            'b' when IsInteger && BigInteger.Abs(_nanos) >= 1024 * Scale(9) => Binary(_nanos / Scale(9)),
            'e' => Decimal(exponent: true),
            _ => Decimal(exponent: false),
        };
    }

    private static string Binary(BigInteger whole)
    {
        var step = 0;
        while (step < BinarySuffixes.Length - 1 && whole % 1024 == 0)
        {
            whole /= 1024;
            step++;
        }

        return whole.ToString(CultureInfo.InvariantCulture) + BinarySuffixes[step];
    }

    private string Decimal(bool exponent)
    {
        var (value, step) = (_nanos, 0);
        while (step < DecimalSuffixes.Length - 1 && value % 1000 == 0)
        {
            value /= 1000;
            step++;
        }

        var number = value.ToString(CultureInfo.InvariantCulture);
        var power = (step - 3) * 3;
        return exponent ? power == 0 ? number : $"{number}e{power}" : number + DecimalSuffixes[step];
    }

    private static bool TryFactor(string suffix, out BigInteger numerator, out BigInteger denominator, out char family)
    {
        (numerator, denominator, family) = (1, 1, 'd');
        if (Array.IndexOf(DecimalSuffixes, suffix) is var step and >= 0)
        {
            numerator = Scale(Math.Max(0, (step - 3) * 3));
            denominator = Scale(Math.Max(0, (3 - step) * 3));
            return true;
        }

        if (Array.IndexOf(BinarySuffixes, suffix) is var binary and >= 0)
        {
            (numerator, family) = (BigInteger.Pow(1024, binary), 'b');
            return true;
        }

        if (suffix[0] is 'e' or 'E' && int.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var power) && Math.Abs(power) <= 30)
        {
            (numerator, denominator, family) = (Scale(Math.Max(0, power)), Scale(Math.Max(0, -power)), 'e');
            return true;
        }

        return false;
    }

    private static BigInteger Scale(int power) => BigInteger.Pow(10, power);

    [GeneratedRegex(@"^(?<sign>[+-]?)(?<whole>[0-9]*)(\.(?<fraction>[0-9]*))?(?<suffix>[a-zA-Z]*[-+]?[0-9]*)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Format();
}
