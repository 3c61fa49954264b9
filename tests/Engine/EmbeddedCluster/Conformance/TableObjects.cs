using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.Tests.Engine.EmbeddedCluster.Conformance;

/// <summary>
/// The objects behind recorded tables. A row holds the metadata; the rest is made from the cells, as the state in which a real object shows them (a pod's containers,
/// conditions, counts), so that the answer must compute the same cells from it again. Where a page says how many more there are, as many are put after it.
/// </summary>
internal static class TableObjects
{
    private const string Certificate = "kube-root-ca.crt";

    /// <summary>When the tables were recorded; ages are counted to it.</summary>
    public static readonly DateTimeOffset RecordedAt = new(2026, 11, 23, 19, 20, 22, TimeSpan.Zero);

    /// <summary>When the recorded cluster was made, with the namespaces that every cluster has.</summary>
    public static readonly DateTimeOffset ClusterMadeAt = new(2026, 11, 23, 18, 48, 38, TimeSpan.Zero);

    public static void Put(EmbeddedClusterHost host, IReadOnlyList<Exchange> exchanges)
    {
        var tables = exchanges.Where(e => (string?)(e.Response as JsonObject)?["kind"] == "Table").Select(e => (Type: TypeOf(host, e), Table: (JsonObject)e.Response!)).ToList();
        var whole = tables.SelectMany(t => Rows(t.Table)).Select(r => r.Object("object")!).Where(o => o.Text("kind") != "PartialObjectMetadata").ToList();
        var objects = tables.SelectMany(t => Rows(t.Table).Select(row => (t.Type, Json: (JsonObject?)whole.Find(o => o.Uid() == row["object"].Uid()).Copy() ?? Object(t.Table, row))))
            .DistinctBy(o => o.Json.Uid()).OrderBy(o => o.Type.Plural != "namespaces").ToList();
        objects.InsertRange(0, Owners(host, objects));
        while (objects.Count > 0)
        {
            // Owners first: what has none is garbage.
            var next = objects.First(o => !o.Json.Items("metadata", "ownerReferences").Any(r => objects.Any(other => other.Json.Uid() == r.Text("uid"))));
            objects.Remove(next);
            Store(host, next.Type, next.Json);
        }

        foreach (var (type, table) in tables.Where(t => t.Table.Number("metadata", "remainingItemCount") > 0 && Rows(t.Table).Any()))
        {
            var last = Rows(table).Last()["object"]!;
            var have = host.Store.List(type.Group, type.Plural, last.Namespace().Length > 0 ? last.Namespace() : null).Count(o => string.CompareOrdinal(o.Key.Name, last.Name()) > 0 && o.Key.Name != Certificate);

            // The certificate of the cluster comes by itself.
            var missing = table.Number("metadata", "remainingItemCount") - have - (type.Plural == "configmaps" ? 1 : 0);
            for (var i = 0; i < missing; i++)
            {
                var more = Object(table, Rows(table).Last());
                more["metadata"]!.AsObject().Remove("uid");
                more["metadata"]!["name"] = string.Create(CultureInfo.InvariantCulture, $"{last.Name()}-{i:0000}");
                Store(host, type, more);
            }
        }
    }

    // Owners that no table shows: nothing of them counts but that they are there.
    private static List<(ResourceType Type, JsonObject Json)> Owners(EmbeddedClusterHost host, List<(ResourceType Type, JsonObject Json)> objects) =>
        objects.SelectMany(o => o.Json.Items("metadata", "ownerReferences").Select(r => (Reference: r, Namespace: o.Json.Namespace())))
            .Where(o => !objects.Any(other => other.Json.Uid() == o.Reference.Text("uid"))).DistinctBy(o => o.Reference.Text("uid"))
            .Select(o => (host.Store.Catalog.FindKind(o.Reference.Text("apiVersion")!, o.Reference.Text("kind")!)!, new JsonObject
            {
                ["metadata"] = Filled(("name", o.Reference["name"]), ("namespace", o.Namespace), ("uid", o.Reference["uid"])),
            })).ToList();

    private static ResourceType TypeOf(EmbeddedClusterHost host, Exchange exchange)
    {
        var parts = exchange.Path.Split('?')[0].Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts[0] == "api" ? host.Store.Catalog.Find("", parts[1], parts[^1])! : host.Store.Catalog.Find(parts[1], parts[2], parts[^1])!;
    }

