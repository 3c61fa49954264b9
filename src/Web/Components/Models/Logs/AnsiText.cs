using System.Text;

namespace Runner.Web.Components.Models.Logs;

/// <summary>A run of characters that look the same.</summary>
/// <param name="Style">CSS classes; empty for plain text.</param>
public readonly record struct TextRun(string Text, string Style);

/// <summary>Turns terminal output into runs: colours and weights of <c>ESC[…m</c> become classes, every other escape sequence is left out.</summary>
public static class AnsiText
{
    private const char Escape = '\u001b';

    /// <param name="line">One line as the container wrote it.</param>
    /// <param name="highlight">What of the line is marked; null for nothing.</param>
    public static IReadOnlyList<TextRun> Runs(string line, LogFilter? highlight = null) => Mark(Coloured(line), highlight);

    /// <summary>The characters of the line without escape sequences: what a filter looks at.</summary>
    public static string Plain(string line) =>
        line.Contains(Escape, StringComparison.Ordinal) ? string.Concat(Coloured(line).Select(run => run.Text)) : Printable(line);

    private static List<TextRun> Coloured(string line)
    {
        if (!line.Contains(Escape, StringComparison.Ordinal))
        {
            return [new TextRun(Printable(line), "")];
        }

        var runs = new List<TextRun>();
        var style = new Style();
        var text = new StringBuilder();
        for (var index = 0; index < line.Length; index++)
        {
            if (line[index] != Escape)
            {
                text.Append(line[index]);
                continue;
            }

            var end = EndOfSequence(line, index);
            if (end < line.Length && line[end] == 'm' && line[index + 1] == '[')
            {
                Flush(runs, text, style);
                style = style.Apply(line[(index + 2)..end]);
            }

            index = end;
        }

        Flush(runs, text, style);
        return runs;
    }

    private static void Flush(List<TextRun> runs, StringBuilder text, Style style)
    {
        if (text.Length > 0)
        {
            runs.Add(new TextRun(Printable(text.ToString()), style.ToString()));
            text.Clear();
        }
    }

    // CSI sequences (ESC[) end with a letter or one of @ ^ _ ` { | } ~; all others are taken to be two characters long.
    private static int EndOfSequence(string line, int start)
    {
        if (start + 1 >= line.Length || line[start + 1] != '[')
        {
            return Math.Min(start + 1, line.Length - 1);
        }

        var end = start + 2;
        while (end < line.Length && line[end] is < '@' or > '~')
        {
            end++;
        }

        return end;
    }

    // A progress bar writes over itself with carriage returns: what stands last is what a terminal would show.
    private static string Printable(string text)
    {
        text = text.TrimEnd('\r');
        return text.LastIndexOf('\r') is var at and >= 0 ? text[(at + 1)..] : text;
    }

    private static List<TextRun> Mark(List<TextRun> runs, LogFilter? highlight)
    {
        var hits = highlight?.HitsIn(runs.Count == 1 ? runs[0].Text : string.Concat(runs.Select(run => run.Text))) ?? [];
        return hits.Count == 0 ? runs : Split(runs, hits);
    }

    // A hit may begin in one colour and end in another.
    private static List<TextRun> Split(List<TextRun> runs, IReadOnlyList<Range> hits)
    {
        var marked = new List<TextRun>();
        var (position, next) = (0, 0);
        foreach (var run in runs)
        {
            var (from, end) = (position, position + run.Text.Length);
            while (from < end)
            {
                while (next < hits.Count && hits[next].End.Value <= from)
                {
                    next++;
                }

                var inside = next < hits.Count && hits[next].Start.Value <= from;
                var until = next == hits.Count ? end : Math.Min(end, inside ? hits[next].End.Value : hits[next].Start.Value);
                var part = run with { Text = run.Text[(from - position)..(until - position)] };
                marked.Add(inside ? part with { Style = $"{run.Style} hit".Trim() } : part);
                from = until;
            }

            position = end;
        }

        return marked;
    }

    private readonly record struct Style(int Colour, bool Bold, bool Dim, bool Italic, bool Underline)
    {
        private const int None = 0;

        // 30-37 and 90-97 are the sixteen colours; the 256 and true colours (38;5;n, 38;2;r;g;b) keep the text's own, which is readable in both themes.
        public Style Apply(string codes)
        {
            var style = this;
            var parts = codes.Split(';');
            for (var index = 0; index < parts.Length; index++)
            {
                var code = int.TryParse(parts[index], out var number) ? number : 0;
                if (code is 38 or 48)
                {
                    index += index + 1 < parts.Length && parts[index + 1] == "5" ? 2 : 4;
                    continue;
                }

                style = code switch
                {
                    0 => default,
                    1 => style with { Bold = true },
                    2 => style with { Dim = true },
                    3 => style with { Italic = true },
                    4 => style with { Underline = true },
                    22 => style with { Bold = false, Dim = false },
                    23 => style with { Italic = false },
                    24 => style with { Underline = false },
                    39 => style with { Colour = None },
                    (>= 30 and <= 37) or (>= 90 and <= 97) => style with { Colour = code },
                    _ => style,
                };
            }

            return style;
        }

        public override string ToString() => string.Join(' ', Classes());

        private IEnumerable<string> Classes()
        {
            if (Colour != None)
            {
                yield return $"ansi-{(Colour >= 90 ? Colour - 60 : Colour)}";
            }

            if (Bold)
            {
                yield return "ansi-bold";
            }

            if (Dim)
            {
                yield return "ansi-dim";
            }

            if (Italic)
            {
                yield return "ansi-italic";
            }

            if (Underline)
            {
                yield return "ansi-underline";
            }
        }
    }
}
