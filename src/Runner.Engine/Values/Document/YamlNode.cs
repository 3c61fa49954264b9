namespace Runner.Engine.Values;

/// <summary>What a node of a values file is.</summary>
public enum YamlKind
{
    /// <summary>A text, number, truth value or nothing.</summary>
    Scalar,

    /// <summary>Keys with values.</summary>
    Map,

    /// <summary>Values in a row.</summary>
    List,

    /// <summary>A reference to an anchored node.</summary>
    Alias,
}

/// <summary>How a scalar is written.</summary>
public enum ScalarStyle
{
    /// <summary>Without quotes.</summary>
    Plain,

    /// <summary>In single quotes.</summary>
    Single,

    /// <summary>In double quotes.</summary>
    Double,

    /// <summary>As a block, by | or &gt;.</summary>
    Block,
}

/// <summary>A key with its value.</summary>
internal sealed record YamlEntry(string Key, int KeyStart, int KeyEnd, YamlNode Value);

/// <summary>A node of a values file with its place in the text.</summary>
public sealed class YamlNode
{
    /// <summary>More are found by an index, so that a file of tens of thousands of keys is read as fast as its length.</summary>
    private const int FewEntries = 16;

    private Dictionary<string, YamlEntry>? _byKey;

    internal YamlNode(YamlKind kind, int start, int end)
    {
        Kind = kind;
        Start = start;
        End = end;
    }

    /// <summary>What it is.</summary>
    public YamlKind Kind { get; }

    /// <summary>The text of a scalar without its quotes; the anchor's name of an alias.</summary>
    public string Value { get; internal init; } = "";

    /// <summary>How a scalar is written.</summary>
    public ScalarStyle Style { get; internal init; }

    /// <summary>The name by which aliases refer to it; empty where it has none.</summary>
    public string Anchor { get; internal init; } = "";

    /// <summary>The tag that it carries, such as <c>!!str</c>; empty where it has none.</summary>
    public string Tag { get; internal init; } = "";

    /// <summary>True for <c>{…}</c> and <c>[…]</c>.</summary>
    public bool Flow { get; internal init; }

    /// <summary>The keys of a map, in the file's order.</summary>
    public IEnumerable<string> Keys => Entries.Select(entry => entry.Key);

    /// <summary>The values of a list.</summary>
    public IReadOnlyList<YamlNode> Items { get; internal init; } = [];

    /// <summary>Offset of its first character (of its anchor or tag, where it has one).</summary>
    internal int Start { get; }

    /// <summary>Offset after its last character; blank lines and comments that follow are not part of it.</summary>
    internal int End { get; }

    internal IReadOnlyList<YamlEntry> Entries { get; init; } = [];

    /// <summary>True where a key has nothing after its colon.</summary>
    internal bool Empty => Kind == YamlKind.Scalar && Style == ScalarStyle.Plain && Value.Length == 0;

    /// <summary>True where Helm reads nothing: no text, <c>~</c> or <c>null</c> without quotes.</summary>
    public bool IsNull => Kind == YamlKind.Scalar && Style == ScalarStyle.Plain && Tag.Length == 0 && Value is "" or "~" or "null" or "Null" or "NULL";

    /// <summary>The value under a key; the last one where the key is there twice, as Helm reads it. Null where it is absent.</summary>
    public YamlNode? this[string key] => EntryOf(key)?.Value;

    /// <summary>The entry of a key, the last one where it is there twice; null where it is absent.</summary>
    internal YamlEntry? EntryOf(string key)
    {
        if (Entries.Count <= FewEntries)
        {
            return Entries.LastOrDefault(entry => entry.Key == key);
        }

        if (_byKey is null)
        {
            var index = new Dictionary<string, YamlEntry>(Entries.Count, StringComparer.Ordinal);
            foreach (var entry in Entries)
            {
                index[entry.Key] = entry;
            }

            _byKey = index;
        }

        return _byKey.GetValueOrDefault(key);
    }

    /// <summary>True when both say the same, however they are written; the order of keys matters.</summary>
    public bool SameAs(YamlNode other) =>
        Kind == other.Kind && Anchor == other.Anchor && Tag == other.Tag && Value == other.Value
        && (Kind != YamlKind.Scalar || (Style == ScalarStyle.Plain) == (other.Style == ScalarStyle.Plain))
        && Entries.Count == other.Entries.Count && Items.Count == other.Items.Count
        && Entries.Zip(other.Entries).All(pair => pair.First.Key == pair.Second.Key && pair.First.Value.SameAs(pair.Second.Value))
        && Items.Zip(other.Items).All(pair => pair.First.SameAs(pair.Second));
}
