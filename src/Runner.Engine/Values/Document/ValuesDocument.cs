using System.Text;
using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>A change of a text: at <paramref name="Start"/>, <paramref name="Removed"/> was replaced by <paramref name="Inserted"/>.</summary>
/// <param name="Start">Offset in UTF-16 units.</param>
public sealed record TextChange(int Start, string Removed, string Inserted)
{
    /// <summary>The change that takes this one back.</summary>
    public TextChange Inverse => new(Start, Inserted, Removed);

    /// <summary>The text after the change.</summary>
    public string ApplyTo(string text) => string.Concat(text.AsSpan(0, Start), Inserted, text.AsSpan(Start + Removed.Length));
}

/// <summary>A values file: its text, and what the text says. Never changes; an edit gives another document, with every byte that the edit does not touch as it was.</summary>
public sealed class ValuesDocument
{
    /// <summary>Files of more characters are refused: no Helm release takes them.</summary>
    public const int MaxLength = 1024 * 1024;

    private LineStarts? _lines;

    private ValuesDocument(string text, YamlNode? root)
    {
        Text = text;
        Root = root;
    }

    /// <summary>The whole text, with its byte order mark where it has one.</summary>
    public string Text { get; }

    /// <summary>The map at the top; null for a file that has nothing but comments.</summary>
    public YamlNode? Root { get; }

    /// <summary>Reads a values file.</summary>
    /// <exception cref="ValuesException">The text is no values file; says where and why.</exception>
    public static ValuesDocument Parse(string text)
    {
        if (text.Length > MaxLength)
        {
            throw ReaderProblems.TooLarge(MaxLength);
        }

        return new(text, YamlReader.Read(text));
    }

