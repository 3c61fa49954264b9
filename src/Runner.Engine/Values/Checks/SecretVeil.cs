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

    // The last text that could be read, and how it is shown: while somebody is in the middle of a line, only these tell what of the file is secret.
    private readonly (string Real, string Shown) _readable;

    // Everything that placeholders stood for since the file was opened, by its place, so that a key that is typed anew still has its secret.
    private readonly ImmutableDictionary<string, string> _secrets;

    /// <summary>Draws the veil over a file.</summary>
    /// <param name="text">The real file. One that cannot be read is shown as it is: nobody can tell what of it is secret.</param>
    /// <param name="masked">False when an administrator asked to see the secrets.</param>
    public SecretVeil(string text, bool masked)
        : this(text, masked, ("", ""), ImmutableDictionary<string, string>.Empty)
    {
    }

    private SecretVeil(string text, bool masked, (string Real, string Shown) readable, ImmutableDictionary<string, string> secrets)
    {
        (_text, _masked) = (text, masked);
        var real = text.TrimStart(Mark);
        try
        {
            var document = ValuesDocument.Parse(text);
            Shown = masked ? ValuesMask.Mask(document).TrimStart(Mark) : real;
            (_readable, _secrets) = ((real, Shown), secrets.SetItems(Hidden(document)));
        }
        catch (ValuesException)
        {
            Shown = Exchange(real, readable.Real, readable.Shown);
            (_readable, _secrets) = (readable, secrets);
        }
    }

    /// <summary>What the editor has, without the byte order mark that a browser would lose.</summary>
    public string Shown { get; }

    /// <summary>Draws the veil over what the file became. A text that cannot be read keeps the lines veiled that were so before.</summary>
    public SecretVeil Over(string text) => new(text, _masked, _readable, _secrets);

    /// <summary>Shows the secrets, or hides them.</summary>
    public SecretVeil As(bool masked)
    {
        var readable = new SecretVeil(_readable.Real, masked);
        return new(_text, masked, (_readable.Real, readable.Shown), _secrets);
    }

    /// <summary>The real file that an edited text stands for: lines that were not touched are the real ones, and a placeholder at a key that had a secret is that secret.</summary>
    public string Reveal(string edited)
    {
        var mark = _text.StartsWith(Mark) ? Mark.ToString() : "";
        return edited == Shown ? _text : mark + Secrets(Exchange(edited, _readable.Shown, _readable.Real));
    }

    /// <summary>Lines that are as they are in one text become those of the other; only where both have as many.</summary>
    private static string Exchange(string text, string from, string to)
    {
        var (old, now) = (Split(from), Split(to));
        if (from == to || old.Count != now.Count)
        {
            return text;
        }

        var lines = Split(text);
        var result = new StringBuilder();
        foreach (var line in ValuesDiff.Lines(from, text).Where(line => line.New is not null))
        {
            var (typed, ending) = lines[line.New!.Value - 1];
            result.Append(line.Kind == DiffKind.Same && line.Old <= now.Count ? now[line.Old!.Value - 1].Line : typed).Append(ending);
        }

        return result.ToString();
    }

    /// <summary>What placeholders may stand for in a file, as it is written there: its secrets, and what repeats one of them.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Hidden(ValuesDocument document)
    {
        var scalars = Scalars(document.Root, KeyPath.Root).Where(scalar => scalar.Node.Value.Length > 0 && scalar.Node.Value != ValuesMask.Placeholder).ToList();
        var secrets = scalars.Where(scalar => ValuesMask.IsSecret(scalar.Path)).Select(scalar => scalar.Node.Value).ToHashSet(StringComparer.Ordinal);
        return scalars.Where(scalar => secrets.Contains(scalar.Node.Value)).Select(scalar => KeyValuePair.Create(scalar.Path.ToString(), document.Text[scalar.Node.Start..scalar.Node.End]));
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
                if (_secrets.GetValueOrDefault(path.ToString()) is { } secret)
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

    private static List<(string Line, string Ending)> Split(string text)
    {
        var lines = new List<(string, string)>();
        for (var at = 0; at <= text.Length;)
        {
            var end = text.IndexOfAny(['\r', '\n'], at);
            if (end < 0)
            {
                lines.Add((text[at..], ""));
                break;
            }

            var ending = text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? "\r\n" : text[end].ToString();
            lines.Add((text[at..end], ending));
            at = end + ending.Length;
        }

        return lines;
    }
}
