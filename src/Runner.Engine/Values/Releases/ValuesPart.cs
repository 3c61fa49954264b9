using System.Text.Json.Nodes;

namespace Runner.Engine.Values;

/// <summary>
/// The runner's values inside those of a chart that it came with, such as <c>csghub</c>: under a key of their own, but for what is global, which Helm hands to every chart of a release and which
/// wins over a part's own. Pure.
/// </summary>
/// <param name="Name">The key.</param>
/// <param name="Own">What the user set under it, but for what switches the part on: that is the whole's matter.</param>
/// <param name="Global">What the user set for all charts.</param>
/// <param name="GlobalDefaults">What the whole chart has for all charts by itself.</param>
/// <param name="Switches">Paths by which the part is switched on, as the whole chart names them: <c>runner.enabled</c>.</param>
/// <param name="Others">Keys of the whole under which the user set something else.</param>
public sealed record ValuesPart(string Name, JsonObject Own, JsonObject Global, JsonObject GlobalDefaults, IReadOnlyList<string> Switches, IReadOnlyList<string> Others)
{
    private const string GlobalKey = "global";

    /// <summary>The runner's values in a release of another chart.</summary>
    public static ValuesPart Find(string name, JsonObject values, JsonObject defaults, IReadOnlyList<string> switches)
    {
        var own = values[name] is JsonObject given ? (JsonObject)given.DeepClone() : [];
        foreach (var path in switches.Where(path => path.StartsWith(name + ".", StringComparison.Ordinal)).Select(path => path[(name.Length + 1)..].Split('.')))
        {
            (path[..^1].Aggregate((JsonObject?)own, (map, key) => map?[key] as JsonObject))?.Remove(path[^1]);
        }

        return new(name, own, GlobalOf(values), GlobalOf(defaults), switches, [.. values.Select(entry => entry.Key).Where(key => key != name && key != GlobalKey)]);
    }

    /// <summary>What the runner's chart sees of the values of the whole.</summary>
    public static JsonObject Of(JsonObject values, string part)
    {
        var seen = values[part] is JsonObject own ? (JsonObject)own.DeepClone() : [];
        if (values[GlobalKey] is JsonObject global)
        {
            seen[GlobalKey] = seen[GlobalKey] is JsonObject inner ? Merged(inner, global) : global.DeepClone();
        }

        return seen;
    }

    /// <summary>What the runner's chart sees of what the user set.</summary>
    public JsonObject Seen => Of(new JsonObject { [Name] = Own.DeepClone(), [GlobalKey] = Global.Count > 0 ? Global.DeepClone() : null }, Name);

    /// <summary>
    /// What an upgrade with a file of the runner's chart is held against: what the user set for all charts stays where the file says nothing of it, as it is not the runner's alone; and what
    /// <see cref="Wrap"/> writes in order to unset a value is as good as nothing.
    /// </summary>
    /// <param name="file">As the runner's chart sees it.</param>
    public JsonObject ComparedWith(JsonObject file, ChartVersion chart)
    {
        var seen = Seen;
        var global = GlobalOf(file);
        var stays = Leaves(Global).Where(path => global.At(path) is null).Select(path => Below(GlobalKey, path));
        var unset = Leaves(Own).Where(path => file.At(path) is null && JsonNode.DeepEquals(Own.At(path), DefaultOf(path, chart, file)));
        foreach (var path in stays.Concat(unset).ToList())
        {
            Remove(seen, path);
        }

        return Pruned(seen);
    }

    /// <summary>Without nulls and empty maps, by which a file and a release can differ though an upgrade changes nothing: Helm merges what is there already.</summary>
    public static JsonObject Pruned(JsonObject values)
    {
        var pruned = new JsonObject();
        foreach (var (key, value) in values)
        {
            var left = value is JsonObject map ? Pruned(map) : value?.DeepClone();
            if (left is not null and not JsonObject { Count: 0 })
            {
                pruned[key] = left;
            }
        }

        return pruned;
    }

    /// <summary>True for a file of the whole chart: it has under the part's key what belongs to the top of a file of the runner, or keys that no chart of the runner knows.</summary>
    public static bool IsOfWhole(JsonObject file, string part)
    {
        bool IsKnown(KeyPath path) => ValuesCatalogue.Instance.Values.Any(value => value.Keys.Any(key => key.Path.StartsWith(path) || path.StartsWith(key.Path)));
        var own = KeyPath.Root.Child(part);
        return file[part] is JsonObject inner
            && (inner.Any(entry => !IsKnown(own.Child(entry.Key)) && IsKnown(KeyPath.Root.Child(entry.Key))) || file.Any(entry => entry.Key != part && !IsKnown(KeyPath.Root.Child(entry.Key))));
    }

    /// <summary>
    /// A file of the runner's chart as one of the whole, with its comments; without them where it is written in a way that cannot be moved inwards. Together with what the release has it gives the runner what the file says:
    /// as Helm keeps what a file does not name, what was set for the runner and is not in the file becomes the chart's default, or null where it has none. Nothing else of the whole changes but what the
    /// file says of globals that were set for all.
    /// </summary>
    /// <param name="chart">The chart of the runner that the file is for.</param>
    public ValuesDocument Wrap(ValuesDocument document, ChartVersion chart)
    {
        var file = HelmValues.Read(document);
        var rest = (JsonObject)file.DeepClone();
        var inner = GlobalOf(rest);
        var outer = new JsonObject();
        foreach (var path in Leaves(inner).Where(IsForAll).ToList())
        {
            Put(outer, path, inner.At(path));
            Remove(inner, path);
        }

        rest.Remove(GlobalKey);
        if (inner.Count > 0)
        {
            rest[GlobalKey] = inner;
        }

        var unset = Missing(Own, file, KeyPath.Root).Select(path => (Path: path, Value: DefaultOf(path, chart, file))).ToList();
        var wanted = new JsonObject();
        if (outer.Count > 0)
        {
            wanted[GlobalKey] = outer;
        }

        wanted[Name] = rest;
        foreach (var (path, value) in unset)
        {
            Put(rest, path, value);
        }

        return Moved(document, unset) is { } moved && JsonNode.DeepEquals(HelmValues.Read(moved), wanted) ? moved
            : HelmValues.ToDocument(wanted);
    }

