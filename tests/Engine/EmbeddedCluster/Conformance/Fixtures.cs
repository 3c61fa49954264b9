using System.Text.Json.Nodes;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Storage;

namespace Runner.Tests.Engine.EmbeddedCluster.Conformance;

/// <summary>
/// What was in the recorded cluster before and beside the recorded requests, as far as the answers show it: objects that appear in answers without having been
/// created there. Each is put in place before the first answer that, by its resource version, must know it.
/// </summary>
internal sealed class Fixtures
{
    private readonly EmbeddedClusterHost _host;
    private readonly Comparison _comparison;
    private readonly List<(long Version, int First, JsonObject Json)> _waiting = [];
    private readonly HashSet<string> _seen = [];

    public Fixtures(EmbeddedClusterHost host, Comparison comparison, IReadOnlyList<Exchange> exchanges, bool withControllers)
    {
        (_host, _comparison) = (host, comparison);
        for (var i = 0; i < exchanges.Count; i++)
        {
            var exchange = exchanges[i];
            foreach (var made in exchange.During.Prepend(exchange).Where(e => e.Method != "GET").Select(e => e.Response).OfType<JsonObject>())
            {
                _seen.Add(Uid(made));
            }

            if (!withControllers)
            {
                foreach (var found in Objects(exchange).Where(o => Uid(o).Length > 0 && _seen.Add(Uid(o))))
                {
                    _waiting.Add((Version(found), FirstNamed(exchanges, found, i), found));
                }
            }
        }

        if (!withControllers)
        {
            _waiting.AddRange(Unseen(exchanges).Select(u => (Version(u.Json), u.Number, u.Json)));
        }
    }

    /// <summary>What a page says is still to come, where no answer shows it: one more object like the page's last.</summary>
    private static IEnumerable<(int Number, JsonObject Json)> Unseen(IReadOnlyList<Exchange> exchanges)
    {
        var shown = exchanges.SelectMany(Objects).ToList();
        foreach (var (page, number) in exchanges.Select((e, i) => (e, i)).Where(p => !p.e.IsWatch && (string?)(p.e.Response as JsonObject)?["metadata"]?["continue"] is { Length: > 0 }))
        {
            if (Objects(page).LastOrDefault() is not { } last || shown.Any(o => IsAfter(o, last)) || ((string?)last["kind"] == "ConfigMap" && !page.Path.Contains("labelSelector=", StringComparison.Ordinal)))
            {
                continue;
            }

            var more = (JsonObject)last.DeepClone();
            more["metadata"]!["name"] = (string?)more["metadata"]!["name"] + "-more";
            more["metadata"]!["uid"] = Guid.NewGuid().ToString();
            shown.Add(more);
            yield return (number, more);
        }
    }

    private static bool IsAfter(JsonObject other, JsonObject last) =>
        (string?)other["kind"] == (string?)last["kind"] && string.CompareOrdinal((string?)other["metadata"]!["name"], (string?)last["metadata"]!["name"]) > 0;

    /// <summary>Puts in place what an exchange must find.</summary>
    public void Before(Exchange exchange, int number)
    {
        var due = _waiting.Where(w => w.First <= number || (exchange.Version > 0 && w.Version <= exchange.Version)).OrderBy(w => w.Version).ToList();
        foreach (var item in due)
        {
            _waiting.Remove(item);
            Put((JsonObject)item.Json.DeepClone());
        }
    }

    private void Put(JsonObject json)
    {
        var store = _host.Store;
        var type = store.Catalog.FindKind((string?)json["apiVersion"] ?? "", (string?)json["kind"] ?? "");
        var name = (string)json["metadata"]!["name"]!;
        if (type is null || name == "kube-root-ca.crt")
        {
            return;
        }

        var key = type.Key((string?)json["metadata"]!["namespace"], name);
        var recordedUid = Uid(json);
        var recordedVersion = (string)json["metadata"]!["resourceVersion"]!;
        var stored = store.Get(key) ?? store.Add(type, key, Begun(type, key, json), dryRun: false);
        _comparison.Learn(recordedUid, stored.Uid);
        _comparison.Learn(recordedVersion, stored.ResourceVersion.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>A recorded object as it can be stored: with an identity of this run, created when it was.</summary>
    internal static JsonObject Begun(ResourceType type, ObjectKey key, JsonObject json)
    {
        var (created, generation) = (json["metadata"]!["creationTimestamp"]?.DeepClone(), json["metadata"]!["generation"]?.DeepClone());
        ObjectLife.Begin(type, key, json, TimeProvider.System.GetUtcNow());
        json["metadata"]!["creationTimestamp"] = created;
        if (generation is not null)
        {
            json["metadata"]!["generation"] = generation;
        }

        return json;
    }

    private static long Version(JsonObject json) => long.Parse((string)json["metadata"]!["resourceVersion"]!, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The first request that names an object on its path: it must be there by then.</summary>
    private static int FirstNamed(IReadOnlyList<Exchange> exchanges, JsonObject json, int shown)
    {
        var end = $"s/{(string?)json["metadata"]!["name"]}";
        for (var i = 0; i < shown; i++)
        {
            if ($"{exchanges[i].Path.Split('?')[0]}/".Contains(end + "/", StringComparison.Ordinal) && exchanges[i].Path.Contains($"/{(string?)json["metadata"]!["namespace"]}/", StringComparison.Ordinal) && exchanges[i].Status < 300)
            {
                return i;
            }
        }

        return shown;
    }

    private static string Uid(JsonObject json) => (string?)json["metadata"]?["uid"] ?? "";

    private static IEnumerable<JsonObject> Objects(Exchange exchange)
    {
        if (exchange.IsWatch)
        {
            return exchange.Events.Where(e => (string?)e["type"] == "ADDED").Select(e => e["object"]).OfType<JsonObject>();
        }

        if (exchange.Method != "GET" || exchange.Response is not JsonObject body || exchange.Status != 200)
        {
            return [];
        }

        var kind = (string?)body["kind"] ?? "";
        return body["items"] is not JsonArray items || !kind.EndsWith("List", StringComparison.Ordinal) || kind.StartsWith("Partial", StringComparison.Ordinal)
            ? kind is "Table" or "Status" ? [] : [body]
            : items.OfType<JsonObject>().Select(item =>
            {
                var copy = (JsonObject)item.DeepClone();
                copy["kind"] = kind[..^"List".Length];
                copy["apiVersion"] = (string?)body["apiVersion"];
                return copy;
            }).Where(o => (string?)o["apiVersion"] != "events.k8s.io/v1");
    }
}
