using System.Globalization;
using System.Text.RegularExpressions;

namespace Runner.EmbeddedCluster.Controllers.Argo;

/// <summary>
/// Expressions of <c>when</c> (<c>heads == heads &amp;&amp; 3 &gt; 2</c>) and <c>depends</c> (<c>A.Succeeded || !B</c>): comparisons, negation, parentheses, and, or.
/// Values are compared as numbers where both are, else as texts.
/// </summary>
internal sealed partial class Condition
{
    private static readonly string[] Comparisons = ["==", "!=", "<=", ">=", "<", ">", "=~"];

    private readonly List<string> _tokens;
    private readonly Func<string, bool> _fact;
    private int _next;

    private Condition(string text, Func<string, bool> fact)
    {
        _tokens = [.. Token().Matches(text).Select(m => m.Value)];
        _fact = fact;
    }

    /// <param name="fact">Whether a word that stands alone is true.</param>
    /// <exception cref="TemplateFault">The text is no expression.</exception>
    public static bool IsTrue(string text, Func<string, bool> fact)
    {
        var condition = new Condition(text, fact);
        var result = condition.Either();
        return condition._next == condition._tokens.Count ? result : throw condition.Fault();
    }

    private bool Either()
    {
        var result = Both();
        while (Take("||"))
        {
            // The right side is read in any case, or its words would be left over.
            result = Both() || result;
        }

        return result;
    }

    private bool Both()
    {
        var result = Single();
        while (Take("&&"))
        {
            result = Single() && result;
        }

        return result;
    }

    private bool Single()
    {
        var negated = false;
        while (Take("!"))
        {
            negated = !negated;
        }

        if (!Take("("))
        {
            return Comparison() != negated;
        }

        var result = Either();
        return Take(")") ? result != negated : throw Fault();
    }

    private bool Comparison()
    {
        var left = Word();
        if (_next == _tokens.Count || !Comparisons.Contains(_tokens[_next]))
        {
            return _fact(left);
        }

        var comparison = _tokens[_next++];
        var right = Word();
        if (comparison == "=~")
        {
            return Matches(left, right);
        }

        var numbers = Number(left) is { } one && Number(right) is { } other ? one.CompareTo(other) : string.CompareOrdinal(left, right);
        return comparison switch
        {
            "==" => numbers == 0,
            "!=" => numbers != 0,
            "<" => numbers < 0,
            ">" => numbers > 0,
            "<=" => numbers <= 0,
            _ => numbers >= 0,
        };
    }

    private bool Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.ExplicitCapture, TimeSpan.FromMilliseconds(100));
        }
        catch (Exception unusable) when (unusable is ArgumentException or RegexMatchTimeoutException)
        {
            throw Fault();
        }
    }

    private string Word()
    {
        if (_next == _tokens.Count || _tokens[_next] is "||" or "&&" or "(" or ")" or "!" || Comparisons.Contains(_tokens[_next]))
        {
            throw Fault();
        }

        var word = _tokens[_next++];
        return word[0] is '\'' or '"' ? word[1..^1] : word;
    }

    private bool Take(string token)
    {
        if (_next == _tokens.Count || _tokens[_next] != token)
        {
            return false;
        }

        _next++;
        return true;
    }

    private TemplateFault Fault() => new($"Invalid expression '{string.Join(' ', _tokens)}'");

    private static decimal? Number(string text) => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex(@"\|\||&&|==|!=|<=|>=|=~|[!<>()]|'[^']*'|""[^""]*""|[^\s()!=<>&|'""]+", RegexOptions.ExplicitCapture)]
    private static partial Regex Token();
}
