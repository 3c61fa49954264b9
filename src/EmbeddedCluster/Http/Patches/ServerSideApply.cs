using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Patches;

/// <summary>Server-side apply: a manager says what it wants of an object; what it wanted before and no longer does goes, what others own is a conflict.</summary>
/// <param name="force">Whether fields are taken from other managers.</param>
internal sealed class ServerSideApply(ResourceType type, string manager, bool force, string? subresource, TimeProvider time)
{
    /// <exception cref="ApiException">400 when the body is no configuration to apply.</exception>
    public static void Check(ResourceType type, JsonObject configuration)
    {
        var apiVersion = (string?)configuration["apiVersion"] ?? "";
        var kind = (string?)configuration["kind"] ?? "";
        if (kind.Length == 0 || apiVersion.Length == 0)
        {
            throw ApiErrors.BadRequest($"invalid object type: {(apiVersion.Length == 0 ? "/" : apiVersion)}, Kind={kind}");
        }

        if (kind != type.Kind || apiVersion != type.ApiVersion)
        {
            throw ApiErrors.BadRequest($"incorrect object kind: expected {type.ApiVersion}, Kind={type.Kind}, got {apiVersion}, Kind={kind}");
        }

        if (configuration["metadata"]?["managedFields"] is not null)
        {
            throw ApiErrors.BadRequest("metadata.managedFields must be nil");
        }
    }

    /// <summary>A new object with its first manager.</summary>
    public JsonObject Begin(JsonObject configuration)
    {
        var fields = FieldOwners.Of(type.Kind, configuration);
        ObjectLife.Metadata(configuration)["managedFields"] = new JsonArray(Entry(fields));
        return configuration;
    }

    /// <summary>What a stored object becomes.</summary>
    /// <exception cref="ApiException">409 when other managers own fields that would change.</exception>
    public JsonObject Merge(JsonObject before, JsonObject configuration)
    {
        var fields = FieldOwners.Of(type.Kind, configuration);
        var managers = (before["metadata"]?["managedFields"] as JsonArray)?.OfType<JsonObject>().Select(e => (JsonObject)e.DeepClone()).ToList() ?? [];
        var mine = managers.Find(IsMine);
        var others = managers.Where(m => m != mine).ToList();
        CheckConflicts(before, configuration, fields, others);

        var merged = (JsonObject)before.DeepClone();
        if (mine?["fieldsV1"] is JsonObject previous)
        {
            RemoveUnwanted(merged, previous, fields, others);
        }

        merged = StrategicMergePatch.Apply(type, merged, WithoutIdentity(configuration));
        var same = mine is not null && JsonNode.DeepEquals(mine["fieldsV1"], fields);
        List<JsonObject> entries = [same ? mine! : Entry(fields), .. others];
        ObjectLife.Metadata(merged)["managedFields"] = new JsonArray([.. entries.OrderBy(e => (string?)e["operation"], StringComparer.Ordinal)
            .ThenBy(e => (string?)e["time"], StringComparer.Ordinal).ThenBy(e => (string?)e["manager"], StringComparer.Ordinal)]);
        return merged;
    }

    private static JsonObject WithoutIdentity(JsonObject configuration)
    {
        var copy = (JsonObject)configuration.DeepClone();
        (copy["metadata"] as JsonObject)?.Remove("managedFields");
        return copy;
    }

    private bool IsMine(JsonObject entry) =>
        (string?)entry["manager"] == manager && (string?)entry["operation"] == "Apply" && (string?)entry["subresource"] == subresource;

    private JsonObject Entry(JsonObject fields)
    {
        var entry = new JsonObject
        {
            ["manager"] = manager,
            ["operation"] = "Apply",
            ["apiVersion"] = type.ApiVersion,
            ["time"] = ObjectLife.Timestamp(time.GetUtcNow()),
            ["fieldsType"] = "FieldsV1",
            ["fieldsV1"] = fields,
        };
        if (subresource is not null)
        {
            entry["subresource"] = subresource;
        }

        return entry;
    }

    private void CheckConflicts(JsonObject before, JsonObject configuration, JsonObject fields, List<JsonObject> others)
    {
        var conflicts = new List<(string Manager, string Field)>();
        foreach (var other in others.Where(o => o["fieldsV1"] is JsonObject))
        {
            Collide(fields, (JsonObject)other["fieldsV1"]!, configuration, before, "", field => conflicts.Add(((string?)other["manager"] ?? "", field)));
        }

        if (conflicts.Count == 0 || force)
        {
            return;
        }

        var causes = conflicts.Select(c => new StatusCause("FieldManagerConflict", $"conflict with \"{c.Manager}\" using {type.ApiVersion}", c.Field)).ToList();
        var text = causes.Count == 1
            ? $"Apply failed with 1 conflict: {causes[0].Message}: {causes[0].Field}"
            : $"Apply failed with {causes.Count} conflicts: {string.Join("\n", conflicts.GroupBy(c => c.Manager).Select(g => $"conflicts with \"{g.Key}\" using {type.ApiVersion}:\n{string.Join("\n", g.Select(c => $"- {c.Field}"))}"))}";
        throw new ApiException(409, "Conflict", text) { Details = new StatusDetails { Causes = causes } };
    }

    /// <summary>Tells the leaves both trees name whose wanted and stored values differ; with force they are taken from the other tree.</summary>
    private void Collide(JsonObject mine, JsonObject theirs, JsonNode? wanted, JsonNode? stored, string path, Action<string> tell)
    {
        foreach (var (step, child) in mine.Where(f => FieldOwners.IsStep(f.Key) && theirs.ContainsKey(f.Key)).ToList())
        {
            var name = path + (step[0] == 'f' ? "." + step[2..] : $"[{step[2..]}]");
            var next = FieldOwners.Find(wanted, step);
            var now = FieldOwners.Find(stored, step);
            if (child is JsonObject { Count: > 0 } tree)
            {
                Collide(tree, theirs[step] as JsonObject ?? [], next, now, name, tell);
            }
            else if (!JsonNode.DeepEquals(next, now))
            {
                tell(name);
                if (force)
                {
                    theirs.Remove(step);
                }
            }
        }
    }

    private static void RemoveUnwanted(JsonNode node, JsonObject previous, JsonObject wanted, IReadOnlyList<JsonObject> others)
    {
        foreach (var (step, child) in previous.Where(f => FieldOwners.IsStep(f.Key)).ToList())
        {
            var shared = others.Select(o => (o["fieldsV1"] ?? o)[step]).OfType<JsonObject>().ToList();
            var value = FieldOwners.Find(node, step);
            if (wanted[step] is JsonObject still)
            {
                if (value is not null && child is JsonObject tree)
                {
                    RemoveUnwanted(value, tree, still, shared);
                }
            }
            else if (shared.Count > 0)
            {
                if (value is not null && child is JsonObject { Count: > 0 } tree)
                {
                    RemoveUnwanted(value, tree, [], shared);
                }
            }
            else if (node is JsonObject map)
            {
                map.Remove(step[2..]);
            }
            else if (node is JsonArray list && value is not null)
            {
                list.Remove(value);
            }
        }
    }
}
