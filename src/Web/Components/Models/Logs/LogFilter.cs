using System.Text.RegularExpressions;

namespace Runner.Web.Components.Models.Logs;

/// <summary>Which lines are shown, and what of them is marked: a text, or a regular expression that never looks back, so that none can stall the page.</summary>
public sealed class LogFilter
{
    /// <summary>Longest filter, in characters.</summary>
    public const int MaxLength = 500;

    /// <summary>So much of a line is looked at, in characters.</summary>
    public const int MaxLine = 16 * 1024;

    private const int MaxHits = 100;

    // Time per line grows with its length only; this is for expressions that are too large in themselves.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private readonly Regex? _expression;
    private readonly string _text;

    private LogFilter(string text, Regex? expression) => (_text, _expression) = (text, expression);

    /// <summary>Shows every line, marks nothing.</summary>
    public static LogFilter None { get; } = new("", null);

    public bool IsEmpty => _text.Length == 0;

    /// <summary>Set when the expression took too long on a line: such lines are not shown.</summary>
    public bool TooSlow { get; private set; }

    /// <param name="text">What lines must hold, regardless of case; empty for all lines.</param>
    /// <param name="expression">Whether the text is a regular expression.</param>
    /// <param name="problem">What is wrong with the expression; null when all is well.</param>
    /// <returns><see cref="None"/> when there is a problem.</returns>
    public static LogFilter Make(string text, bool expression, out string? problem)
    {
        problem = null;
        if (text.Length > MaxLength)
        {
            problem = $"> {MaxLength}";
            return None;
        }

        if (text.Length == 0 || !expression)
        {
            return text.Length == 0 ? None : new(text, null);
        }

        try
        {
            return new(text, new Regex(text, RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, Patience));
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            problem = exception.Message;
            return None;
        }
    }

    /// <param name="line">As it came, escape sequences included.</param>
    public bool Shows(string line)
    {
        if (IsEmpty)
        {
            return true;
        }

        var plain = Head(AnsiText.Plain(Head(line)));
        try
        {
            return _expression?.IsMatch(plain) ?? plain.Contains(_text, StringComparison.OrdinalIgnoreCase);
        }
        catch (RegexMatchTimeoutException)
        {
            TooSlow = true;
            return false;
        }
    }

    /// <summary>What is marked in a text without escape sequences: in order, none of them empty.</summary>
    public IReadOnlyList<Range> HitsIn(string plain)
    {
        if (IsEmpty)
        {
            return [];
        }

        var hits = new List<Range>();
        try
        {
            if (_expression is not null)
            {
                foreach (var match in _expression.EnumerateMatches(Head(plain)))
                {
                    Add(match.Index, match.Length);
                    if (hits.Count == MaxHits)
                    {
                        break;
                    }
                }
            }
            else
            {
                for (var at = 0; hits.Count < MaxHits && (at = plain.IndexOf(_text, at, StringComparison.OrdinalIgnoreCase)) >= 0; at += _text.Length)
                {
                    Add(at, _text.Length);
                }
            }
        }
        catch (RegexMatchTimeoutException)
        {
            TooSlow = true;
        }

        return hits;

        void Add(int start, int length)
        {
            if (length > 0)
            {
                hits.Add(start..(start + length));
            }
        }
    }

    private static string Head(string line) => line.Length > MaxLine ? line[..MaxLine] : line;
}
