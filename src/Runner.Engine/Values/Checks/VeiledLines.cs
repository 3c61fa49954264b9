using System.Text;
using System.Text.RegularExpressions;

namespace Runner.Engine.Values;

/// <summary>A line as it is shown, and what it stands for: a line, or several where a secret goes over them. Both without the ending of the last.</summary>
internal sealed record VeiledLine(string Real, string Shown);

/// <summary>Finds what of a file is secret, line by line. Pure.</summary>
internal static partial class VeiledLines
{
    private const string Placeholder = $"\"{ValuesMask.Placeholder}\"";

    /// <summary>Every line with its ending, which the last one has not.</summary>
    public static List<(string Text, string Ending)> Split(string text)
    {
        var lines = new List<(string, string)>();
        for (var at = 0; at <= text.Length;)
        {
            var end = text.IndexOfAny(['\r', '\n'], at);
            if (end < 0)
            {
                lines.Add((text[at..], ""));
                break;
            }

            var ending = text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? "\r\n" : text[end].ToString();
            lines.Add((text[at..end], ending));
            at = end + ending.Length;
        }

        return lines;
    }

    /// <summary>Of a file whose secrets are shown.</summary>
    public static IReadOnlyList<VeiledLine> Open(string text) => [.. Split(text).Select(line => new VeiledLine(line.Text, line.Text))];

    /// <summary>Of a file that can be read: what <see cref="ValuesMask"/> hides of it.</summary>
    public static IReadOnlyList<VeiledLine> Of(ValuesDocument document)
    {
        var text = document.Text;
        var lines = new List<VeiledLine>();
        var (start, at, shown) = (0, 0, new StringBuilder());
        foreach (var hidden in ValuesMask.Hidden(document))
        {
            Show(hidden.Start);
            shown.Append(hidden.Shown);
            at = hidden.End;
        }

        Show(text.Length);
        lines.Add(new(text[start..], shown.ToString()));
        return lines;

        // An ending inside a secret ends no line.
        void Show(int until)
        {
            foreach (var (line, ending) in Split(text[at..until]))
            {
                shown.Append(line);
                at += line.Length;
                if (ending.Length > 0)
                {
                    lines.Add(new(text[start..at], shown.ToString()));
                    shown.Clear();
                    start = at += ending.Length;
                }
            }
        }
    }

    /// <summary>
    /// Of a file in the middle of a line: what was veiled stays so; elsewhere everything is hidden at and below keys of secrets, as far as indentation tells, and what repeats a secret.
    /// Rather too much is hidden than too little.
    /// </summary>
    /// <param name="veiled">What was veiled until now.</param>
    /// <param name="secrets">Secrets that are known.</param>
    public static IReadOnlyList<VeiledLine> Guess(string text, IEnumerable<VeiledLine> veiled, IReadOnlyCollection<string> secrets)
    {
        var known = veiled.Select(line => (Lines: Split(line.Real), line.Shown)).ToLookup(one => one.Lines[0].Text, StringComparer.Ordinal);
        var repeats = ValuesMask.Repeats(secrets);
        var parts = secrets.Select(Split).Where(secret => secret.Count > 1).SelectMany(secret => secret).Select(line => line.Text.Trim()).Where(line => line.Length > 0).ToHashSet(StringComparer.Ordinal);
        var lines = Split(text);
        var keys = new Stack<(int Indent, KeyPath Path)>();
        var found = new List<VeiledLine>();
        for (var at = 0; at < lines.Count;)
        {
            var line = lines[at].Text;
            var guessed = Guess(line, keys);
            if (known[line].Where(one => StandsAt(lines, at, one.Lines)).OrderByDescending(one => one.Lines.Count).FirstOrDefault() is { Lines: { } same } before)
            {
                found.Add(new(string.Concat(lines.Skip(at).Take(same.Count - 1).Select(part => part.Text + part.Ending)) + lines[at + same.Count - 1].Text, before.Shown));
                at += same.Count;
            }
            else
            {
                found.Add(new(line, parts.Contains(line.Trim()) ? Hide(line) : repeats(guessed)));
                at++;
            }
        }

        return found;
    }

    private static string Hide(string line) => line[..^line.TrimStart().Length] + Placeholder;

    private static bool StandsAt(List<(string Text, string Ending)> lines, int at, List<(string Text, string Ending)> part) =>
        at + part.Count <= lines.Count && part.Select(line => line.Text).SequenceEqual(lines.Skip(at).Take(part.Count).Select(line => line.Text), StringComparer.Ordinal);

    /// <summary>A line without what seems to be a secret in it.</summary>
    /// <param name="keys">The keys that the line is below, the nearest on top; afterwards those of the next line.</param>
    private static string Guess(string line, Stack<(int Indent, KeyPath Path)> keys)
    {
        var key = KeyOfLine().Match(line);
        var indent = key.Success ? key.Groups["indent"].Length : line.Length - line.TrimStart().Length;
        KeyPath Above() => keys.FirstOrDefault(above => above.Indent < indent).Path ?? KeyPath.Root;
        if (!key.Success)
        {
            return indent < line.Length && ValuesMask.IsSecret(Above()) ? Hide(line) : line;
        }

        while (keys.TryPeek(out var above) && above.Indent >= indent)
        {
            keys.Pop();
        }

        var path = Above().Child(key.Groups["key"].Value);
        keys.Push((indent, path));
        var value = key.Groups["value"];
        var isHidden = value.Length > 0 && !NoSecret().IsMatch(value.Value) && !ValuesMask.IsPlaceholder(value.Value)
            && (ValuesMask.IsSecret(path) || InnerKey().Matches(value.Value).Any(inner => ValuesMask.IsSecret(path.Child(inner.Groups["key"].Value))));
        return isHidden ? line[..value.Index] + Placeholder : line;
    }

    [GeneratedRegex("""^(?<indent>\s*(?:-\s+)*)["']?(?<key>[^\s"'#:{}\[\],&*!|>-][^"'#:]*?)["']?\s*:(?:\s+(?<value>.*))?$""")]
    private static partial Regex KeyOfLine();

    [GeneratedRegex("""(?<key>[\w.-]+)["']?\s*:""")]
    private static partial Regex InnerKey();

    // A comment, a truth value, or what only begins a value on the next lines.
    [GeneratedRegex("""^(?:#.*|(?:true|false|[|>][-+\d]*)\s*(?:#.*)?)$""")]
    private static partial Regex NoSecret();
}
