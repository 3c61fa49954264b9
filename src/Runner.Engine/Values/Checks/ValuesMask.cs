using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Runner.Engine.Values;

/// <summary>Puts placeholders where secrets are, so that a file can be shown. A masked file fails its check.</summary>
public static class ValuesMask
{
    /// <summary>What stands in place of a secret.</summary>
    public const string Placeholder = "***masked***";

    /// <summary>A shorter secret is not looked for elsewhere: it would be found in too much.</summary>
    internal const int LeastRepeated = 6;

    /// <summary>True for a text that is or has the placeholder.</summary>
    public static bool IsPlaceholder(string text) => text.Contains(Placeholder, StringComparison.Ordinal);

    /// <summary>
    /// The file with every secret masked: those that the catalogue knows, under whichever of their keys; texts under keys whose names say password, token or secret; and every other place
    /// of the file, a comment too, that repeats one of them.
    /// </summary>
    public static string Mask(ValuesDocument document)
    {
        var (text, at) = (new StringBuilder(document.Text.Length), 0);
        foreach (var hidden in Hidden(document))
        {
            text.Append(document.Text, at, hidden.Start - at).Append(hidden.Shown);
            at = hidden.End;
        }

        return text.Append(document.Text, at, document.Text.Length - at).ToString();
    }

    /// <summary>What <see cref="Mask"/> hides, from the first to the last, and what is shown in its place.</summary>
    internal static IReadOnlyList<HiddenText> Hidden(ValuesDocument document)
    {
        var secrets = new List<YamlNode>();
        Collect(document.Root, KeyPath.Root, secrets);
        var repeats = RepeatsOf(secrets.Select(node => node.Value));
        var (hidden, at) = (new List<HiddenText>(), 0);
        foreach (var node in secrets.OrderBy(node => node.Start))
        {
            hidden.AddRange(repeats(document.Text, at, node.Start));
            hidden.Add(new(node.Start, node.End, (node.Anchor.Length > 0 ? $"&{node.Anchor} " : "") + $"\"{Placeholder}\""));
            at = node.End;
        }

        hidden.AddRange(repeats(document.Text, at, document.Text.Length));
        return hidden;
    }

    /// <summary>Masks every place of a text that repeats a secret.</summary>
    internal static Func<string, string> Repeats(IEnumerable<string> secrets)
    {
        var repeats = RepeatsOf(secrets);
        return text =>
        {
            var (masked, at) = (new StringBuilder(text.Length), 0);
            foreach (var hidden in repeats(text, 0, text.Length))
            {
                masked.Append(text, at, hidden.Start - at).Append(hidden.Shown);
                at = hidden.End;
            }

            return masked.Append(text, at, text.Length - at).ToString();
        };
    }

    /// <summary>Finds the places between two of a text that repeat a secret, in one pass however many there are.</summary>
    private static Func<string, int, int, IEnumerable<HiddenText>> RepeatsOf(IEnumerable<string> secrets)
    {
        var byLength = secrets.Where(secret => secret.Length >= LeastRepeated).Distinct(StringComparer.Ordinal).GroupBy(secret => secret.Length).OrderByDescending(group => group.Key)
            .Select(group => (Length: group.Key, Secrets: group.ToHashSet(StringComparer.Ordinal))).ToList();
        var any = SearchValues.Create([.. byLength.SelectMany(group => group.Secrets)], StringComparison.Ordinal);
        return byLength.Count == 0 ? (_, _, _) => [] : Find;

        IEnumerable<HiddenText> Find(string text, int from, int until)
        {
            for (int next; (next = text.AsSpan(from, until - from).IndexOfAny(any)) >= 0;)
            {
                var start = from + next;
                from = start + byLength.First(group => start + group.Length <= until && group.Secrets.Contains(text.Substring(start, group.Length))).Length;
                yield return new(start, from, Placeholder);
            }
        }
    }

    /// <summary>True for a key whose value must not be shown.</summary>
    public static bool IsSecret(KeyPath path) =>
        ValuesCatalogue.Instance.Find(path) is { Definition.Secret: true } || path.Steps.Any(step => IsSecretName(step.Key));

    private static bool IsSecretName(string key) =>
        !key.EndsWith("secretName", StringComparison.OrdinalIgnoreCase) && !key.EndsWith("Secrets", StringComparison.Ordinal)
        && (key.Contains("password", StringComparison.OrdinalIgnoreCase) || key.Contains("token", StringComparison.OrdinalIgnoreCase) || key.Contains("secret", StringComparison.OrdinalIgnoreCase)
            || key.EndsWith("_KEY", StringComparison.OrdinalIgnoreCase) || key.EndsWith("privateKey", StringComparison.OrdinalIgnoreCase));

    private static void Collect(YamlNode? node, KeyPath path, List<YamlNode> secrets)
    {
        if (node is { Kind: YamlKind.Scalar, Value.Length: > 0, IsNull: false } && !path.IsRoot && IsSecret(path) && HelmScalar.Read(node)?.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
        {
            secrets.Add(node);
        }

        foreach (var entry in node?.Entries ?? [])
        {
            Collect(entry.Value, path.Child(entry.Key), secrets);
        }

        for (var index = 0; index < (node?.Items.Count ?? 0); index++)
        {
            Collect(node!.Items[index], path.Child(index), secrets);
        }
    }
}

/// <summary>A part of a text that is not shown.</summary>
/// <param name="Shown">What stands in its place.</param>
internal readonly record struct HiddenText(int Start, int End, string Shown);
