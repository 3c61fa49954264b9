namespace Runner.Engine.Values;

/// <summary>An edit before it is made: the change of the text, the topmost path that it changes, and what must hold afterwards.</summary>
internal sealed record PlannedEdit(TextChange Change, KeyPath Touched, Func<ValuesDocument, bool> Holds);

/// <summary>Finds the smallest change of a document's text that makes an edit.</summary>
internal sealed class DocumentEditing(ValuesDocument document)
{
    private readonly TextLines _lines = new(document.Text);

    private string Text => document.Text;

    public PlannedEdit Set(KeyPath path, YamlValue value, Func<KeyPath, int>? order)
    {
        Refuse(path.IsRoot, path, 0, "no-path", "The whole file cannot be set as one value.", "不能把整个文件设为一个值。", "Choose a key.", "请选择一个键。");
        RefuseShared(path);
        if (document.Find(path) is { } node)
        {
            return new(Replace(path, node, value), path, after => after.Find(path) is { } set && value.Is(set));
        }

        var (wanted, added, content) = (path, path, value);
        while (!added.Parent.IsRoot && document.Find(added.Parent) is null)
        {
            RefuseIndex(added, path);
            content = new YamlValue.Map([new(added.Last.Key, content)]);
            added = added.Parent;
        }

        RefuseIndex(added, path);
        bool Holds(ValuesDocument after) => after.Find(wanted) is { } set && value.Is(set);
        var parent = document.Find(added.Parent);
        if (parent is { IsNull: true })
        {
            return new(Replace(added.Parent, parent, new YamlValue.Map([new(added.Last.Key, content)])), added.Parent, Holds);
        }

        Refuse(parent is not null && parent.Kind != YamlKind.Map, path, parent?.Start ?? 0, "not-a-map", $"'{added.Parent}' has a value of another kind, so it cannot have keys.",
            $"'{added.Parent}' 是其他类型的值，不能包含键。", "Remove it first, or edit the file's text.", "请先删除它，或编辑文件文本。");
        return new(Add(parent, added, content, order), added, Holds);
    }

    public PlannedEdit Remove(KeyPath path)
    {
        RefuseShared(path);
        while (!path.Parent.IsRoot && document.Find(path.Parent) is { Kind: YamlKind.Map, Entries.Count: 1 } && !path.Parent.Last.IsIndex)
        {
            path = path.Parent;
        }

        Refuse(path.Last.IsIndex, path, document.Find(path)!.Start, "list-item", "One item of a list is not removed on its own.", "不能单独删除列表中的一项。", "Set the list without it.", "请设置不含该项的列表。");
        var map = document.Find(path.Parent)!;
        var twice = map.Entries.Count(entry => entry.Key == path.Last.Key) > 1;
        Refuse(twice, path, map[path.Last.Key]!.Start, "duplicate-key", $"'{path}' is in the file twice; without this one the other would come to life.", $"'{path}' 在文件中出现两次；删除此处会使另一处生效。",
            "Remove one of them in the file's text.", "请在文件文本中删除其中之一。");
        return new(Cut(map, map.Entries.First(entry => entry.Key == path.Last.Key), path.Parent.IsRoot), path, after => after.Find(path) is null);
    }

    private TextChange Replace(KeyPath path, YamlNode node, YamlValue value)
    {
        if (node.Empty && node.Anchor.Length == 0 && node.Tag.Length == 0)
        {
            return Fill(path, node, value);
        }

        if (node is { Kind: YamlKind.Map or YamlKind.List, Flow: false })
        {
            return ReplaceBlock(path, node, value);
        }

        var content = node.Kind == YamlKind.Alias ? node.Start : _lines.SkipProperties(node.Start, node.End);
        var style = node.Style == ScalarStyle.Block ? ScalarStyle.Plain : node.Style;
        var keep = node.Anchor.Length > 0 ? $"&{node.Anchor} " : "";
        return Change(node.Start, node.End, node.Tag.Length > 0 ? keep + value.OneLine(style) : Text[node.Start..content] + Separated(node, content) + value.OneLine(style));
    }

