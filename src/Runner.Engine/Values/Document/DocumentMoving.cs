using System.Text;

namespace Runner.Engine.Values;

/// <summary>Gives a key another place and name, with its value as it is written and its own comments.</summary>
internal sealed class DocumentMoving(ValuesDocument document)
{
    private readonly TextLines _lines = new(document.Text);

    private string Text => document.Text;

    /// <summary>The change of the text; null where the key is written in a way that only an edit of the text can move.</summary>
    public TextChange? Move(KeyPath from, KeyPath to, Func<KeyPath, int> order)
    {
        var map = document.Find(from.Parent)!;
        var entry = map.EntryOf(from.Last.Key)!;
        if (from.Parent.Equals(to.Parent))
        {
            return Replace(entry.KeyStart, entry.KeyEnd, YamlValue.Quote(to.Last.Key, ScalarStyle.Plain));
        }

        // A map that this leaves empty goes too; its comments go with the key, see DocumentComments.
        var (cut, cutPath) = (entry, from);
        while (!cutPath.Parent.IsRoot && !to.StartsWith(cutPath.Parent) && document.Find(cutPath.Parent)!.Entries.Count == 1)
        {
            cutPath = cutPath.Parent;
            cut = document.Find(cutPath.Parent)!.EntryOf(cutPath.Last.Key)!;
        }

        var movable = !map.Flow && _lines.IsFirstOfLine(entry.KeyStart) && _lines.IsFirstOfLine(cut.KeyStart) && !document.Find(cutPath.Parent)!.Flow;
        return movable ? MoveLines(entry, from, cut, cutPath, to, order) : null;
    }

    private TextChange? MoveLines(YamlEntry entry, KeyPath from, YamlEntry cut, KeyPath cutPath, KeyPath to, Func<KeyPath, int> order)
    {
        var column = _lines.Column(entry.KeyStart);
        var start = _lines.StartWithComments(entry.KeyStart, from.Parent.IsRoot);
        var end = _lines.EndWithComments(entry.Value.End, column);
        var (cutStart, cutEnd) = ReferenceEquals(cut, entry) ? (start, end) : (_lines.StartWithComments(cut.KeyStart, cutPath.Parent.IsRoot), _lines.EndWithComments(cut.Value.End, _lines.Column(cut.KeyStart)));

        var home = to.Parent;
        while (!home.IsRoot && (document.Find(home) is null || home.StartsWith(cutPath)))
        {
            home = home.Parent;
        }

        var target = document.Find(home)!;
        if (target.Kind != YamlKind.Map || target.Flow)
        {
            return null;
        }

        var neighbours = target.Entries.Where(candidate => !ReferenceEquals(candidate, cut)).ToList();
        var homeColumn = _lines.Column(target.Entries[0].KeyStart);
        var added = to.Steps[home.Steps.Count].Key;
        var rank = order(home.Child(added));
        var before = neighbours.Where(candidate => order(home.Child(candidate.Key)) <= rank).MaxBy(candidate => order(home.Child(candidate.Key)));
        var at = before is not null ? _lines.EndWithComments(before.Value.End, homeColumn)
            : neighbours.Count == 0 ? cutStart
            : _lines.StartWithComments(neighbours[0].KeyStart, home.IsRoot);
        at = at > cutStart && at < cutEnd ? cutStart : at;
        return Join(cutStart, cutEnd, at, Lines(entry, start, end, column, homeColumn, home, to));
    }

    private string Lines(YamlEntry entry, int start, int end, int column, int homeColumn, KeyPath home, KeyPath to)
    {
        var lines = new StringBuilder();
        foreach (var step in to.Steps.Skip(home.Steps.Count).SkipLast(1))
        {
            lines.Append(' ', homeColumn).Append(YamlValue.Quote(step.Key, ScalarStyle.Plain)).Append(':').Append(_lines.Newline);
            homeColumn += 2;
        }

        var moved = string.Concat(Text.AsSpan(start, entry.KeyStart - start), YamlValue.Quote(to.Last.Key, ScalarStyle.Plain), Text.AsSpan(entry.KeyEnd, end - entry.KeyEnd));
        foreach (var line in moved.TrimEnd('\n').Split('\n'))
        {
            var content = line.TrimEnd('\r');
            var shifted = content.Trim().Length == 0 ? content
                : homeColumn >= column ? new string(' ', homeColumn - column) + content
                : content[Math.Min(column - homeColumn, content.Length - content.TrimStart(' ').Length)..];
            lines.Append(shifted).Append(_lines.Newline);
        }

        return lines.ToString();
    }

    /// <summary>One change that takes lines away at one place and puts lines in at another.</summary>
    private TextChange Join(int cutStart, int cutEnd, int at, string lines)
    {
        if (at <= cutStart)
        {
            return Replace(at, cutEnd, lines + Text[at..cutStart]);
        }

        var between = Text[cutEnd..at];
        var ended = between.Length == 0 || between[^1] == '\n' ? "" : _lines.Newline;
        return Replace(cutStart, at, between + ended + lines);
    }

    private TextChange Replace(int start, int end, string inserted) => new(start, Text[start..end], inserted);
}
