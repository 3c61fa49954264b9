using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Storage;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.EmbeddedCluster.Conformance;

/// <summary>
/// The embedded cluster answers as a real Kubernetes API server did. Where it does not, KnownDifferences.json names the exchange and why; a reason that begins with "timing:" says that it may agree by chance. With
/// <c>CONFORMANCE_REPORT</c> set to a file, what differs is written there.
/// </summary>
public sealed partial class ConformanceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Topics whose answers come from controllers at work.</summary>
    private static readonly HashSet<string> Controlled = ["delete-propagation-background", "delete-propagation-orphan"];

    public static TheoryData<string> Topics => [.. Recordings.Topics];

    [Theory]
    [MemberData(nameof(Topics))]
    public async Task The_embedded_cluster_answers_as_the_recorded_one(string topic)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var known = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests/Engine/EmbeddedCluster/KnownDifferences.json"), cancellationToken))!.AsObject();
        var exchanges = Recordings.Read(topic);
        var controlled = Controlled.Contains(topic);
        var isTables = topic == "tables";
        var still = new FakeTimeProvider(TableObjects.ClusterMadeAt);

        // Managers of one second are in the order of their names: recorded within one second, played within one.
        TimeProvider time = isTables || topic == "server-side-apply" ? still : TimeProvider.System;
        await using var host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { Seed = false, Controllers = controlled, TimeScale = 0.2 }, time, NullLoggerFactory.Instance, cancellationToken);
        if (isTables)
        {
            still.SetUtcNow(TableObjects.RecordedAt);
            TableObjects.Put(host, exchanges);
        }

        await PrepareAsync(host, topic, controlled, cancellationToken);

        var comparison = new Comparison(withAges: isTables);
        using var player = new Player(host, new HttpClient { Timeout = TimeSpan.FromSeconds(30) }, comparison);
        var fixtures = new Fixtures(host, comparison, exchanges, controlled);
        var found = new Dictionary<string, IReadOnlyList<string>>();
        for (var i = 0; i < exchanges.Count; i++)
        {
            fixtures.Before(exchanges[i], i);
            OutsideWrites.Before(exchanges[i], host, comparison);
            var differences = await PlayAsync(player, exchanges[i], expectAgreement: !known.ContainsKey(exchanges[i].Id), cancellationToken);
            if (differences.Count > 0)
            {
                found[exchanges[i].Id] = differences;
            }
        }

        await ReportAsync(topic, exchanges, found, cancellationToken);
        var news = found.Where(f => !known.ContainsKey(f.Key)).Select(f => $"{f.Key}\n    {string.Join("\n    ", f.Value.Take(6))}");
        var agreeing = exchanges.Select(e => e.Id).Where(id => known.ContainsKey(id) && !found.ContainsKey(id) && !((string?)known[id])!.StartsWith("timing:", StringComparison.Ordinal)).Select(id => $"{id}\n    agrees now: take it out of KnownDifferences.json");
        Assert.True(!news.Any() && !agreeing.Any(), "\n" + string.Join("\n", news.Concat(agreeing)));
    }

    [Fact]
    public async Task At_least_nineteen_of_twenty_exchanges_agree_and_every_difference_has_a_reason()
    {
        var known = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests/Engine/EmbeddedCluster/KnownDifferences.json"), TestContext.Current.CancellationToken))!.AsObject();
        var all = Recordings.Topics.SelectMany(Recordings.Read).Select(e => e.Id).ToHashSet();

        Assert.All(known, k => Assert.False(string.IsNullOrWhiteSpace((string?)k.Value), $"{k.Key} has no reason"));
        Assert.All(known, k => Assert.Contains(k.Key, all));
        Assert.True(known.Count * 20 <= all.Count, $"{known.Count} of {all.Count} exchanges differ");
    }

    /// <summary>Reads are played again until they agree, since a controller may still have to act.</summary>
    private static async Task<IReadOnlyList<string>> PlayAsync(Player player, Exchange exchange, bool expectAgreement, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        IReadOnlyList<string> differences = [];
        await Eventually.TrueAsync(
            async () =>
            {
                differences = await player.PlayAsync(exchange, cancellationToken);
                return differences.Count == 0 || exchange.IsWatch || exchange.Method != "GET" || !expectAgreement || TimeProvider.System.GetElapsedTime(began) > Patience;
            },
            "they agree, or there was time enough", double.PositiveInfinity);
        return differences;
    }

    private static async Task PrepareAsync(EmbeddedClusterHost host, string topic, bool withNodes, CancellationToken cancellationToken)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Recordings.Folder, topic + ".json"), cancellationToken);
        foreach (var name in NamespaceName().Matches(text).Select(m => m.Groups[1].Value).Distinct().Where(n => n is not ("rec-none" or "rec-life")))
        {
            var key = new ObjectKey("", "namespaces", "", name);
            if (host.Store.Get(key) is null)
            {
                host.Store.Create(key, []);
            }

            await Eventually.TrueAsync(
                () => host.Store.Get(new ObjectKey("", "configmaps", name, "kube-root-ca.crt")) is not null && host.Store.Get(new ObjectKey("", "serviceaccounts", name, "default")) is not null,
                $"namespace {name} is furnished");
        }

        if (topic.StartsWith("subresources", StringComparison.Ordinal))
        {
            host.Store.Create(new ObjectKey("", "pods", "rec-sub", "two"), Pod("main", "side"));
            host.Store.Create(new ObjectKey("", "pods", "rec-sub", "bindme"), Pod("main"));
        }

        for (var i = 0; withNodes && i < 3; i++)
        {
            host.Store.Create(new ObjectKey("", "nodes", "", $"node-{i}"), Node($"node-{i}"));
        }
    }

    private static JsonObject Pod(params string[] containers) => new()
    {
        ["spec"] = new JsonObject { ["containers"] = new JsonArray([.. containers.Select(c => (JsonNode)new JsonObject { ["name"] = c, ["image"] = "registry.example.com/acme/web:1" })]) },
    };

    private static JsonObject Node(string name) => new()
    {
        ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["kubernetes.io/hostname"] = name } },
        ["spec"] = new JsonObject(),
        ["status"] = new JsonObject
        {
            ["capacity"] = new JsonObject { ["cpu"] = "64", ["memory"] = "256Gi", ["pods"] = "110" },
            ["allocatable"] = new JsonObject { ["cpu"] = "64", ["memory"] = "256Gi", ["pods"] = "110" },
            ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True" }),
        },
    };

    private static async Task ReportAsync(string topic, IReadOnlyList<Exchange> exchanges, Dictionary<string, IReadOnlyList<string>> found, CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable("CONFORMANCE_REPORT") is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
            var report = new JsonObject { ["exchanges"] = exchanges.Count, ["differing"] = found.Count, ["found"] = JsonSerializer.SerializeToNode(found, Readable) };
            await File.WriteAllTextAsync(Path.Combine(folder, topic + ".json"), report.ToJsonString(Readable), cancellationToken);
        }
    }

    [GeneratedRegex("/namespaces/([a-z][a-z0-9-]*)")]
    private static partial Regex NamespaceName();
}
