using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Tables;

/// <summary>One column of a table.</summary>
/// <param name="Type"><c>string</c>, <c>integer</c>, <c>date</c> …, as in OpenAPI.</param>
/// <param name="Wide">Whether clients show it only when asked for more.</param>
internal sealed record TableColumn(string Name, string Description, string Type = "string", bool Wide = false, string Format = "")
{
    public static readonly TableColumn ObjectName = new("Name", "Name of the object, unique among its kind in its namespace.", Format: "name");

    public static readonly TableColumn Age = new("Age", "Time since the object was created.");

    public JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["type"] = Type,
        ["format"] = Format,
        ["description"] = Description,
        ["priority"] = Wide ? 1 : 0,
    };
}

/// <summary>How the objects of one resource are shown as rows: what <c>kubectl get</c> prints.</summary>
/// <param name="Columns">Columns in order.</param>
/// <param name="Row">The cells of one object at a time, as many as there are columns.</param>
internal sealed record ResourceTable(IReadOnlyList<TableColumn> Columns, Func<JsonObject, DateTimeOffset, IEnumerable<JsonNode?>> Row)
{
    private static readonly ResourceTable Plain = new(
        [TableColumn.ObjectName, new TableColumn("Created At", "Time at which the object was created.", "date")],
        (json, _) => [json.Text("metadata", "name"), json.Text("metadata", "creationTimestamp")]);

    private static readonly IReadOnlyDictionary<(string Group, string Kind), ResourceTable> Known =
        PodTable.All.Concat(WorkloadTables.All).Concat(NetworkTables.All).Concat(StorageTables.All).Concat(CoreTables.All).Concat(AccessTables.All).ToDictionary();

    /// <param name="definition">The CustomResourceDefinition of a custom resource; its printer columns are shown. Null for built-in resources, and for custom ones that are there from the start.</param>
    public static ResourceTable For(ResourceType type, JsonObject? definition = null) =>
        type.Custom ? CustomTables.For(type, definition) : Known.GetValueOrDefault((type.Group, type.Kind), Plain);

    public JsonArray ColumnDefinitions() => new([.. Columns.Select(c => c.ToJson())]);

    public JsonArray Cells(JsonObject json, DateTimeOffset now) => new([.. Row(json, now)]);

    /// <summary>Conditions of a row, by which clients shade objects that have ended; null for none.</summary>
    public static JsonArray? Conditions(ResourceType type, JsonObject json) => type.Kind == "Pod" ? PodTable.Conditions(json) : null;
}
