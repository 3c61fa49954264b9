using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Runner.Engine.Values;

/// <summary>Puts placeholders where secrets are, so that a file can be shown. A masked file fails its check.</summary>
public static class ValuesMask
{
    /// <summary>What stands in place of a secret.</summary>
    public const string Placeholder = "***masked***";

    /// <summary>True for a text that is or has the placeholder.</summary>
    public static bool IsPlaceholder(string text) => text.Contains(Placeholder, StringComparison.Ordinal);

    /// <summary>
    /// The file with every secret masked: those that the catalogue knows, under whichever of their keys; texts under keys whose names say password, token or secret; and every other place
    /// of the file, a comment too, that repeats one of them.
    /// </summary>
    public static string Mask(ValuesDocument document)
    {
        var secrets = new List<YamlNode>();
        Collect(document.Root, KeyPath.Root, secrets);
        if (secrets.Count == 0)
        {
            return document.Text;
        }

        var (text, at) = (new StringBuilder(document.Text.Length), 0);
        foreach (var node in secrets.OrderBy(node => node.Start))
        {
            text.Append(document.Text, at, node.Start - at).Append(node.Anchor.Length > 0 ? $"&{node.Anchor} " : "").Append('"').Append(Placeholder).Append('"');
            at = node.End;
        }

        return Repeated(text.Append(document.Text, at, document.Text.Length - at).ToString(), secrets.Select(node => node.Value).Where(value => value.Length >= 6));
    }

    /// <summary>Masks the other places that have a secret's text, in one pass however many there are.</summary>
    private static string Repeated(string text, IEnumerable<string> values)
    {
        var byLength = values.Distinct(StringComparer.Ordinal).GroupBy(value => value.Length).OrderByDescending(group => group.Key).Select(group => (Length: group.Key, Values: group.ToHashSet(StringComparer.Ordinal))).ToList();
        if (byLength.Count == 0)
        {
            return text;
        }

        var any = SearchValues.Create([.. byLength.SelectMany(group => group.Values)], StringComparison.Ordinal);
        var masked = new StringBuilder(text.Length);
        var at = 0;
        for (int next; (next = text.AsSpan(at).IndexOfAny(any)) >= 0;)
        {
            var length = byLength.First(group => at + next + group.Length <= text.Length && group.Values.Contains(text.Substring(at + next, group.Length))).Length;
            masked.Append(text, at, next).Append(Placeholder);
            at += next + length;
        }

        return masked.Append(text, at, text.Length - at).ToString();
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
