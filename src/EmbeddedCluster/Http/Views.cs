using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;
using Runner.EmbeddedCluster.Tables;

namespace Runner.EmbeddedCluster.Http;

/// <summary>Other forms of stored objects: another API version, the metadata alone, rows of a table. Pure.</summary>
internal static class Views
{
    /// <summary>Whether objects are served as they are stored.</summary>
    public static bool IsStoredForm(ResourceType type) => type.Group != "events.k8s.io" && type.ApiVersion != "autoscaling/v1";

    /// <summary>The object as a resource version serves it.</summary>
    public static JsonObject Serve(ResourceType type, StoredObject stored)
    {
        if (IsStoredForm(type))
        {
            return stored.Json;
        }

        if (type.Group == "events.k8s.io")
        {
            return EventViews.ToEventsGroup(stored.Json);
        }

        var json = stored.Edit();
        json["apiVersion"] = type.ApiVersion;
        return json;
    }

    /// <summary>The object as it is stored, from what a client sends of a resource version.</summary>
    public static JsonObject Store(ResourceType type, JsonObject json) => type.Group == "events.k8s.io" ? EventViews.ToCore(json) : json;

    public static JsonObject Partial(StoredObject stored, string metaVersion = "v1") => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = $"meta.k8s.io/{metaVersion}",
        ["metadata"] = stored.Json["metadata"]!.DeepClone(),
    };

    /// <summary>Metadata of the table of one object.</summary>
    public static JsonObject ObjectListMeta(StoredObject stored) => new() { ["resourceVersion"] = stored.Json["metadata"]!["resourceVersion"]?.DeepClone() };

    /// <param name="first">Whether columns are described; later tables of a watch leave them out.</param>
    public static JsonObject Table(ApiRequest request, IReadOnlyList<StoredObject> objects, JsonObject listMetadata, bool first)
    {
        var include = request.Query("includeObject") ?? "Metadata";
        var table = ResourceTable.For(request.Type, request.Definition);
        var rows = new JsonArray();
        foreach (var stored in objects)
        {
            var served = Serve(request.Type, stored);
            var row = new JsonObject { ["cells"] = table.Cells(served, request.Now) };
            if (ResourceTable.Conditions(request.Type, served) is { } conditions)
            {
                row["conditions"] = conditions;
            }

            // Null where nothing is wanted, as Go writes it.
            row["object"] = include switch
            {
                "None" => null,
                "Object" => stored.Edit(),
                _ => Partial(stored, request.Format.MetaVersion),
            };
            rows.Add((JsonNode)row);
        }

        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = $"meta.k8s.io/{request.Format.MetaVersion}",
            ["metadata"] = listMetadata,
            ["columnDefinitions"] = first ? table.ColumnDefinitions() : null,
            ["rows"] = rows,
        };
    }

    /// <summary>A bookmark in a watch of tables: a row whose object has a resource version and nothing else.</summary>
    public static JsonObject Bookmark(ApiRequest request, StoredObject stored) => new()
    {
        ["kind"] = "Table",
        ["apiVersion"] = $"meta.k8s.io/{request.Format.MetaVersion}",
        ["metadata"] = stored.Json["metadata"]!.DeepClone(),
        ["columnDefinitions"] = null,
        ["rows"] = new JsonArray(),
    };
}
