using System.Text.Json.Nodes;
using NJsonSchema;
using NJsonSchema.Validation;

namespace Runner.Engine.Values;

/// <summary>The <c>values.schema.json</c> that a chart brings.</summary>
public sealed class ChartSchema
{
    private readonly JsonSchema _schema;
    private readonly JsonObject _defaults;

    private ChartSchema(JsonSchema schema, JsonObject defaults)
    {
        _schema = schema;
        _defaults = defaults;
    }

    /// <summary>Reads a schema.</summary>
    /// <param name="schema">Its JSON.</param>
    /// <param name="defaults">The chart's own values, to which Helm adds the user's before it checks.</param>
    /// <returns>Null for a schema that cannot be read: a chart of another's making stops no editing.</returns>
    public static async Task<ChartSchema?> ReadAsync(string schema, JsonObject? defaults, CancellationToken cancellationToken)
    {
        try
        {
            return new(await JsonSchema.FromJsonAsync(schema, null, root => new ClosedReferences(root), cancellationToken).ConfigureAwait(false), defaults ?? []);
        }
        catch (Exception exception) when (exception is Newtonsoft.Json.JsonException or InvalidOperationException or NotSupportedException or ArgumentException)
        {
            return null;
        }
    }

    internal void Check(JsonObject values, CheckReport report)
    {
        var merged = (JsonObject)_defaults.DeepClone();
        Merge(merged, values);
        foreach (var error in _schema.Validate(merged.ToJsonString()).SelectMany(Innermost))
        {
            var path = PathOf(error.Path ?? "");
            report.OfChart(path, new($"The schema of the deployed chart refuses '{path}': {Words(error.Kind).English}.", $"已部署 Chart 的 schema 拒绝 '{path}':{Words(error.Kind).Chinese}。"),
                new("Compare with the chart's documentation for this version.", "请对照该版本 Chart 的文档。"));
        }
    }

    /// <summary>As Helm merges: maps key by key, null takes a default away, everything else replaces.</summary>
    internal static void Merge(JsonObject into, JsonObject values)
    {
        foreach (var (key, value) in values)
        {
            if (value is null)
            {
                into.Remove(key);
            }
            else if (value is JsonObject map && into[key] is JsonObject inner)
            {
                Merge(inner, map);
            }
            else
            {
                into[key] = value.DeepClone();
            }
        }
    }

    private static IEnumerable<ValidationError> Innermost(ValidationError error) =>
        error is ChildSchemaValidationError child && child.Errors.Values.SelectMany(errors => errors).Where(inner => inner.Kind is not (ValidationErrorKind.NullExpected or ValidationErrorKind.StringTooLong)).SelectMany(Innermost).ToList() is { Count: > 0 } inner
            ? inner.Where(deeper => (deeper.Path ?? "").Length >= (error.Path ?? "").Length).Take(1) : [error];

    private static KeyPath PathOf(string pointer)
    {
        try
        {
            return pointer.TrimStart('#', '/') is { Length: > 0 } path ? KeyPath.Parse(path) : KeyPath.Root;
        }
        catch (FormatException)
        {
            return KeyPath.Root;
        }
    }

    /// <summary>A schema refers to its own parts alone: what came out of a cluster makes this process read no file and call nobody.</summary>
    private sealed class ClosedReferences(JsonSchema root) : JsonReferenceResolver(new JsonSchemaAppender(root, new DefaultTypeNameGenerator()))
    {
        public override Task<NJsonSchema.References.IJsonReference> ResolveFileReferenceAsync(string filePath, CancellationToken cancellationToken = default) => throw Refused();

        public override Task<NJsonSchema.References.IJsonReference> ResolveUrlReferenceAsync(string url, CancellationToken cancellationToken = default) => throw Refused();

        private static NotSupportedException Refused() => new("The schema refers to another file.");
    }

    private static LocalText Words(ValidationErrorKind kind) => kind switch
    {
        ValidationErrorKind.StringExpected => new("it wants a text", "应为文本"),
        ValidationErrorKind.BooleanExpected => new("it wants true or false", "应为 true 或 false"),
        ValidationErrorKind.IntegerExpected or ValidationErrorKind.NumberExpected => new("it wants a number", "应为数字"),
        ValidationErrorKind.ArrayExpected => new("it wants a list", "应为列表"),
        ValidationErrorKind.ObjectExpected => new("it wants a map", "应为映射"),
        ValidationErrorKind.PatternMismatch => new("the text does not have the form it wants", "文本格式不符"),
        ValidationErrorKind.NotInEnumeration => new("it is none of the values it allows", "不在允许的值之内"),
        ValidationErrorKind.PropertyRequired => new("it is missing", "缺少此项"),
        ValidationErrorKind.NoAdditionalPropertiesAllowed => new("it knows no such key", "没有此键"),
        ValidationErrorKind.NumberTooSmall or ValidationErrorKind.NumberTooBig => new("the number is out of its range", "数字超出范围"),
        _ => new("the value does not fit", "值不符合要求"),
    };
}
