using System.Text;
using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>The runner's settings as Helm rendered them for a release: its ConfigMap, and its Secret where the chart has one beside it.</summary>
/// <param name="ConfigMap">Name of both.</param>
/// <param name="Plain">What the ConfigMap has.</param>
/// <param name="Secret">What the Secret has. Not for a page.</param>
public sealed record RenderedSettings(string ConfigMap, IReadOnlyDictionary<string, string> Plain, IReadOnlyDictionary<string, string> Secret)
{
    /// <summary>By this key the runner's ConfigMap is known: it names itself there.</summary>
    private const string Mark = "STARHUB_SERVER_RUNNER_WATCH_CONFIGMAP_NAME";

    /// <summary>Finds them in the manifest that Helm keeps with a release; null where they are not there.</summary>
    public static RenderedSettings? Read(string manifest)
    {
        var objects = manifest.ReplaceLineEndings("\n").Split("\n---");
        return objects.Where(text => text.Contains(Mark, StringComparison.Ordinal)).Select(Parse).FirstOrDefault(map => IsOf(map, "ConfigMap")) is not { } found || Name(found) is not { Length: > 0 } name ? null
            : new(name, Texts(found["data"]), objects.Where(text => text.Contains("kind: Secret", StringComparison.Ordinal)).Select(Parse).FirstOrDefault(secret => IsOf(secret, "Secret") && Name(secret) == name) is { } secret
                ? Secrets(secret) : new Dictionary<string, string>());
    }

    /// <summary>Without what the settings say.</summary>
    public override string ToString() => $"{ConfigMap}: {Plain.Count} settings, {Secret.Count} secrets";

    private static JsonObject? Parse(string text)
    {
        try
        {
            // Of a line that begins a document only the dashes were cut off.
            return HelmValues.Read(ValuesDocument.Parse(text.StartsWith("---", StringComparison.Ordinal) ? text[3..] : text));
        }
        catch (ValuesException)
        {
            return null;
        }
    }

    private static bool IsOf(JsonObject? map, string kind) => map?["kind"] is JsonValue value && HelmValues.Print(value) == kind;

    private static string Name(JsonObject? map) => HelmValues.Print((map?["metadata"] as JsonObject)?["name"]);

    private static Dictionary<string, string> Texts(JsonNode? map) =>
        (map as JsonObject ?? []).ToDictionary(entry => entry.Key, entry => HelmValues.Print(entry.Value), StringComparer.Ordinal);

    private static Dictionary<string, string> Secrets(JsonObject secret)
    {
        var texts = Texts(secret["stringData"]);
        foreach (var (key, value) in Texts(secret["data"]))
        {
            var bytes = new byte[value.Length];
            if (Convert.TryFromBase64String(value, bytes, out var length))
            {
                texts.TryAdd(key, Encoding.UTF8.GetString(bytes, 0, length));
            }
        }

        return texts;
    }
}
