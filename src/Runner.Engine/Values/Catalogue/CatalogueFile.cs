using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Runner.Engine.Values;

/// <summary>Reads <c>values.yaml</c> of this folder. A name in it that is not known stops the reading.</summary>
internal static class CatalogueFile
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter() },
    };

    public static IReadOnlyList<ValueDefinition> Read()
    {
        using var stream = typeof(CatalogueFile).Assembly.GetManifestResourceStream("Values/values.yaml")!;
        using var reader = new StreamReader(stream);
        // The reader of values files wants a map at the top.
        var lines = reader.ReadToEnd().Split('\n').Select(line => "  " + line);
        return [.. HelmValues.Read(ValuesDocument.Parse("values:\n" + string.Join('\n', lines)))["values"]!.Deserialize<List<Entry>>(Options)!.Select(Make)];
    }

    private static ValueDefinition Make(Entry entry) => new()
    {
        Keys = [.. entry.Keys.Select(key => new ValueKey(KeyPath.Parse(key.Key), Range(key.Since, key.Until), key.Inert))],
        Section = entry.Section,
        Title = new(entry.Title.En, entry.Title.Zh),
        Description = new(entry.Text.En, entry.Text.Zh),
        Secret = entry.Secret,
        Deprecated = entry.Deprecated,
        Takes = entry.Takes,
        Allowed = entry.Allowed,
        Format = entry.Format,
        Minimum = entry.Minimum,
        Maximum = entry.Maximum,
        ConfigMapKeys = [.. entry.Sets.Select(key => key.StartsWith("OPENCSG_", StringComparison.Ordinal) ? key : "STARHUB_SERVER_" + key)],
        Renders = entry.Renders,
        Subchart = entry.Subchart,
        Mistakes = [.. entry.Mistakes.Select(KeyPath.Parse)],
        Kinds = [.. ByChart(entry.Type, "type").Select(kind => new ByChart<ValueKind>(Enum.Parse<ValueKind>(kind.Value!.GetValue<string>(), ignoreCase: true), kind.Charts))],
        Defaults = ByChart(entry.Default, "value"),
    };

    private static List<ByChart<JsonNode?>> ByChart(JsonNode? node, string name) =>
        node is JsonArray { Count: > 0 } list && list[0] is JsonObject
            ? [.. list.Select(item => new ByChart<JsonNode?>(item![name], Range(item["since"]?.GetValue<string>(), item["until"]?.GetValue<string>())))]
            : [new(node, ChartRange.All)];

    private static ChartRange Range(string? since, string? until) =>
        new(since is null ? null : ChartVersion.FirstOf(since), until is null ? null : ChartVersion.Parse(until));

    private sealed record Entry(
        List<EntryKey> Keys, string Section, JsonNode Type, Words Title, Words Text, JsonNode? Default = null, bool Secret = false, bool Deprecated = false, TakesEffect Takes = TakesEffect.Upgrade,
        ValueFormat Format = ValueFormat.None, long? Minimum = null, long? Maximum = null, string Subchart = "")
    {
        public IReadOnlyList<string> Allowed { get; init; } = [];

        public IReadOnlyList<string> Sets { get; init; } = [];

        public IReadOnlyList<string> Renders { get; init; } = [];

        public IReadOnlyList<string> Mistakes { get; init; } = [];
    }

    private sealed record EntryKey(string Key, string? Since = null, string? Until = null, bool Inert = false);

    private sealed record Words(string En, string Zh);
}
