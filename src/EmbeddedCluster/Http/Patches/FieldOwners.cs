using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Http.Patches;

/// <summary>
/// Who owns which fields, as <c>metadata.managedFields</c> keeps it: trees of <c>f:name</c>, <c>k:{"key":"value"}</c> for list items by key and <c>v:value</c> for set members.
/// Only those who apply are entered; what anyone else changes is nobody's afterwards.
/// </summary>
internal static class FieldOwners
{
    /// <summary>Fields of a configuration that its manager comes to own; what identifies the object is nobody's.</summary>
    public static JsonObject Of(string kind, JsonObject configuration)
    {
        var fields = new JsonObject();
        foreach (var (name, value) in configuration)
        {
            if (name is "apiVersion" or "kind")
            {
                continue;
            }

            var tree = Tree(kind, name, name, value);
            if (name == "metadata")
            {
                foreach (var own in new[] { "f:name", "f:namespace", "f:uid", "f:resourceVersion", "f:managedFields", "f:creationTimestamp", "f:generation" })
                {
                    tree.Remove(own);
                }

                if (tree.Count == 0)
                {
                    continue;
                }
            }

            fields["f:" + name] = tree;
        }

        return fields;
    }

    /// <summary>Takes from every manager the fields whose value another writer changed.</summary>
    public static void Release(JsonObject before, JsonObject after)
    {
        if (after["metadata"]?["managedFields"] is not JsonArray managers || JsonNode.DeepEquals(before["metadata"]?["managedFields"], managers) is false)
        {
            return;
        }

        foreach (var entry in managers.OfType<JsonObject>())
        {
            if (entry["fieldsV1"] is JsonObject fields)
            {
                Prune(fields, before, after);
            }
        }
    }

    /// <summary>The item of a list that a key of a tree names; the member of an object for <c>f:</c>.</summary>
    public static JsonNode? Find(JsonNode? node, string step)
    {
        if (step.StartsWith("f:", StringComparison.Ordinal))
        {
            return (node as JsonObject)?[step[2..]];
        }

        if (node is not JsonArray list)
        {
            return null;
        }

        var wanted = JsonNode.Parse(step[2..]);
        return step[0] == 'v'
            ? list.FirstOrDefault(i => JsonNode.DeepEquals(i, wanted))
            : list.FirstOrDefault(i => wanted is JsonObject keys && i is JsonObject item && keys.All(k => JsonNode.DeepEquals(item[k.Key], k.Value)));
    }

    public static bool IsStep(string name) => name.StartsWith("f:", StringComparison.Ordinal) || name.StartsWith("k:", StringComparison.Ordinal) || name.StartsWith("v:", StringComparison.Ordinal);

    private static JsonObject Tree(string kind, string path, string field, JsonNode? value)
    {
        var tree = new JsonObject();
        if (value is JsonObject map)
        {
            foreach (var (name, child) in map)
            {
                tree["f:" + name] = Tree(kind, $"{path}.{name}", name, child);
            }
        }
        else if (value is JsonArray list && MergeKeys.Of(kind, path, field) is { } key)
        {
            foreach (var item in list)
            {
                if (key == MergeKeys.Set)
                {
                    tree["v:" + (item?.ToJsonString() ?? "null")] = new JsonObject();
                    continue;
                }

                var step = new JsonObject { [key] = item?[key]?.DeepClone() };
                var inner = Tree(kind, path, "", item);
                inner.Insert(0, ".", new JsonObject());
                tree["k:" + step.ToJsonString()] = inner;
            }
        }

        return tree;
    }

    private static void Prune(JsonObject fields, JsonNode? before, JsonNode? after)
    {
        foreach (var (step, child) in fields.Where(f => IsStep(f.Key)).ToList())
        {
            var old = Find(before, step);
            var now = Find(after, step);
            if (child is JsonObject { Count: > 0 } tree && now is JsonObject or JsonArray)
            {
                Prune((JsonObject)child, old, now);
                if (!tree.Any(f => IsStep(f.Key)) && !tree.ContainsKey("."))
                {
                    fields.Remove(step);
                }
            }
            else if (!JsonNode.DeepEquals(old, now))
            {
                fields.Remove(step);
            }
        }
    }
}
