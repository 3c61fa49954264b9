using System.Text;
using Runner.Engine.Values;

namespace Runner.Tests.Engine.Values;

/// <summary>Values files of every style, made from a seed: block and flow, all quotings, comments, blank lines, CRLF, byte order marks, anchors and aliases, empty values, keys that are there twice.</summary>
internal sealed class GeneratedValues(int seed)
{
    private static readonly string[] Scalars =
        ["60", "true", "example.com", "\"quoted # text\"", "'single ''quotes'''", "\"\"", "''", "", "~", "30m", "http://loki:3100", "\"😀 \\n line\"", "1.5", "!!str 5", "plain with spaces", "|\n@first line\n@\n@second line", ">-\n@folded\n@text"];

    private static readonly string[] FlowScalars = ["60", "true", "example.com", "\"a, {b}\"", "'it''s'", "\"\"", "null"];
    private readonly Random _random = new(seed);
    private readonly StringBuilder _text = new();
    private int _names;
    private string _anchor = "";

    public List<KeyPath> Paths { get; } = [];

    public string Make()
    {
        _text.Append(Chance(3) ? "# Head of the file\n# second line\n" : "").Append(Chance(4) ? "\n" : "").Append(Chance(8) ? "---\n" : "");
        Map(KeyPath.Root, 0, 0, false);
        var text = _text.ToString();
        text = Chance(4) ? text.TrimEnd('\n') : text;
        text = Chance(3) ? text.Replace("\n", "\r\n") : text;
        return Chance(6) ? "\uFEFF" + text : text;
    }

    public T Any<T>(IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;

    private string Comment() => Chance(4) ? Any(["  # why", " # 'odd: {comment", "\t# tab"]) : Chance(9) ? "  " : "";

    private void Map(KeyPath path, int indent, int depth, bool onDash)
    {
        for (var count = _random.Next(1, 5); count > 0; count--)
        {
            var margin = new string(' ', indent);
            if (!onDash)
            {
                _text.Append(Chance(5) ? "\n" : "").Append(Chance(4) ? $"{margin}# about the next key\n" : "").Append(margin);
            }

            onDash = false;
            var name = $"key{_names++}";
            var child = path.Child(name);
            Paths.Add(child);
            _text.Append(Chance(6) ? $"\"{name}\"" : Chance(6) ? $"'{name}' " : name).Append(':');
            Value(child, indent, depth);
            if (Chance(15) && Paths[^1].Equals(child))
            {
                // The same key once more: the last one counts.
                _text.Append(' ', indent).Append(name).Append(": again").Append(Comment()).Append('\n');
            }
        }
    }

    private void Value(KeyPath path, int indent, int depth)
    {
        switch (_random.Next(depth > 3 ? 5 : 9))
        {
            case 0:
                _text.Append(' ');
                Flow(path, 0);
                _text.Append(Comment()).Append('\n');
                break;
            case 1 when _anchor.Length > 0:
                _text.Append(" *" + _anchor).Append(Comment()).Append('\n');
                break;
            case 2 when Chance(2):
                var name = $"a{_names++}";
                _text.Append(" &" + name + " text").Append(Comment()).Append('\n');
                _anchor = Chance(2) ? name : _anchor;
                break;
            case 5 or 6:
                _text.Append(Comment()).Append('\n');
                Map(path, indent + _random.Next(1, 5), depth + 1, false);
                break;
            case 7 or 8:
                _text.Append(Comment()).Append('\n');
                List(path, indent + _random.Next(0, 3), depth + 1);
                break;
            default:
                Scalar(indent);
                break;
        }
    }

    private void Scalar(int indent)
    {
        var scalar = Any(Scalars);
        _text.Append(scalar.Length > 0 ? " " : "").Append(scalar.Replace("@", new string(' ', indent + 2)));
        _text.Append(scalar.Contains('@') ? "" : Comment()).Append('\n');
    }

    private void List(KeyPath path, int indent, int depth)
    {
        for (var (count, index) = (_random.Next(1, 4), 0); index < count; index++)
        {
            var child = path.Child(index);
            Paths.Add(child);
            _text.Append(Chance(6) ? $"{new string(' ', indent)}# item\n" : "").Append(new string(' ', indent)).Append('-');
            if (Chance(3))
            {
                _text.Append(' ');
                Map(child, indent + 2, depth + 1, true);
            }
            else
            {
                Value(child, indent, 9);
            }
        }
    }

    private void Flow(KeyPath path, int depth)
    {
        var kind = _random.Next(depth > 2 ? 1 : 3);
        var count = _random.Next(0, 4);
        if (kind == 0)
        {
            _text.Append(Any(FlowScalars));
            return;
        }

        _text.Append(kind == 1 ? "{" : "[");
        for (var index = 0; index < count; index++)
        {
            var child = kind == 1 ? path.Child($"key{_names++}") : path.Child(index);
            Paths.Add(child);
            _text.Append(index > 0 ? Any([", ", ",", " , ", ",\n                                                  "]) : Any(["", " "])).Append(kind == 1 ? child.Last.Key + ": " : "");
            Flow(child, depth + 1);
        }

        _text.Append(Any(["", " "])).Append(kind == 1 ? "}" : "]");
    }
}
