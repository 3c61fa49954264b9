using System.Text;

namespace Runner.Web.Components.Models;

/// <summary>A run of characters that look the same.</summary>
/// <param name="Style">CSS classes; empty for plain text.</param>
public readonly record struct TextRun(string Text, string Style);

/// <summary>Turns terminal output into runs: colours and weights of <c>ESC[…m</c> become classes, every other escape sequence is left out.</summary>
public static class AnsiText
{
    private const char Escape = '\u001b';

    /// <param name="line">One line as the container wrote it.</param>
    /// <param name="highlight">Text to mark, regardless of case; empty for none.</param>
    public static IReadOnlyList<TextRun> Runs(string line, string highlight = "")
    {
        if (!line.Contains(Escape, StringComparison.Ordinal))
        {
            return Mark([new TextRun(Printable(line), "")], highlight);
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
        return Mark(runs, highlight);
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

    private static List<TextRun> Mark(List<TextRun> runs, string highlight)
    {
        if (highlight.Length == 0)
        {
            return runs;
        }

        var marked = new List<TextRun>();
        foreach (var run in runs)
        {
            var from = 0;
            for (var at = 0; (at = run.Text.IndexOf(highlight, from, StringComparison.OrdinalIgnoreCase)) >= 0; from = at + highlight.Length)
            {
                if (at > from)
                {
                    marked.Add(run with { Text = run.Text[from..at] });
                }

                marked.Add(new TextRun(run.Text.Substring(at, highlight.Length), $"{run.Style} hit".Trim()));
            }

            if (from < run.Text.Length || run.Text.Length == 0)
            {
                marked.Add(run with { Text = run.Text[from..] });
            }
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
