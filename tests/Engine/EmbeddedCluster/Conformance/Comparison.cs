using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Runner.Tests.Engine.EmbeddedCluster.Conformance;

/// <summary>
/// Compares an answer with the recorded one: same members, same types, same values, save for what differs from run to run. Learns on the way which
/// value of this run stands for which recorded one, so that later requests can name it.
/// </summary>
/// <param name="withAges">Whether ages must agree too, because the clock stands still at the time of the recording.</param>
internal sealed partial class Comparison(bool withAges = false)
{
    private static readonly HashSet<string> RunDependent = ["uid", "resourceVersion", "continue", "token", "storageVersionHash", "pod-template-hash", "nodeName", "hostIP"];
    private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);

    /// <summary>The value of this run for a recorded one; the recorded one itself when nothing is known of it.</summary>
    public string Current(string recorded) => _known.GetValueOrDefault(recorded, recorded);

    /// <param name="keep">Whether what is known already stays.</param>
    public void Learn(string recorded, string current, bool keep = false)
    {
        if (recorded.Length > 1 && !(keep && _known.ContainsKey(recorded)))
        {
            _known[recorded] = current;
        }
    }

    /// <summary>Learns the values that differ from run to run, wherever recorded and current answer have the same shape.</summary>
    public void LearnFrom(JsonNode? recorded, JsonNode? current)
    {
        switch (recorded, current)
        {
            case (JsonObject left, JsonObject right):
                foreach (var (name, value) in left)
                {
                    if (RunDependent.Contains(name) && value is JsonValue && right[name] is JsonValue now && now.GetValueKind() == JsonValueKind.String)
                    {
                        Learn((string?)value ?? "", (string?)now ?? "");
                    }
                    else
                    {
                        LearnFrom(value, right[name]);
                    }
                }

                break;
            case (JsonArray left, JsonArray right) when left.Count == right.Count:
                for (var i = 0; i < left.Count; i++)
                {
                    LearnFrom(left[i], right[i]);
                }

                break;
            case (JsonValue left, JsonValue right) when left.GetValueKind() == JsonValueKind.String && right.GetValueKind() == JsonValueKind.String:
                if (Made().IsMatch((string)left!))
                {
                    Learn((string)left!, (string)right!);
                }

                break;
        }
    }

    /// <summary>Where the answers differ; empty when they agree.</summary>
    public IReadOnlyList<string> Differences(JsonNode? recorded, JsonNode? current)
    {
        var differences = new List<string>();
        Compare("", recorded, current, differences);
        return differences;
    }

    private void Compare(string path, JsonNode? recorded, JsonNode? current, List<string> differences)
    {
        switch (recorded, current)
        {
            case (null, null):
                break;
            case (JsonObject left, JsonObject right):
                differences.AddRange(left.Where(p => !right.ContainsKey(p.Key)).Select(p => $"{path}.{p.Key} is missing"));
                differences.AddRange(right.Where(p => !left.ContainsKey(p.Key)).Select(p => $"{path}.{p.Key} should not be there: {Short(p.Value)}"));
                foreach (var (name, value) in left.Where(p => right.ContainsKey(p.Key)))
                {
                    if (RunDependent.Contains(name) && name != "continue" && IsFilled(value) && IsFilled(right[name]))
                    {
                        continue;
                    }

                    Compare($"{path}.{name}", value, right[name], differences);
                }

                break;
            case (JsonArray left, JsonArray right) when left.Count == right.Count:
                (left, right) = (Ordered(path, left), Ordered(path, right));
                for (var i = 0; i < left.Count; i++)
                {
                    Compare($"{path}[{i}]", left[i], right[i], differences);
                }

                break;
            case (JsonArray left, JsonArray right):
                differences.Add($"{path} has {right.Count} items and not {left.Count}: {Short(right)}");
                break;
            case (JsonValue left, JsonValue right) when Same(path, left, right):
                break;
            default:
                differences.Add($"{path} is {Short(current)} and not {Short(recorded)}");
                break;
        }
    }

    private bool Same(string path, JsonValue recorded, JsonValue current)
    {
        if (recorded.GetValueKind() != JsonValueKind.String || current.GetValueKind() != JsonValueKind.String)
        {
            return JsonNode.DeepEquals(recorded, current);
        }

        var (left, right) = ((string)recorded!, (string)current!);
        if (path.Contains(".columnDefinitions[", StringComparison.Ordinal) && path.EndsWith(".description", StringComparison.Ordinal))
        {
            return true;
        }

        if (path.EndsWith(".continue", StringComparison.Ordinal))
        {
            return left.Length > 0 == right.Length > 0 && Start(left) == Start(right);
        }

        return left == right || (!(withAges && Age().IsMatch(left)) && Plain(left) == Plain(right));
    }

    /// <summary>A text without what differs from run to run.</summary>
    private string Plain(string text)
    {
        foreach (var (recorded, current) in _known.Where(k => k.Key.Length >= 12))
        {
            text = text.Replace(recorded, current, StringComparison.Ordinal);
        }

        text = Uuid().Replace(text, "<uid>");
        text = Time().Replace(text, "<time>");
        text = Made().Replace(text, "<made>");
        text = EventName().Replace(text, ".<event>");
        text = Address().Replace(text, "<address>");
        text = Container().Replace(text, "<container>");
        text = HashedName().Replace(text, "-<hash>");
        return Versions().Replace(text, "<version>");
    }

    /// <summary>The items of lists whose order means nothing, in one order: conditions, and what discovery tells.</summary>
    private static JsonArray Ordered(string path, JsonArray list) =>
        path.EndsWith(".conditions", StringComparison.Ordinal) ? Ordered(list, "type")
        : path is ".groups" or ".resources" ? Ordered(list, "name")
        : list;

    private static JsonArray Ordered(JsonArray list, string key) => new([.. list.OrderBy(i => (string?)i?[key], StringComparer.Ordinal).Select(i => i?.DeepClone())]);

    private static string Start(string token)
    {
        try
        {
            // A leading slash depends on whether the cache or the store answered.
            return ((string?)JsonNode.Parse(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token)))?["start"] ?? "").TrimStart('/');
        }
        catch (Exception fault) when (fault is FormatException or JsonException)
        {
            return token;
        }
    }

    private static bool IsFilled(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String && ((string?)node)!.Length > 0;

    private static string Short(JsonNode? node)
    {
        var text = node?.ToJsonString() ?? "null";
        return text.Length > 300 ? text[..300] + "…" : text;
    }

    [GeneratedRegex(@"^(\d+[smhdy]){1,2}$")]
    private static partial Regex Age();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uuid();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|^(\d+[smhdy]){1,2}$")]
    private static partial Regex Time();

    [GeneratedRegex("(?<=^gen-)[a-z0-9]{5}$|kube-api-access-[a-z0-9]{5}")]
    private static partial Regex Made();

    [GeneratedRegex(@"\.[0-9a-f]{16}\b")]
    private static partial Regex EventName();

    // Addresses of pods and services, of the nodes they happen to run on, and of the server.
    [GeneratedRegex(@"\b(10\.0\.0\.2:6443|10\.4[23]\.\d+\.\d+|10\.[01]\.\d+\.\d+|127\.0\.0\.1:\d+)\b")]
    private static partial Regex Address();

    [GeneratedRegex("(?<=^containerd://)[0-9a-f]{64}$")]
    private static partial Regex Container();

    [GeneratedRegex(@"-[a-z0-9]{8,10}(-[a-z0-9]{5})?\b")]
    private static partial Regex HashedName();

    [GeneratedRegex(@"(?<=record \(|current: |version: \d+ \()\d+")]
    private static partial Regex Versions();
}
