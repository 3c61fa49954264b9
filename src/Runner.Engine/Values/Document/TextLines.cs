namespace Runner.Engine.Values;

/// <summary>Lines, columns and comments of a YAML text, by offset.</summary>
internal sealed class TextLines(string text)
{
    /// <summary>Where the text begins: after its byte order mark.</summary>
    public int Beginning { get; } = text.StartsWith('\uFEFF') ? 1 : 0;

    /// <summary>The line ending of the file, by its first line.</summary>
    public string Newline { get; } = text.IndexOf('\n') is > 0 and var first && text[first - 1] == '\r' ? "\r\n" : "\n";

    public int StartOfLine(int at) => at == 0 ? Beginning : Math.Max(Beginning, text.LastIndexOf('\n', at - 1) + 1);

    /// <summary>The offset after the line's end; the text's end for a last line without one.</summary>
    public int EndOfLine(int at) => text.IndexOf('\n', at) is >= 0 and var end ? end + 1 : text.Length;

    /// <summary>Characters before an offset on its line.</summary>
    public int Column(int at) => at - StartOfLine(at);

    /// <summary>True when only spaces stand before it on its line.</summary>
    public bool IsFirstOfLine(int at) => text.AsSpan(StartOfLine(at), Column(at)).Trim(' ').IsEmpty;

    /// <summary>The offset after the colon that follows a key.</summary>
    public int AfterColon(int keyEnd) => text.IndexOf(':', keyEnd) + 1;

    /// <summary>The dash before a list's item.</summary>
    public int DashBefore(int item)
    {
        var at = Math.Max(0, item - 1);
        while (at > 0 && !(text[at] == '-' && (at + 1 == text.Length || char.IsWhiteSpace(text[at + 1]))))
        {
            at--;
        }

        return at;
    }

    /// <summary>The offset of a node's content behind its anchor and tag.</summary>
    public int SkipProperties(int start, int end)
    {
        var at = start;
        while (at < end && text[at] is '&' or '!')
        {
            while (at < end && !char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            while (at < end && char.IsWhiteSpace(text[at]))
            {
                at++;
            }
        }

        return at;
    }

    /// <summary>
    /// Where the lines of a key begin: with the comments right above it in its column. A block of comments that begins the file is the file's own.
    /// </summary>
    public int StartWithComments(int key, bool top)
    {
        var (start, column) = (StartOfLine(key), Column(key));
        var at = start;
        while (at > Beginning)
        {
            var above = StartOfLine(at - 1);
            var indent = IndentAt(above);
            if (above + indent >= text.Length || text[above + indent] != '#' || indent != column)
            {
                break;
            }

            at = above;
        }

        return top && at == Beginning ? start : at;
    }

    /// <summary>Where the lines of a value end: after its line and the comments below it that are indented deeper than its key.</summary>
    public int EndWithComments(int valueEnd, int keyColumn)
    {
        var at = EndOfLine(valueEnd);
        while (at < text.Length && IndentAt(at) is var indent && indent > keyColumn && at + indent < text.Length && text[at + indent] == '#')
        {
            at = EndOfLine(at);
        }

        return at;
    }

    /// <summary>How many spaces begin the line that begins at an offset.</summary>
    public int IndentAt(int lineStart)
    {
        var at = lineStart;
        while (at < text.Length && text[at] == ' ')
        {
            at++;
        }

        return at - lineStart;
    }
}
