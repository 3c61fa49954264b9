using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;

namespace Runner.Engine.Values;

/// <summary>How a line of a difference is.</summary>
public enum DiffKind
{
    /// <summary>In both.</summary>
    Same,

    /// <summary>Only in the new text.</summary>
    Added,

    /// <summary>Only in the old text.</summary>
    Removed,
}

/// <summary>A line of a difference.</summary>
/// <param name="Old">Its number in the old text, from 1; null where it is not there.</param>
/// <param name="New">Its number in the new text, from 1; null where it is not there.</param>
public sealed record DiffLine(DiffKind Kind, int? Old, int? New, string Text);

/// <summary>Compares texts line by line.</summary>
public static class ValuesDiff
{
    /// <summary>All lines of both texts, in order.</summary>
    public static IReadOnlyList<DiffLine> Lines(string before, string after)
    {
        var (lines, old, current) = (new List<DiffLine>(), 0, 0);
        foreach (var piece in InlineDiffBuilder.Diff(before, after, ignoreWhiteSpace: false).Lines)
        {
            lines.Add(piece.Type switch
            {
                ChangeType.Inserted => new(DiffKind.Added, null, ++current, piece.Text),
                ChangeType.Deleted => new(DiffKind.Removed, ++old, null, piece.Text),
                _ => new(DiffKind.Same, ++old, ++current, piece.Text),
            });
        }

        return lines;
    }

    /// <summary>The changed lines with <paramref name="around"/> lines around them, as <c>diff -u</c> writes them; empty where nothing differs.</summary>
    public static string Unified(string before, string after, string from, string to, int around = 3)
    {
        var lines = Lines(before, after);
        var shown = new bool[lines.Count];
        for (var index = 0; index < lines.Count; index++)
        {
            if (lines[index].Kind != DiffKind.Same)
            {
                Array.Fill(shown, true, Math.Max(0, index - around), Math.Min(lines.Count, index + around + 1) - Math.Max(0, index - around));
            }
        }

        if (!shown.Contains(true))
        {
            return "";
        }

        var text = new System.Text.StringBuilder().Append("--- ").Append(from).Append('\n').Append("+++ ").Append(to).Append('\n');
        for (var index = 0; index < lines.Count; index++)
        {
            if (shown[index] && (index == 0 || !shown[index - 1]))
            {
                AppendHunk(text, lines, shown, index);
            }
        }

        return text.ToString();
    }

    private static void AppendHunk(System.Text.StringBuilder text, IReadOnlyList<DiffLine> lines, bool[] shown, int first)
    {
        var hunk = lines.Skip(first).TakeWhile((_, offset) => shown[first + offset]).ToList();
        var (old, current) = (hunk.Count(line => line.Kind != DiffKind.Added), hunk.Count(line => line.Kind != DiffKind.Removed));
        var oldStart = lines.Take(first).Count(line => line.Kind != DiffKind.Added) + (old > 0 ? 1 : 0);
        var newStart = lines.Take(first).Count(line => line.Kind != DiffKind.Removed) + (current > 0 ? 1 : 0);
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"@@ -{oldStart},{old} +{newStart},{current} @@\n");
        foreach (var line in hunk)
        {
            text.Append(line.Kind switch { DiffKind.Added => '+', DiffKind.Removed => '-', _ => ' ' }).Append(line.Text).Append('\n');
        }
    }
}
