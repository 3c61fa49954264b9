using System.Text.Json;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Tables;

/// <summary>Rows of custom resources: the printer columns of their definition, else the age.</summary>
internal static class CustomTables
{
    private const string Created = ".metadata.creationTimestamp";
    private static readonly TableColumn Age = TableColumn.Age with { Type = "date" };

    public static ResourceTable For(ResourceType type, JsonObject? definition)
    {
        var columns = (definition is null
            ? StandardColumns.Of(type.QualifiedName).Objects()
            : definition.Objects("spec", "versions").FirstOrDefault(v => v.Text("name") == type.Version).Objects("additionalPrinterColumns")).ToList();
        return columns.Count == 0
            ? new ResourceTable([TableColumn.ObjectName, Age], (json, now) => [json.Text("metadata", "name"), Cell.Age(json, now)])
            : new ResourceTable([TableColumn.ObjectName, .. columns.Select(Column)], Row([.. columns.Select(c => (ColumnPath.Parse(c.Text("jsonPath")), c.Text("type")))]));
    }

    private static TableColumn Column(JsonObject column)
    {
        var path = column.Text("jsonPath");
        var description = column.Text("description") is { Length: > 0 } own ? own
            : path == Created ? TableColumn.Age.Description
            : $"Custom resource definition column (in JSONPath format): {path}";
        return new TableColumn(column.Text("name"), description, column.Text("type"), column.Number("priority") is > 0, column.Text("format"));
    }

    private static Func<JsonObject, DateTimeOffset, IEnumerable<JsonNode?>> Row((ColumnPath Path, string Type)[] columns) => (json, now) =>
        [json.Text("metadata", "name"), .. columns.Select(column => Value(column.Path.Find(json), column.Type, now))];

    private static JsonNode? Value(JsonNode? value, string type, DateTimeOffset now) => (value, type) switch
    {
        (null, _) => null,
        (_, "date") => Cell.Since(value.Text(), now),
        (JsonValue scalar, "string") when scalar.GetValueKind() != JsonValueKind.String => scalar.ToJsonString(),
        (JsonObject or JsonArray, "string") => value.ToJsonString(),
        _ => value.DeepClone(),
    };
}