    /// <summary>What the user set, and nothing of other parts, as a file of the whole.</summary>
    public JsonObject ToValues()
    {
        var values = new JsonObject();
        if (Global.Count > 0)
        {
            values[GlobalKey] = Global.DeepClone();
        }

        values[Name] = Own.DeepClone();
        return values;
    }

    /// <summary>Without what the user set.</summary>
    public override string ToString() => Name;

    private ValuesDocument? Moved(ValuesDocument document, IReadOnlyList<(KeyPath Path, JsonNode? Value)> unset)
    {
        try
        {
            var keys = document.Root?.Entries.Select(entry => entry.Key).ToList() ?? [];
            var leaves = Leaves(GlobalOf(HelmValues.Read(document))).ToList();
            var global = keys.Where(key => key != GlobalKey).Select(key => KeyPath.Root.Child(key)).Concat(leaves.Where(path => !IsForAll(path)).Select(path => Below(GlobalKey, path)))
                .Aggregate(document, (left, path) => left.Remove(path));
            var rest = leaves.All(IsForAll) ? document.Remove(KeyPath.Root.Child(GlobalKey)) : leaves.Where(IsForAll).Aggregate(document, (left, path) => left.Remove(Below(GlobalKey, path)));
            var newline = new TextLines(document.Text).Newline;
            var inner = string.Join('\n', rest.Text.TrimStart('\uFEFF').Split('\n').Select(line => line.Trim().Length == 0 ? line : "  " + line));
            var outer = leaves.Any(IsForAll) ? global.Text.TrimEnd() + newline : "";
            return unset.Aggregate(
                ValuesDocument.Parse($"{outer}{Name}:{(rest.Root is null ? " {}" : "")}{newline}{inner}"), (whole, one) => whole.Set(Below(Name, one.Path), HelmValues.ToYaml(one.Value)));
        }
        catch (ValuesException)
        {
            return null;
        }
    }

    /// <summary>True for a global that the whole has: the part's own would not count.</summary>
    private bool IsForAll(KeyPath path) => Has(Global, path) || Has(GlobalDefaults, path);

    private static bool Has(JsonObject values, KeyPath path)
    {
        JsonNode? node = values;
        foreach (var step in path.Steps)
        {
            if (node is not JsonObject map)
            {
                return true;
            }

            if (!map.TryGetPropertyValue(step.Key, out node))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The paths that are in one and not in the other. Of a map that is one value it is the map's own keys: it is merged, and not replaced.</summary>
    private static IEnumerable<KeyPath> Missing(JsonObject had, JsonObject has, KeyPath at) => had.SelectMany(entry =>
    {
        var path = at.Child(entry.Key);
        return entry.Value is not JsonObject { Count: > 0 } inner ? has.ContainsKey(entry.Key) ? [] : [path]
            : has.TryGetPropertyValue(entry.Key, out var now) ? now is JsonObject left ? Missing(inner, left, path) : []
            : ValuesCatalogue.Instance.Find(path) is null ? Missing(inner, [], path)
            : inner.Select(below => path.Child(below.Key));
    });

    /// <summary>What the chart has at a path where nobody sets it, also under another of its names; null where that is nothing, or not known.</summary>
    private static JsonNode? DefaultOf(KeyPath path, ChartVersion chart, JsonObject file) =>
        ValuesCatalogue.Instance.Find(path) is { Key: { } key, Definition: var definition } && key.Path.Equals(path) && key.IsRead(chart) && definition.Keys.All(other => file.At(other.Path) is null)
            ? definition.DefaultIn(chart) : null;

    private static IEnumerable<KeyPath> Leaves(JsonObject map) => map.SelectMany(entry => entry.Value is JsonObject { Count: > 0 } inner ? Leaves(inner).Select(path => Below(entry.Key, path)) : [KeyPath.Root.Child(entry.Key)]);

    private static KeyPath Below(string key, KeyPath path) => path.Steps.Aggregate(KeyPath.Root.Child(key), (below, step) => below.Child(step.Key));

    private static JsonObject GlobalOf(JsonObject values) => values[GlobalKey] is JsonObject global ? (JsonObject)global.DeepClone() : [];

    private static void Put(JsonObject values, KeyPath path, JsonNode? value)
    {
        foreach (var step in path.Parent.Steps)
        {
            values = values[step.Key] as JsonObject ?? (JsonObject)(values[step.Key] = new JsonObject())!;
        }

        values[path.Last.Key] = value?.DeepClone();
    }

    /// <summary>Takes a value out, and the maps that are left empty by it.</summary>
    private static void Remove(JsonObject values, KeyPath path)
    {
        if (path.Parent.IsRoot)
        {
            values.Remove(path.Last.Key);
        }
        else if (values.At(path.Parent) is JsonObject map)
        {
            map.Remove(path.Last.Key);
            if (map.Count == 0)
            {
                Remove(values, path.Parent);
            }
        }
    }

    private static JsonObject Merged(JsonObject below, JsonObject above)
    {
        var merged = (JsonObject)below.DeepClone();
        foreach (var (key, value) in above)
        {
            merged[key] = merged[key] is JsonObject inner && value is JsonObject outer ? Merged(inner, outer) : value?.DeepClone();
        }

        return merged;
    }
}