    /// <summary>An anchor alone has no space after it yet.</summary>
    private static string Separated(YamlNode node, int content) => node.Anchor.Length > 0 && content == node.End ? " " : "";

    /// <summary>Writes a value after a colon or a dash that has none.</summary>
    private TextChange Fill(KeyPath path, YamlNode node, YamlValue value)
    {
        var at = node.Start;
        if (path.Last.IsIndex)
        {
            while (at > 0 && Text[at - 1] is not '-')
            {
                at--;
            }

            return Change(at, at, " " + value.OneLine());
        }

        var colon = at > 0 && Text[at - 1] == ':';
        var block = value is YamlValue.Map { Entries.Count: > 0 } && !document.Find(path.Parent)!.Flow && colon;
        if (!block)
        {
            return Change(at, at, (colon ? " " : ": ") + value.OneLine());
        }

        var column = _lines.Column(document.Find(path.Parent)!.Entries[0].KeyStart);
        return InsertLines(_lines.EndOfLine(at), YamlValue.Lines(value, column + 2, _lines.Newline));
    }

    private TextChange ReplaceBlock(KeyPath path, YamlNode node, YamlValue value)
    {
        var content = node.Kind == YamlKind.Map ? node.Entries[0].KeyStart : _lines.DashBefore(node.Items[0].Start);
        if (value is YamlValue.Map { Entries.Count: > 0 } or YamlValue.List { Items.Count: > 0 })
        {
            return Change(content, node.End, YamlValue.Lines(value, _lines.Column(content), _lines.Newline).TrimStart(' '));
        }

        var parent = document.Find(path.Parent)!;
        var at = path.Last.IsIndex ? content : _lines.AfterColon(parent.EntryOf(path.Last.Key)!.KeyEnd);
        return Change(at, node.End, path.Last.IsIndex ? value.OneLine() : " " + value.OneLine() + Text[at..content].TrimEnd());
    }

    private TextChange Add(YamlNode? parent, KeyPath path, YamlValue value, Func<KeyPath, int>? order)
    {
        var key = YamlValue.Quote(path.Last.Key, ScalarStyle.Plain);
        if (parent is null)
        {
            return InsertLines(Text.Length, $"{key}:{value.AfterColon(2, _lines.Newline)}");
        }

        if (parent.Entries.Count == 0)
        {
            return Change(parent.End - 1, parent.End - 1, $"{key}: {value.OneLine()}");
        }

        var before = Neighbour(parent, path, order);
        if (parent.Flow)
        {
            return before is null
                ? Change(parent.Entries[0].KeyStart, parent.Entries[0].KeyStart, $"{key}: {value.OneLine()}, ")
                : Change(before.Value.End, before.Value.End, $", {key}: {value.OneLine()}");
        }

        var column = _lines.Column(parent.Entries[0].KeyStart);
        var lines = new string(' ', column) + key + ":" + value.AfterColon(column + 2, _lines.Newline);
        if (before is null && _lines.IsFirstOfLine(parent.Entries[0].KeyStart))
        {
            var at = _lines.StartWithComments(parent.Entries[0].KeyStart, path.Parent.IsRoot);
            return Change(at, at, lines + _lines.Newline);
        }

        return InsertLines(_lines.EndWithComments((before ?? parent.Entries[0]).Value.End, column), lines);
    }

    /// <summary>The entry after which a new key belongs; null where it belongs before all.</summary>
    private static YamlEntry? Neighbour(YamlNode parent, KeyPath path, Func<KeyPath, int>? order)
    {
        if (order is null)
        {
            return parent.Entries[^1];
        }

        var rank = order(path);
        var before = parent.Entries.Where(entry => order(path.Parent.Child(entry.Key)) <= rank).ToList();
        return before.Count == 0 ? null : before.MaxBy(entry => order(path.Parent.Child(entry.Key)));
    }

