using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Runner.Engine.Values;

/// <summary>Reads YAML into nodes that know their places. Walks the parser's events, which keep aliases, duplicate keys and offsets.</summary>
internal sealed class YamlReader
{
    /// <summary>Nesting beyond this is refused.</summary>
    public const int MaxDepth = 64;

    private readonly string _text;
    private readonly int _offset;
    private readonly Parser _parser;
    private readonly HashSet<string> _anchors = [];

    private YamlReader(string text)
    {
        _text = text;
        _offset = text.StartsWith('\uFEFF') ? 1 : 0;
        _parser = new Parser(new StringReader(text[_offset..]));
    }

    /// <summary>The root of the file; null where it has nothing but comments.</summary>
    /// <exception cref="ValuesException">The text is no values file.</exception>
    public static YamlNode? Read(string text)
    {
        var reader = new YamlReader(text);
        try
        {
            return reader.ReadFile();
        }
        catch (YamlException exception)
        {
            throw ReaderProblems.Syntax(text, (int)exception.Start.Index + reader._offset, exception.Message);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet's scanner fails like this on some texts, a flow map that is not closed before a plain scalar for one.
            throw ReaderProblems.Syntax(text, reader._parser.Current is { } last ? reader.Place(last.End) : 0, "the text after this place makes no sense");
        }
    }

    private YamlNode? ReadFile()
    {
        _parser.MoveNext();
        _parser.MoveNext();
        if (_parser.Current is StreamEnd)
        {
            return null;
        }

        _parser.MoveNext();
        var root = ReadNode(0);
        _parser.MoveNext();
        _parser.MoveNext();
        if (_parser.Current is DocumentStart second)
        {
            throw ReaderProblems.SecondDocument(_text, Place(second.Start));
        }

        return root.Kind == YamlKind.Map ? root : root.IsNull ? null : throw ReaderProblems.NoMap(_text, root.Start);
    }

    /// <summary>Reads the node whose event is current and leaves its last event current.</summary>
    private YamlNode ReadNode(int depth)
    {
        var current = _parser.Current!;
        if (depth > MaxDepth)
        {
            throw ReaderProblems.TooDeep(_text, Place(current.Start));
        }

        var node = current switch
        {
            MappingStart map => ReadMap(map, depth),
            SequenceStart list => ReadList(list, depth),
            AnchorAlias alias => _anchors.Contains(alias.Value.Value)
                ? new YamlNode(YamlKind.Alias, Place(alias.Start), Place(alias.End)) { Value = alias.Value.Value }
                : throw ReaderProblems.UnknownAnchor(_text, Place(alias.Start)),
            Scalar scalar => ReadScalar(scalar),
            _ => throw ReaderProblems.Syntax(_text, Place(current.Start), "a value is expected here"),
        };
        if (node.Anchor.Length > 0)
        {
            _anchors.Add(node.Anchor);
        }

        return node;
    }

    private YamlNode ReadMap(MappingStart start, int depth)
    {
        var entries = new List<YamlEntry>();
        while (_parser.MoveNext() && _parser.Current is not MappingEnd)
        {
            if (_parser.Current is not Scalar key || IsExplicit(key))
            {
                throw ReaderProblems.KeyNotPlain(_text, Place(_parser.Current!.Start));
            }

            _parser.MoveNext();
            var keyEnd = Place(key.End);
            var value = ReadNode(depth + 1);
            entries.Add(new(key.Value, Place(key.Start), keyEnd, AtItsColon(value, keyEnd)));
        }

        var flow = start.Style == MappingStyle.Flow;
        return new(YamlKind.Map, Place(start.Start), flow ? AfterBracket() : entries.Count > 0 ? entries[^1].Value.End : Place(start.End))
        {
            Flow = flow, Anchor = NameOf(start.Anchor), Tag = TagOf(start.Tag), Entries = entries,
        };
    }

    private bool IsExplicit(Scalar key)
    {
        var before = Place(key.Start) - 1;
        while (before >= 0 && _text[before] is ' ' or '\t')
        {
            before--;
        }

        return key.Style is YamlDotNet.Core.ScalarStyle.Literal or YamlDotNet.Core.ScalarStyle.Folded || (before >= 0 && _text[before] == '?' && key.Value != "?");
    }

    /// <summary>A value that is not there stands right after its key's colon, wherever the parser saw it.</summary>
    private YamlNode AtItsColon(YamlNode value, int keyEnd)
    {
        if (!value.Empty || value.Anchor.Length > 0 || value.Tag.Length > 0)
        {
            return value;
        }

        var at = keyEnd;
        while (at < _text.Length && _text[at] is ' ' or '\t')
        {
            at++;
        }

        at = at < _text.Length && _text[at] == ':' ? at + 1 : keyEnd;
        return new(YamlKind.Scalar, at, at);
    }

    private YamlNode ReadList(SequenceStart start, int depth)
    {
        var items = new List<YamlNode>();
        while (_parser.MoveNext() && _parser.Current is not SequenceEnd)
        {
            items.Add(ReadNode(depth + 1));
        }

        var flow = start.Style == SequenceStyle.Flow;
        return new(YamlKind.List, Place(start.Start), flow ? AfterBracket() : items.Count > 0 ? items[^1].End : Place(start.End))
        {
            Flow = flow, Anchor = NameOf(start.Anchor), Tag = TagOf(start.Tag), Items = items,
        };
    }

    private YamlNode ReadScalar(Scalar scalar)
    {
        var start = Place(scalar.Start);
        var end = Place(scalar.End);
        while (end > start && _text[end - 1] is ' ' or '\t' or '\r' or '\n')
        {
            end--;
        }

        return new(YamlKind.Scalar, start, Math.Max(start, end))
        {
            Value = scalar.Value,
            Style = scalar.Style switch
            {
                YamlDotNet.Core.ScalarStyle.SingleQuoted => ScalarStyle.Single,
                YamlDotNet.Core.ScalarStyle.DoubleQuoted => ScalarStyle.Double,
                YamlDotNet.Core.ScalarStyle.Literal or YamlDotNet.Core.ScalarStyle.Folded => ScalarStyle.Block,
                _ => ScalarStyle.Plain,
            },
            Anchor = NameOf(scalar.Anchor),
            Tag = TagOf(scalar.Tag),
        };
    }

    /// <summary>The offset after the bracket whose event is current: the parser ends that event where it begins.</summary>
    private int AfterBracket()
    {
        var at = Place(_parser.Current!.Start);
        return at < _text.Length && _text[at] is '}' or ']' ? at + 1 : Place(_parser.Current.End);
    }

    private int Place(Mark mark) => (int)mark.Index + _offset;

    private static string NameOf(AnchorName anchor) => anchor.IsEmpty ? "" : anchor.Value;

    private static string TagOf(TagName tag) => tag.IsEmpty || tag.IsNonSpecific ? "" : tag.Value;
}
