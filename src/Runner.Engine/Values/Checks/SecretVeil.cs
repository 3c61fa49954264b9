using System.Text;

namespace Runner.Engine.Values;

/// <summary>
/// A values file as it may be shown, and the way back: the editor shows placeholders in place of secrets, and what is typed there becomes the real file again. Pure.
/// </summary>
public sealed class SecretVeil
{
    private const char Mark = '\uFEFF';

    private readonly string _text;
    private readonly ValuesDocument? _document;
    private readonly bool _masked;

    /// <summary>Draws the veil over a file.</summary>
    /// <param name="text">The real file. One that cannot be read is shown as it is typed: nobody can tell what of it is secret, so <see cref="Shown"/> has no secret only because it was typed through a veil.</param>
    /// <param name="masked">False when an administrator asked to see the secrets.</param>
    public SecretVeil(string text, bool masked)
    {
        _text = text;
        _masked = masked;
        try
        {
            _document = ValuesDocument.Parse(text);
            Shown = (masked ? ValuesMask.Mask(_document) : text).TrimStart(Mark);
        }
        catch (ValuesException)
        {
            Shown = text.TrimStart(Mark);
        }
    }

    /// <summary>What the editor has, without the byte order mark that a browser would lose.</summary>
    public string Shown { get; }

    /// <summary>The real file that an edited text stands for: lines that were not touched are the real ones, and a placeholder at a key that had a secret is that secret.</summary>
    public string Reveal(string edited)
    {
        var mark = _text.StartsWith(Mark) ? Mark.ToString() : "";
        if (edited == Shown)
        {
            return _text;
        }

        return mark + (_document is not null && _masked ? Secrets(Lines(edited)) : edited);
    }

    /// <summary>Lines that are as they were shown become the real ones; only where the veil did not change how many there are.</summary>
    private string Lines(string edited)
    {
        var (shown, real) = (Split(Shown), Split(_text.TrimStart(Mark)));
        if (shown.Count != real.Count)
        {
            return edited;
        }

        var lines = Split(edited);
        var result = new StringBuilder();
        foreach (var line in ValuesDiff.Lines(Shown, edited).Where(line => line.New is not null))
        {
            var (typed, ending) = lines[line.New!.Value - 1];
            result.Append(line.Kind == DiffKind.Same && line.Old <= real.Count ? real[line.Old!.Value - 1].Line : typed).Append(ending);
        }

        return result.ToString();
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
                if (_document!.Find(path) is { Kind: YamlKind.Scalar } secret)
                {
                    text = string.Concat(text.AsSpan(0, node.Start), _text.AsSpan(secret.Start, secret.End - secret.Start), text.AsSpan(node.End));
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