    private TextChange Cut(YamlNode map, YamlEntry entry, bool top)
    {
        var index = map.Entries.ToList().IndexOf(entry);
        if (map.Flow)
        {
            return map.Entries.Count == 1 ? Change(entry.KeyStart, entry.Value.End, "")
                : index < map.Entries.Count - 1 ? Change(entry.KeyStart, map.Entries[index + 1].KeyStart, "")
                : Change(map.Entries[index - 1].Value.End, entry.Value.End, "");
        }

        if (_lines.IsFirstOfLine(entry.KeyStart))
        {
            return Change(_lines.StartWithComments(entry.KeyStart, top), _lines.EndWithComments(entry.Value.End, _lines.Column(entry.KeyStart)), "");
        }

        // The first key of a map on a dash's line: the next one takes its place there.
        Refuse(map.Entries.Count == 1, KeyPath.Root, entry.KeyStart, "list-item", "This is the only key of an item of a list.", "这是列表项中唯一的键。", "Set the list without the item.", "请设置不含该项的列表。");
        var next = map.Entries[index + 1].KeyStart;
        Refuse(Text.AsSpan(entry.Value.End, next - entry.Value.End).Contains('#'), KeyPath.Root, entry.KeyStart, "edit-unsafe", "A comment stands between this key and the next.", "此键与下一个键之间有注释。",
            "Edit it in the file's text.", "请在文件文本中编辑。");
        return Change(entry.KeyStart, next, "");
    }

    /// <summary>Inserts lines where a line begins, or after a last line that has no end.</summary>
    private TextChange InsertLines(int at, string lines) =>
        at == Text.Length && at > _lines.Beginning && Text[at - 1] != '\n' ? Change(at, at, _lines.Newline + lines) : Change(at, at, lines + _lines.Newline);

    private TextChange Change(int start, int end, string inserted) => new(start, Text[start..end], inserted);

    /// <summary>An edit below an anchor that aliases refer to would change what they say, and one through an alias would change the anchor's node.</summary>
    private void RefuseShared(KeyPath path)
    {
        var used = new HashSet<string>();
        Collect(document.Root, node => { if (node.Kind == YamlKind.Alias) { used.Add(node.Value); } });
        var (node, at) = (document.Root, KeyPath.Root);
        foreach (var step in path.Steps)
        {
            Refuse(node?.Kind == YamlKind.Alias, path, node?.Start ?? 0, "alias", $"'{at}' is an alias of what is written at the anchor '{node?.Value}'.", $"'{at}' 是锚点 '{node?.Value}' 的别名。",
                "Edit the value at the anchor, or give this key a value of its own.", "请编辑锚点处的值，或为此键单独设置值。");
            at = step.IsIndex ? at.Child(step.Index) : at.Child(step.Key);
            node = document.Find(at);
            RefuseUsed(node, path, used);
        }

        Collect(node, inner => RefuseUsed(inner, path, used));
    }

    private void RefuseUsed(YamlNode? node, KeyPath path, HashSet<string> used) =>
        Refuse(node is { Anchor.Length: > 0 } && used.Contains(node.Anchor), path, node?.Start ?? 0, "anchor", $"Aliases refer to the anchor '{node?.Anchor}' here, so other values would change too.",
            $"此处的锚点 '{node?.Anchor}' 被别名引用，其他值也会随之改变。", "Edit it in the file's text, or give the aliases values of their own first.", "请在文件文本中编辑，或先为这些别名设置各自的值。");

    private static void Collect(YamlNode? node, Action<YamlNode> visit)
    {
        if (node is null)
        {
            return;
        }

        visit(node);
        foreach (var child in node.Items.Concat(node.Entries.Select(entry => entry.Value)))
        {
            Collect(child, visit);
        }
    }

    private void RefuseIndex(KeyPath added, KeyPath path) =>
        Refuse(added.Last.IsIndex, path, document.Find(added.Parent)?.Start ?? 0, "list-item", $"The list '{added.Parent}' has no item at this position.", $"列表 '{added.Parent}' 在此位置没有项。",
            "Set the whole list.", "请设置整个列表。");

    private void Refuse(bool refused, KeyPath path, int at, string code, string english, string chinese, string remedy, string remedyChinese)
    {
        if (refused)
        {
            throw ReaderProblems.Make(Text, at, code, english, chinese, remedy, remedyChinese, path);
        }
    }
}
