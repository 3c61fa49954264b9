using System.Collections.Immutable;
using System.Text;

namespace Runner.Engine.Values;

/// <summary>
/// A values file as it may be shown, and the way back: the editor shows placeholders in place of secrets, and what is typed there becomes the real file again. Pure.
/// </summary>
public sealed class SecretVeil
{
    private const char Mark = '\uFEFF';

    private readonly string _text;
    private readonly bool _masked;
    private readonly IReadOnlyList<VeiledLine> _lines;
    private readonly Memory _memory;

    /// <summary>Draws the veil over a file.</summary>
    /// <param name="text">The real file. Of one that cannot be read everything is hidden that seems to be a secret.</param>
    /// <param name="masked">False when an administrator asked to see the secrets.</param>
    public SecretVeil(string text, bool masked)
        : this(text, masked, Memory.Empty)
    {
    }

    private SecretVeil(string text, bool masked, Memory memory)
    {
        (_text, _masked) = (text, masked);
        var real = text.TrimStart(Mark);
        IReadOnlyList<VeiledLine> veiled;
        try
        {
            var document = ValuesDocument.Parse(real);
            veiled = VeiledLines.Of(document);
            _memory = memory.With(veiled, document);
        }
        catch (ValuesException)
        {
            // Somebody is in the middle of a line.
            veiled = VeiledLines.Guess(real, memory.Lines, memory.Known);
            _memory = memory;
        }

        _lines = masked ? veiled : VeiledLines.Open(real);
        Shown = masked ? string.Concat(Endings(real).Zip(_lines, (ending, line) => line.Shown + ending)) : real;
    }

    /// <summary>What the editor has, without the byte order mark that a browser would lose.</summary>
    public string Shown { get; }

    /// <summary>Draws the veil over what the file became. One that cannot be read keeps veiled what was so before.</summary>
    public SecretVeil Over(string text) => new(text, _masked, _memory);

    /// <summary>Shows the secrets, or hides them.</summary>
    public SecretVeil As(bool masked) => new(_text, masked, _memory);

    /// <summary>The real file that an edited text stands for: lines that were not touched are the real ones, and a placeholder at a key that had a secret is that secret.</summary>
    public string Reveal(string edited)
    {
        if (edited == Shown)
        {
            return _text;
        }

        var lines = VeiledLines.Split(edited);
        var real = new StringBuilder();
        foreach (var line in ValuesDiff.Lines(Shown, edited).Where(line => line.New is not null))
        {
            var (typed, ending) = lines[line.New!.Value - 1];
            real.Append(line.Kind == DiffKind.Same && line.Old <= _lines.Count ? _lines[line.Old!.Value - 1].Real : typed).Append(ending);
        }

        return (_text.StartsWith(Mark) ? Mark.ToString() : "") + Secrets(real.ToString());
    }

    /// <summary>The ending of every veiled line.</summary>
    private IEnumerable<string> Endings(string real)
    {
        var at = 0;
        foreach (var line in _lines)
        {
            at += line.Real.Length;
            var ending = at >= real.Length ? "" : real[at] == '\r' && at + 1 < real.Length && real[at + 1] == '\n' ? "\r\n" : real[at].ToString();
            at += ending.Length;
            yield return ending;
        }
    }

    private string Secrets(string text)
    {
        if (!ValuesMask.IsPlaceholder(text))
        {
            return text;
        }

        try
        {
            var edited = ValuesDocument.Parse(text);
            foreach (var (path, node) in Scalars(edited.Root, KeyPath.Root).Where(scalar => scalar.Node.Value == ValuesMask.Placeholder).OrderByDescending(scalar => scalar.Node.Start))
            {
                if (_memory.Secrets.GetValueOrDefault(path.ToString()) is { } secret)
                {
                    text = string.Concat(text.AsSpan(0, node.Start), secret, text.AsSpan(node.End));
                }
            }
        }
        catch (ValuesException)
        {
            // Somebody is in the middle of a line: the check says so, and the placeholders wait.
        }

        return text;
    }

    private static IEnumerable<(KeyPath Path, YamlNode Node)> Scalars(YamlNode? node, KeyPath path)
    {
        if (node is { Kind: YamlKind.Scalar })
        {
            yield return (path, node);
        }

        foreach (var inner in node?.Entries.SelectMany(entry => Scalars(entry.Value, path.Child(entry.Key))) ?? [])
        {
            yield return inner;
        }

        for (var index = 0; index < (node?.Items.Count ?? 0); index++)
        {
            foreach (var inner in Scalars(node!.Items[index], path.Child(index)))
            {
                yield return inner;
            }
        }
    }

    /// <summary>What was secret since the file was opened, for when it cannot be read or a key is typed anew.</summary>
    /// <param name="Secrets">What placeholders stood for, as it was written, by its place.</param>
    /// <param name="Lines">Lines with a placeholder.</param>
    /// <param name="Known">The secrets themselves.</param>
    private sealed record Memory(ImmutableDictionary<string, string> Secrets, ImmutableHashSet<VeiledLine> Lines, ImmutableHashSet<string> Known)
    {
        public static Memory Empty { get; } = new(ImmutableDictionary<string, string>.Empty, [], []);

        public Memory With(IReadOnlyList<VeiledLine> lines, ValuesDocument document)
        {
            var scalars = Scalars(document.Root, KeyPath.Root).Where(scalar => scalar.Node.Value.Length > 0 && scalar.Node.Value != ValuesMask.Placeholder).ToList();
            var secrets = scalars.Where(scalar => ValuesMask.IsSecret(scalar.Path)).Select(scalar => scalar.Node.Value).ToHashSet(StringComparer.Ordinal);
            return new(
                Secrets.SetItems(scalars.Where(scalar => secrets.Contains(scalar.Node.Value)).Select(scalar => KeyValuePair.Create(scalar.Path.ToString(), document.Text[scalar.Node.Start..scalar.Node.End]))),
                Lines.Union(lines.Where(line => line.Real != line.Shown)),
                Known.Union(secrets));
        }
    }
}