    // A table without objects in its rows says nothing about what is behind them.
    private static IEnumerable<JsonObject> Rows(JsonObject table) => table.Items("rows").Where(r => r["object"] is not null);

    private static void Store(EmbeddedClusterHost host, ResourceType type, JsonObject json)
    {
        var key = type.Key(json.Namespace(), json.Name());
        var uid = json.Uid();
        if (host.Store.Get(key) is null)
        {
            // With the uid it had, which others name as their owner's.
            var begun = Fixtures.Begun(type, key, json);
            begun["metadata"]!["uid"] = uid.Length > 0 ? uid : begun.Uid();
            host.Store.Add(type, key, begun, dryRun: false);
        }
    }

    private static JsonObject Object(JsonObject table, JsonObject row)
    {
        var cells = table.Items("columnDefinitions").Zip(row.Array("cells")!).ToDictionary(p => p.First.Text("name")!, p => p.Second);
        var json = new JsonObject { ["metadata"] = row["object"]!["metadata"].Copy() };
        foreach (var (name, part) in Parts(json, cells))
        {
            json[name] = part.Copy();
        }

        return json;
    }

    private static JsonObject Parts(JsonObject json, Dictionary<string, JsonNode?> cells) => cells switch
    {
        _ when cells.ContainsKey("Nominated Node") => Pod(cells),
        _ when cells.ContainsKey("Kernel-Version") => Node(cells),
        _ when cells.ContainsKey("LatestReady") => new()
        {
            ["status"] = Filled(("url", cells["URL"]), ("latestCreatedRevisionName", cells["LatestCreated"]), ("latestReadyRevisionName", cells["LatestReady"]), ("conditions", Ready(cells))),
        },
        _ when cells.ContainsKey("Actual Replicas") => new()
        {
            ["status"] = Filled(("actualReplicas", cells["Actual Replicas"]), ("desiredReplicas", cells["Desired Replicas"]), ("conditions", Ready(cells))),
        },
        _ when cells.ContainsKey("Up-to-date") => Deployment(cells),
        _ when cells.ContainsKey("Subobject") => Event(json, cells),
        _ when cells.ContainsKey("Holder") => new() { ["spec"] = Filled(("holderIdentity", cells["Holder"])) },
        _ when cells.ContainsKey("Data") => new() { ["data"] = new JsonObject(Enumerable.Range(0, (int)cells["Data"].Number()!).Select(i => KeyValuePair.Create($"key-{i}", (JsonNode?)"value"))) },
        _ when cells.ContainsKey("Status") => new() { ["status"] = Filled(("phase", cells["Status"])) },
        _ => [],
    };

    private static JsonArray Ready(Dictionary<string, JsonNode?> cells) =>
        new(Filled(("type", JsonValue.Create("Other")), ("status", JsonValue.Create("True"))), Filled(("type", JsonValue.Create("Ready")), ("status", cells["Ready"]), ("reason", cells["Reason"])));

