namespace Runner.Engine.Values;

/// <summary>The comments of a file, so that none is lost on the way of its key.</summary>
internal static class DocumentComments
{
    /// <summary>Texts of all comments from their number sign on, in the order of the file.</summary>
    public static IReadOnlyList<string> Of(ValuesDocument document)
    {
        var (text, spans, comments) = (document.Text, new Queue<(int Start, int End)>(Spans(document.Root).OrderBy(span => span.Start)), new List<string>());
        for (var at = 0; at < text.Length; at++)
        {
            while (spans.TryPeek(out var span) && span.End <= at)
            {
                spans.Dequeue();
            }

            if (spans.TryPeek(out var inside) && inside.Start <= at)
            {
                at = inside.End - 1;
            }
            else if (text[at] == '#' && (at == 0 || text[at - 1] is ' ' or '\t' or '\n' or '\uFEFF'))
            {
                var end = text.IndexOf('\n', at) is >= 0 and var found ? found : text.Length;
                comments.Add(text[at..end].TrimEnd());
                at = end;
            }
        }

        return comments;
    }

    /// <summary>The file with the comments that another one has and it has not, above a key.</summary>
    public static ValuesDocument Keep(ValuesDocument before, ValuesDocument after, KeyPath above)
    {
        var there = Of(after).CountBy(comment => comment).ToDictionary();
        var lost = new List<string>();
        foreach (var comment in Of(before))
        {
            there[comment] = there.GetValueOrDefault(comment) - 1;
            if (there[comment] < 0)
            {
                lost.Add(comment);
            }
        }

        if (lost.Count == 0)
        {
            return after;
        }

        var lines = new TextLines(after.Text);
        var entry = after.Find(above.Parent)!.EntryOf(above.Last.Key)!;
        var first = lines.IsFirstOfLine(entry.KeyStart);
        var at = first ? lines.StartWithComments(entry.KeyStart, above.Parent.IsRoot) : lines.StartOfLine(entry.KeyStart);
        var margin = new string(' ', first ? lines.Column(entry.KeyStart) : lines.IndentAt(at));
        return after.Apply(new TextChange(at, "", string.Concat(lost.Select(comment => margin + comment + lines.Newline))));
    }

    private static IEnumerable<(int Start, int End)> Spans(YamlNode? node) =>
        node is null ? []
        : node.Kind is YamlKind.Scalar ? [(node.Start, node.End)]
        : node.Items.SelectMany(Spans).Concat(node.Entries.SelectMany(entry => Spans(entry.Value).Prepend((entry.KeyStart, entry.KeyEnd))));
}
