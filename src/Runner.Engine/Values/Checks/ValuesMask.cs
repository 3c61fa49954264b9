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
        var secrets = new List<(YamlNode Node, KeyPath Path)>();
        Collect(document.Root, KeyPath.Root, secrets);
        var text = document.Text;
        foreach (var (node, _) in secrets.OrderByDescending(secret => secret.Node.Start))
        {
            var content = node.Anchor.Length > 0 ? $"&{node.Anchor} " : "";
            text = string.Concat(text.AsSpan(0, node.Start), content, $"\"{Placeholder}\"", text.AsSpan(node.End));
        }

        foreach (var secret in secrets.Select(secret => secret.Node.Value).Where(value => value.Length >= 6).OrderByDescending(value => value.Length))
        {
            text = text.Replace(secret, Placeholder, StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>True for a key whose value must not be shown.</summary>
    public static bool IsSecret(KeyPath path) =>
        ValuesCatalogue.Instance.Find(path) is { Definition.Secret: true } || path.Steps.Any(step => IsSecretName(step.Key));

    private static bool IsSecretName(string key) =>
        !key.EndsWith("secretName", StringComparison.OrdinalIgnoreCase) && !key.EndsWith("Secrets", StringComparison.Ordinal)
        && (key.Contains("password", StringComparison.OrdinalIgnoreCase) || key.Contains("token", StringComparison.OrdinalIgnoreCase) || key.Contains("secret", StringComparison.OrdinalIgnoreCase)
            || key.EndsWith("_KEY", StringComparison.OrdinalIgnoreCase) || key.EndsWith("privateKey", StringComparison.OrdinalIgnoreCase));

    private static void Collect(YamlNode? node, KeyPath path, List<(YamlNode Node, KeyPath Path)> secrets)
    {
        if (node is { Kind: YamlKind.Scalar, Value.Length: > 0, IsNull: false } && !path.IsRoot && IsSecret(path) && HelmScalar.Read(node)?.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
        {
            secrets.Add((node, path));
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
