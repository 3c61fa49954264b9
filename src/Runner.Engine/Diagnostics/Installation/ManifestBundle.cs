using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Runner.Engine.Diagnostics.Installation;

/// <summary>One object of a bundle.</summary>
/// <param name="Namespace">As the manifest has it; empty for none.</param>
public sealed record BundleObject(string ApiVersion, string Kind, string Namespace, string Name)
{
    internal JsonObject Json { get; init; } = [];

    public override string ToString() => Namespace.Length > 0 ? $"{Kind} {Namespace}/{Name}" : $"{Kind} {Name}";
}

/// <summary>A text is no bundle of manifests. The message says where and why.</summary>
public sealed class BundleException(LocalText problem) : Exception(problem.English), IExplained
{
    /// <inheritdoc/>
    public LocalText Problem { get; } = problem;
}

/// <summary>Reads manifests. Pure.</summary>
public static class ManifestBundle
{
    /// <summary>Most characters of a bundle.</summary>
    public const int MostCharacters = 8 * 1024 * 1024;

    /// <summary>Most objects of a bundle.</summary>
    public const int MostObjects = 1000;

    /// <summary>Reads documents of YAML or JSON, <c>List</c>s among them, and puts them in the order in which they must be installed.</summary>
    /// <exception cref="BundleException">It is no such text, or too much.</exception>
    public static IReadOnlyList<BundleObject> Parse(string text)
    {
        if (text.Length > MostCharacters)
        {
            throw new BundleException(new($"The bundle is longer than {MostCharacters / (1024 * 1024)} MB. Split it.", $"清单超过 {MostCharacters / (1024 * 1024)} MB。请拆分。"));
        }

        var stream = new YamlStream();
        try
        {
            using var reader = new StringReader(text);
            stream.Load(reader);
            var objects = stream.Documents.Select(document => Convert(document.RootNode, 0)).SelectMany(Flatten).Select(Read).ToList();
            if (objects.Count is 0 or > MostObjects)
            {
                throw new BundleException(objects.Count == 0
                    ? new("There is no object in it.", "其中没有对象。")
                    : new($"There are {objects.Count} objects in it, more than {MostObjects}. Split it.", $"其中有 {objects.Count} 个对象，超过 {MostObjects} 个。请拆分。"));
            }

            if (objects.GroupBy(one => (one.ApiVersion, one.Kind, one.Namespace, one.Name)).FirstOrDefault(group => group.Count() > 1) is { } twice)
            {
                throw new BundleException(new($"{twice.First()} is in it twice.", $"{twice.First()} 出现了两次。"));
            }

            return [.. objects.OrderBy(one => Rank(one.Kind))];
        }
        catch (YamlException exception)
        {
            throw new BundleException(new(
                $"It is not valid YAML at line {exception.Start.Line}, column {exception.Start.Column}.", $"第 {exception.Start.Line} 行第 {exception.Start.Column} 列不是有效的 YAML。"));
        }
    }

    private static IEnumerable<JsonNode?> Flatten(JsonNode? document) =>
        document is JsonObject { } list && list["kind"]?.ToString() is { } kind && kind.EndsWith("List", StringComparison.Ordinal) && list["items"] is JsonArray items
            ? items.Select(item => item?.DeepClone())
            : document is null ? [] : [document];

    private static BundleObject Read(JsonNode? document)
    {
        string Text(JsonNode? node, string name) => node is JsonObject parent && parent[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
        var (version, kind, name) = (Text(document, "apiVersion"), Text(document, "kind"), Text((document as JsonObject)?["metadata"], "name"));
        return document is JsonObject json && version.Length > 0 && kind.Length > 0 && name.Length > 0
            ? new(version, kind, Text(json["metadata"], "namespace"), name) { Json = json }
            : throw new BundleException(new(
                $"One of its documents is no Kubernetes object: it needs apiVersion, kind and metadata.name{(kind.Length > 0 ? $" (kind {kind})" : "")}.",
                $"其中一个文档不是 Kubernetes 对象：需要 apiVersion、kind 和 metadata.name{(kind.Length > 0 ? $"（kind {kind}）" : "")}。"));
    }

    /// <summary>What others need comes first; webhooks, which would stop the rest until they answer, come last.</summary>
    private static int Rank(string kind) => kind switch
    {
        "Namespace" => 0,
        "CustomResourceDefinition" => 1,
        "ServiceAccount" or "Role" or "ClusterRole" => 2,
        "RoleBinding" or "ClusterRoleBinding" => 3,
        "ConfigMap" or "Secret" or "Service" or "PersistentVolumeClaim" or "PriorityClass" => 4,
        "ValidatingWebhookConfiguration" or "MutatingWebhookConfiguration" or "APIService" => 9,
        "Deployment" or "StatefulSet" or "DaemonSet" or "Job" => 5,
        _ => 6,
    };

    private static JsonNode? Convert(YamlNode node, int depth)
    {
        if (depth > 100)
        {
            throw new BundleException(new("It is nested deeper than 100 levels.", "嵌套超过 100 层。"));
        }

        return node switch
        {
            YamlMappingNode map => new JsonObject(map.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value ?? "", Convert(pair.Value, depth + 1)))),
            YamlSequenceNode list => new JsonArray([.. list.Children.Select(item => Convert(item, depth + 1))]),
            YamlScalarNode scalar => Scalar(scalar),
            _ => null,
        };
    }

    private static JsonValue? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
        {
            return JsonValue.Create(text);
        }

        return text switch
        {
            "" or "~" or "null" => null,
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),

            // As in defaultMode: 0644.
            ['0', .. { Length: > 0 } octal] when octal.All(digit => digit is >= '0' and <= '7') && octal.Length < 20 => JsonValue.Create(octal.Aggregate(0L, (sum, digit) => (sum * 8) + (digit - '0'))),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
            _ when text.Contains('.', StringComparison.Ordinal) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }
}
