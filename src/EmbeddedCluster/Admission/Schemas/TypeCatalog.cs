using System.Globalization;
using System.Reflection;

namespace Runner.EmbeddedCluster.Admission.Schemas;

/// <summary>
/// The fields of the built-in types and of the custom resources that are checked, read from the embedded <c>.types</c> files. Their format: a line that begins in the first column names
/// a type; the indented words after it are its fields, <c>name:type</c>, or <c>+type</c> for all fields of another type. A name ends in <c>!</c> (always written; in custom resources: required) or <c>?</c> (left out when zero).
/// A type is <c>string</c>, <c>%Alias</c> (a string with a name of its own), <c>bool</c>, <c>int32</c>, <c>int64</c>, <c>float64</c>, <c>bytes</c>, <c>time</c>, <c>microtime</c>,
/// <c>quantity</c>, <c>intstr</c>, <c>any</c>, or a type of the file or of another (<c>core.PodSpec</c>), after <c>*</c> (may be null), <c>[]</c> or <c>map:</c>;
/// <c>@key</c> says how lists merge in strategic merge patches, <c>~</c> that keys are retained; <c>#1</c> is the field's number in the binary form, <c>#2.1</c> that of a field in an
/// embedded message.
/// </summary>
internal static class TypeCatalog
{
    private static readonly Dictionary<(string Group, string Version), string> Files = new()
    {
        [("", "v1")] = "core",
        [("apps", "v1")] = "apps",
        [("autoscaling", "v1")] = "autoscaling1",
        [("autoscaling", "v2")] = "autoscaling2",
        [("authentication.k8s.io", "v1")] = "authentication",
        [("authorization.k8s.io", "v1")] = "authorization",
        [("batch", "v1")] = "batch",
        [("coordination.k8s.io", "v1")] = "coordination",
        [("discovery.k8s.io", "v1")] = "discovery",
        [("events.k8s.io", "v1")] = "events",
        [("networking.k8s.io", "v1")] = "networking",
        [("node.k8s.io", "v1")] = "node",
        [("policy", "v1")] = "policy",
        [("rbac.authorization.k8s.io", "v1")] = "rbac",
        [("scheduling.k8s.io", "v1")] = "scheduling",
        [("storage.k8s.io", "v1")] = "storage",
        [("serving.knative.dev", "v1")] = "knative",
        [("argoproj.io", "v1alpha1")] = "argo",
    };

    private static readonly Lazy<Dictionary<string, TypeSchema>> Types = new(ReadAll);

    /// <summary>A type by file and name, such as <c>meta.ObjectMeta</c>.</summary>
    public static TypeSchema Get(string name) => Types.Value[name];

    /// <summary>The type of a kind's objects, or null when its fields are not known (everything is accepted then).</summary>
    public static TypeSchema? Find(string group, string version, string kind) =>
        Files.TryGetValue((group, version), out var file) ? Types.Value.GetValueOrDefault($"{file}.{kind}") : null;

    private static Dictionary<string, TypeSchema> ReadAll()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var types = new Dictionary<string, TypeSchema>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".types", StringComparison.Ordinal)))
        {
            var file = resource.Split('.')[^2];
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            foreach (var (name, words) in Paragraphs(reader))
            {
                types.Add($"{file}.{name}", new TypeSchema(name, () => [.. words.SelectMany(word => Fields(types, file, word))]));
            }
        }

        return types;
    }

    private static List<(string Name, List<string> Words)> Paragraphs(StreamReader reader)
    {
        var paragraphs = new List<(string, List<string> Words)>();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith(' '))
            {
                paragraphs[^1].Words.AddRange(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            }
            else if (line.Length > 0)
            {
                paragraphs.Add((line.Trim(), []));
            }
        }

        return paragraphs;
    }

    private static IEnumerable<FieldSchema> Fields(Dictionary<string, TypeSchema> types, string file, string word) =>
        word[0] == '+' ? types[word[1..]].Fields : [Field(types, file, word)];

    private static FieldSchema Field(Dictionary<string, TypeSchema> types, string file, string word)
    {
        var colon = word.IndexOf(':', StringComparison.Ordinal);
        var (name, type) = (word[..colon], word[(colon + 1)..]);
        var presence = name[^1] switch
        {
            '!' => FieldPresence.Always,
            '?' => FieldPresence.NotZero,
            _ => FieldPresence.Optional,
        };
        var hash = type.IndexOf('#', StringComparison.Ordinal);
        int[] numbers = hash < 0 ? [] : [.. type[(hash + 1)..].Split('.').Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
        type = hash < 0 ? type : type[..hash];
        var retain = type.EndsWith('~');
        type = type.TrimEnd('~');
        var at = type.IndexOf('@', StringComparison.Ordinal);
        var mergeKey = at < 0 ? null : type[(at + 1)..];
        return new FieldSchema(name.TrimEnd('!', '?'), Parse(types, file, at < 0 ? type : type[..at], nullable: false), presence, mergeKey, retain, numbers);
    }

    private static FieldType Parse(Dictionary<string, TypeSchema> types, string file, string text, bool nullable)
    {
        if (text[0] == '*')
        {
            return Parse(types, file, text[1..], nullable: true);
        }

        if (text.StartsWith("[]", StringComparison.Ordinal))
        {
            var item = Parse(types, file, text[2..], nullable: false);
            return new FieldType(FieldKind.List, "[]" + item.Name, nullable, item);
        }

        if (text.StartsWith("map:", StringComparison.Ordinal))
        {
            var item = Parse(types, file, text[4..], nullable: false);
            return new FieldType(FieldKind.Map, "map[string]" + item.Name, nullable, item);
        }

        if (text[0] == '%')
        {
            return new FieldType(FieldKind.Text, "v1." + text[1..], nullable);
        }

        FieldKind? plain = text switch
        {
            "any" => FieldKind.Any,
            "string" => FieldKind.Text,
            "bool" => FieldKind.Flag,
            "int32" => FieldKind.Integer32,
            "int64" => FieldKind.Integer64,
            "float64" => FieldKind.Number,
            "bytes" => FieldKind.Bytes,
            "time" => FieldKind.Time,
            "microtime" => FieldKind.MicroTime,
            "quantity" => FieldKind.Quantity,
            "intstr" => FieldKind.IntegerOrText,
            _ => null,
        };
        if (plain is { } kind)
        {
            return new FieldType(kind, text, nullable);
        }

        var full = text.Contains('.', StringComparison.Ordinal) ? text : $"{file}.{text}";
        return new FieldType(FieldKind.Object, "v1." + full.Split('.')[1], nullable, target: new Lazy<TypeSchema>(() => types[full]));
    }
}