    // Containers from the last to the first: the ready ones run, the first suffers from what the pod's status says.
    private static JsonObject Pod(Dictionary<string, JsonNode?> cells)
    {
        var (ready, count) = Numbers(cells["Ready"].Text()!);
        var (state, restarts) = (cells["Status"].Text()!, cells["Restarts"].Text()!);
        var placed = Cell(cells["Node"]) is not null;
        var statuses = Enumerable.Range(0, count).Select(i =>
        {
            var suffers = i == 0 && state is not ("Running" or "Pending");
            var status = new JsonObject
            {
                ["name"] = $"c{i}",
                ["ready"] = i < ready,
                ["restartCount"] = i == 0 ? int.Parse(restarts.Split(' ')[0], CultureInfo.InvariantCulture) : 0,
                ["state"] = suffers ? new JsonObject { ["waiting"] = new JsonObject { ["reason"] = state } } : new JsonObject { ["running"] = new JsonObject() },
            };
            if (i == 0 && restarts.Split('(', 's') is { Length: > 2 } ago)
            {
                var ended = RecordedAt.AddSeconds(-int.Parse(ago[1], CultureInfo.InvariantCulture));
                status["lastState"] = new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = 1, ["finishedAt"] = ObjectLife.Timestamp(ended) } };
            }

            return (JsonNode)status;
        });
        return new()
        {
            ["spec"] = Filled(("containers", new JsonArray([.. Enumerable.Range(0, count).Select(i => (JsonNode)new JsonObject { ["name"] = $"c{i}" })])), ("nodeName", Cell(cells["Node"]))),
            ["status"] = Filled(("phase", state is "Running" or "CrashLoopBackOff" ? "Running" : "Pending"), ("podIP", Cell(cells["IP"])),
                ("podIPs", Cell(cells["IP"]) is { } address ? new JsonArray(new JsonObject { ["ip"] = address }) : null), ("containerStatuses", placed ? new JsonArray([.. statuses]) : null)),
        };
    }

    private static JsonObject Node(Dictionary<string, JsonNode?> cells)
    {
        var (kernel, architecture) = cells["Kernel-Version"].Text()!.Split(" (") is [var first, var second] ? (first, second.TrimEnd(')')) : (cells["Kernel-Version"].Text()!, "amd64");
        return new()
        {
            ["spec"] = new JsonObject(),
            ["status"] = new JsonObject
            {
                ["conditions"] = new JsonArray(Filled(("type", JsonValue.Create("Ready")), ("status", cells["Status"].Text() == "Ready" ? "True" : "False"))),
                ["addresses"] = new JsonArray(Filled(("type", JsonValue.Create("InternalIP")), ("address", cells["Internal-IP"]))),
                ["nodeInfo"] = Filled(("kubeletVersion", cells["Version"]), ("osImage", cells["OS-Image"]), ("kernelVersion", kernel), ("architecture", architecture), ("containerRuntimeVersion", cells["Container-Runtime"])),
            },
        };
    }

    private static JsonObject Deployment(Dictionary<string, JsonNode?> cells)
    {
        var (ready, wanted) = Numbers(cells["Ready"].Text()!);
        var containers = cells["Containers"].Text()!.Split(',').Zip(cells["Images"].Text()!.Split(',')).Select(c => (JsonNode)new JsonObject { ["name"] = c.First, ["image"] = c.Second });
        var selector = cells["Selector"].Text()!.Split('=');
        return new()
        {
            ["spec"] = new JsonObject
            {
                ["replicas"] = wanted,
                ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { [selector[0]] = selector[1] } },
                ["template"] = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray([.. containers]) } },
            },
            ["status"] = Filled(("replicas", wanted), ("readyReplicas", ready), ("updatedReplicas", cells["Up-to-date"]), ("availableReplicas", cells["Available"])),
        };
    }

    private static JsonObject Event(JsonObject json, Dictionary<string, JsonNode?> cells)
    {
        var about = cells["Object"].Text()!.Split('/');
        return new()
        {
            ["type"] = cells["Type"].Copy(),
            ["reason"] = cells["Reason"].Copy(),
            ["message"] = cells["Message"].Copy(),
            ["count"] = cells["Count"].Copy(),
            ["involvedObject"] = new JsonObject { ["kind"] = char.ToUpperInvariant(about[0][0]) + about[0][1..], ["name"] = about[1], ["namespace"] = json.Namespace() },
            ["source"] = Filled(("component", cells["Source"])),
            ["firstTimestamp"] = Seen(json, cells["First Seen"].Text()!),
            ["lastTimestamp"] = Seen(json, cells["Last Seen"].Text()!),
        };
    }

    // The source wrote it seconds before the object was made; only an age in seconds tells exactly when.
    private static string Seen(JsonObject json, string age) => age.Split('m', 's') is [var minutes, var seconds, ""]
        ? ObjectLife.Timestamp(RecordedAt.AddMinutes(-int.Parse(minutes, CultureInfo.InvariantCulture)).AddSeconds(-int.Parse(seconds, CultureInfo.InvariantCulture)))
        : json.Text("metadata", "creationTimestamp")!;

    private static (int First, int Second) Numbers(string pair) =>
        pair.Split('/') is [var first, var second] ? (int.Parse(first, CultureInfo.InvariantCulture), int.Parse(second, CultureInfo.InvariantCulture)) : throw new FormatException(pair);

    private static string? Cell(JsonNode? cell) => cell.Text() is { } text and not "<none>" ? text : null;

    private static JsonObject Filled(params (string Name, JsonNode? Value)[] members) => new(members.Where(m => m.Value is not null).Select(m => KeyValuePair.Create(m.Name, m.Value.Copy())));
}
