using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Http.Patches;

/// <summary>
/// Strategic merge patch: as a merge patch, but lists of built-in types merge by key, and directives (<c>$patch</c>, <c>$retainKeys</c>,
/// <c>$deleteFromPrimitiveList/…</c>, <c>$setElementOrder/…</c>) say the rest.
/// </summary>
internal static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string DeleteFrom = "$deleteFromPrimitiveList/";
    private const string Order = "$setElementOrder/";
    private const string Retain = "$retainKeys";

    /// <summary>The object after the patch; <paramref name="json"/> is used up.</summary>
    public static JsonObject Apply(ResourceType type, JsonObject json, JsonObject patch) => Merge(type.Kind, "", json, patch);

    private static JsonObject Merge(string kind, string path, JsonObject target, JsonObject patch)
    {
        switch ((string?)patch[Directive])
        {
            case "replace":
                var replacement = (JsonObject)patch.DeepClone();
                replacement.Remove(Directive);
                return replacement;
            case "delete":
                return [];
        }

        if (patch[Retain] is JsonArray retain)
        {
            var keep = retain.Select(k => (string?)k).ToHashSet();
            foreach (var name in target.Select(p => p.Key).Where(k => !keep.Contains(k)).ToList())
            {
                target.Remove(name);
            }
        }

        foreach (var (name, value) in patch.Where(p => !p.Key.StartsWith('$')))
        {
            MergeField(kind, path.Length == 0 ? name : $"{path}.{name}", name, target, patch, value);
        }

        foreach (var (name, value) in patch.Where(p => p.Key.StartsWith(DeleteFrom, StringComparison.Ordinal)))
        {
            if (target[name[DeleteFrom.Length..]] is JsonArray list && value is JsonArray gone)
            {
                Remove(list, item => gone.Any(g => JsonNode.DeepEquals(g, item)));
            }
        }

        foreach (var (name, value) in patch.Where(p => p.Key.StartsWith(Order, StringComparison.Ordinal)))
        {
            var field = name[Order.Length..];
            if (target[field] is JsonArray list && value is JsonArray order && MergeKeys.Of(kind, path.Length == 0 ? field : $"{path}.{field}", field) is { } key)
            {
                target[field] = Sorted(list, order, key);
            }
        }

        return target;
    }

    private static void MergeField(string kind, string path, string name, JsonObject target, JsonObject patch, JsonNode? value)
    {
        switch (value)
        {
            case null:
                target.Remove(name);
                break;
            case JsonObject map:
                var old = target[name] as JsonObject;
                var merged = Merge(kind, path, old ?? [], map);
                if (!ReferenceEquals(old, merged))
                {
                    target[name] = merged;
                }

                break;
            case JsonArray list when MergeKeys.Of(kind, path, name) is { } key:
                var before = target[name] as JsonArray;
                target[name] = key == MergeKeys.Set ? Union(before, list) : MergeList(kind, path, before, list, key, patch.ContainsKey(Order + name));
                break;
            default:
                target[name] = value.DeepClone();
                break;
        }
    }

    /// <summary>Merges list items by key; new items come first, as the API server puts them, unless an order is given.</summary>
    private static JsonArray MergeList(string kind, string path, JsonArray? before, JsonArray patch, string key, bool ordered)
    {
        if (patch.Any(p => (string?)p?[Directive] == "replace"))
        {
            return new JsonArray([.. patch.Where(p => p?[Directive] is null).Select(p => p?.DeepClone())]);
        }

        var items = (before ?? []).Select(i => i?.DeepClone()).ToList();
        var added = new List<JsonNode?>();
        foreach (var change in patch.OfType<JsonObject>())
        {
            var at = items.FindIndex(i => JsonNode.DeepEquals(i?[key], change[key]));
            if ((string?)change[Directive] == "delete")
            {
                if (at >= 0)
                {
                    items.RemoveAt(at);
                }
            }
            else if (at >= 0)
            {
                items[at] = Merge(kind, path, (JsonObject)items[at]!, change);
            }
            else
            {
                added.Add(Merge(kind, path, [], change));
            }
        }

        return new JsonArray([.. ordered ? items.Concat(added) : added.Concat(items)]);
    }

    private static JsonArray Union(JsonArray? before, JsonArray patch)
    {
        var result = (JsonArray?)before?.DeepClone() ?? [];
        foreach (var value in patch.Where(v => !result.Any(r => JsonNode.DeepEquals(r, v))).ToList())
        {
            result.Add(value?.DeepClone());
        }

        return result;
    }

    /// <summary>Items in the order that is given; those it does not name keep their place among their neighbours, after those before them.</summary>
    private static JsonArray Sorted(JsonArray list, JsonArray order, string key)
    {
        int Place(JsonNode? item)
        {
            for (var i = 0; i < order.Count; i++)
            {
                if (key == MergeKeys.Set ? JsonNode.DeepEquals(order[i], item) : JsonNode.DeepEquals(order[i]?[key], item?[key]))
                {
                    return i;
                }
            }

            return -1;
        }

        var named = list.Where(i => Place(i) >= 0).OrderBy(Place).ToList();
        var result = new List<JsonNode?>();
        var next = 0;
        foreach (var item in list)
        {
            result.Add((Place(item) >= 0 ? named[next++] : item)?.DeepClone());
        }

        return new JsonArray([.. result]);
    }

    private static void Remove(JsonArray list, Func<JsonNode?, bool> gone)
    {
        for (var i = list.Count - 1; i >= 0; i--)
        {
            if (gone(list[i]))
            {
                list.RemoveAt(i);
            }
        }
    }
}
