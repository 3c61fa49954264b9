using System.Text.Json;
using System.Text.RegularExpressions;

namespace Runner.Tests.Engine.Support;

/// <summary>
/// A label filter of LogQL as Loki reads it: <c>((a="x" or a="") and b="z") or c="7"</c>, where <c>and</c> binds closer. Of one that is not well formed nothing is guessed, and none may have
/// a regular expression: in a stage Loki takes those for searches for text, unlike in a selector.
/// </summary>
internal sealed partial class LabelFilter
{
    private readonly Queue<Match> _tokens;

    private LabelFilter(string text)
    {
        var tokens = Tokens().Matches(text);
        if (tokens.Sum(token => token.Length) != text.Length)
        {
            throw new FormatException($"Not a label filter: {text}");
        }

        _tokens = new(tokens);
    }

    public static Func<Dictionary<string, string>, bool> Parse(string text)
    {
        var filter = new LabelFilter(text);
        var matches = filter.Any();
        return filter._tokens.Count == 0 ? matches : throw new FormatException($"Not a label filter: {text}");
    }

    /// <summary>As Loki does: an expression holds for the whole value, and a label that is not there is empty.</summary>
    public static Func<Dictionary<string, string>, bool> Matcher(string name, string @operator, string quoted)
    {
        var value = JsonSerializer.Deserialize<string>(quoted)!;
        var expression = @operator == "=~" ? new Regex($"^(?:{value})$") : null;
        return labels => labels.GetValueOrDefault(name, "") is var label && (expression?.IsMatch(label) ?? label == value);
    }

    private Func<Dictionary<string, string>, bool> Any()
    {
        var left = All();
        while (Take("or"))
        {
            var (one, other) = (left, All());
            left = labels => one(labels) || other(labels);
        }

        return left;
    }

    private Func<Dictionary<string, string>, bool> All()
    {
        var left = One();
        while (Take("and"))
        {
            var (one, other) = (left, One());
            left = labels => one(labels) && other(labels);
        }

        return left;
    }

    private Func<Dictionary<string, string>, bool> One()
    {
        if (Take("("))
        {
            var inner = Any();
            return Take(")") ? inner : throw new FormatException("A parenthesis is not closed");
        }

        var token = _tokens.Count > 0 ? _tokens.Dequeue() : throw new FormatException("A filter ends too early");
        return token.Groups[2].Value == "=" ? Matcher(token.Groups[1].Value, "=", token.Groups[3].Value) : throw new FormatException($"'{token.Value}' is no matcher, or one with a regular expression");
    }

    private bool Take(string word) => _tokens.TryPeek(out var next) && next.Value.Trim() == word && _tokens.TryDequeue(out _);

    [GeneratedRegex("""\s*(?:(\w+)(=~?)("(?:[^"\\]|\\.)*")|and\b|or\b|[()])\s*""")]
    private static partial Regex Tokens();
}