    /// <summary>Reads the bytes of a values file, which must be UTF-8.</summary>
    /// <exception cref="ValuesException">The bytes are no values file; says where and why.</exception>
    public static ValuesDocument Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Parse(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            throw ReaderProblems.Make("", 0, "not-utf8", "The file is not text in UTF-8.", "文件不是 UTF-8 文本。", "Save it as UTF-8 and try again.", "请另存为 UTF-8 后重试。");
        }
    }

    /// <summary>The file's bytes.</summary>
    public byte[] ToBytes() => new UTF8Encoding(false).GetBytes(Text);

    /// <summary>The node at a path; null where there is none. Does not look through aliases and merges.</summary>
    public YamlNode? Find(KeyPath path)
    {
        var node = Root;
        foreach (var step in path.Steps)
        {
            node = !step.IsIndex ? node?[step.Key] : node is not null && step.Index < node.Items.Count ? node.Items[step.Index] : null;
        }

        return node;
    }

    /// <summary>Line and column of an offset, from 1.</summary>
    public (int Line, int Column) LineAndColumn(int offset) => (_lines ??= new(Text)).At(offset);

    /// <summary>Sets the value at a path, and adds its key where it is absent.</summary>
    /// <param name="path">Where; positions in lists must exist.</param>
    /// <param name="value">What.</param>
    /// <param name="order">The rank of a key among those of its map, for its place when it is added; at the end where none is given.</param>
    /// <exception cref="ValuesException">The edit would change more than this value, or there is no place for it.</exception>
    public ValuesDocument Set(KeyPath path, YamlValue value, Func<KeyPath, int>? order = null) => Set(path, value, order, out _);

    /// <inheritdoc cref="Set(KeyPath, YamlValue, Func{KeyPath, int}?)"/>
    public ValuesDocument Set(KeyPath path, YamlValue value, Func<KeyPath, int>? order, out TextChange change)
    {
        var edit = new DocumentEditing(this).Set(path, value, order);
        change = edit.Change;
        return Apply(edit);
    }

    /// <summary>Takes a key away with its own comments, and the maps that are left empty by it: the default holds again. A key that is not there stays away.</summary>
    /// <exception cref="ValuesException">The edit would change more than this key.</exception>
    public ValuesDocument Remove(KeyPath path) => Remove(path, out _);

    /// <inheritdoc cref="Remove(KeyPath)"/>
    public ValuesDocument Remove(KeyPath path, out TextChange change)
    {
        change = new(0, "", "");
        if (Find(path) is null)
        {
            return this;
        }

        var edit = new DocumentEditing(this).Remove(path);
        change = edit.Change;
        return Apply(edit);
    }

    /// <summary>Gives a key another place and name; its value and its own comments go with it as they are written. Null where it cannot be moved without changing something else.</summary>
    internal ValuesDocument? Move(KeyPath from, KeyPath to, Func<KeyPath, int> order)
    {
        try
        {
            if (Find(from) is not { } moved || Find(to) is not null)
            {
                return null;
            }

            var after = new DocumentMoving(this).Move(from, to, order) is { } change ? Apply(change)
                : moved.Kind == YamlKind.Alias || moved.Anchor.Length > 0 ? null
                : Rewrite(from, to, order);
            after = after?.Find(to) is null ? null : DocumentComments.Keep(this, after, to);
            return after is not null && after.Find(from) is null && Same(HelmValues.Read(this), from, HelmValues.Read(after), to) ? after : null;
        }
        catch (ValuesException)
        {
            return null;
        }
    }

    /// <summary>Moves a key by writing its value anew at its new place. A map that the new place is in must not go on the way.</summary>
    private ValuesDocument Rewrite(KeyPath from, KeyPath to, Func<KeyPath, int> order)
    {
        var value = HelmValues.ToYaml(HelmValues.Read(this).At(from));
        var emptied = from;
        while (!emptied.Parent.IsRoot && Find(emptied.Parent) is { Entries.Count: 1 })
        {
            emptied = emptied.Parent;
        }

        return to.StartsWith(emptied) ? Set(to, value, order).Remove(from) : Remove(from).Set(to, value, order);
    }

    private static bool Same(JsonObject before, KeyPath from, JsonObject after, KeyPath to) =>
        JsonNode.DeepEquals(before.At(from), after.At(to)) && JsonNode.DeepEquals(Without(before, from), Without(after, to));

    private static JsonObject Without(JsonObject values, KeyPath path)
    {
        for (var at = path; !at.IsRoot; at = at.Parent)
        {
            var map = at.Parent.IsRoot ? values : values.At(at.Parent) as JsonObject;
            if (at.Equals(path) || map?[at.Last.Key] is JsonObject { Count: 0 })
            {
                map?.Remove(at.Last.Key);
            }
        }

        return values;
    }

    /// <summary>Applies a change of the text, such as the inverse of an edit.</summary>
    public ValuesDocument Apply(TextChange change) => Parse(change.ApplyTo(Text));

    /// <summary>Makes the change and reads the result again: whatever a parser's offsets or an odd file may do, an edit that touches anything else is refused.</summary>
    private ValuesDocument Apply(PlannedEdit edit)
    {
        try
        {
            var after = Apply(edit.Change);
            if (SameBut(Root, after.Root, edit.Touched.Steps, 0) && edit.Holds(after))
            {
                return after;
            }
        }
        catch (ValuesException)
        {
            // The text after the change is no values file; the answer is the same.
        }

        throw ReaderProblems.Make(Text, edit.Change.Start, "edit-unsafe", "This value is written in a way that cannot be edited here without changing something else.",
            "此值的写法无法在不影响其他内容的情况下在此编辑。", "Edit it in the file's text.", "请在文件文本中编辑。", edit.Touched);
    }

    private static bool SameBut(YamlNode? before, YamlNode? after, IReadOnlyList<PathStep> steps, int depth)
    {
        if (depth == steps.Count)
        {
            return true;
        }

        var step = steps[depth];
        if (before is null || after is null)
        {
            return depth == 0 && steps.Count == 1 && (before ?? after) is not { Entries.Count: > 1 };
        }

        if (before.Kind != after.Kind || before.Anchor != after.Anchor || before.Tag != after.Tag)
        {
            return false;
        }

        if (step.IsIndex)
        {
            return before.Items.Count == after.Items.Count
                && before.Items.Zip(after.Items).Select((pair, index) => index == step.Index ? SameBut(pair.First, pair.Second, steps, depth + 1) : pair.First.SameAs(pair.Second)).All(same => same);
        }

        var (mine, theirs) = (before.Entries.LastOrDefault(entry => entry.Key == step.Key), after.Entries.LastOrDefault(entry => entry.Key == step.Key));
        var (others, othersAfter) = (before.Entries.Where(entry => entry != mine).ToList(), after.Entries.Where(entry => entry != theirs).ToList());
        return others.Count == othersAfter.Count
            && others.Zip(othersAfter).All(pair => pair.First.Key == pair.Second.Key && pair.First.Value.SameAs(pair.Second.Value))
            && (depth == steps.Count - 1 || SameBut(mine?.Value, theirs?.Value, steps, depth + 1));
    }
}
