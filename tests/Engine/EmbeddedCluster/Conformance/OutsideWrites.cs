using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Storage;

namespace Runner.Tests.Engine.EmbeddedCluster.Conformance;

/// <summary>
/// What others wrote in the recorded cluster between two recorded requests: its controllers, and a writer whose changes only a watch shows. Topics without controllers are
/// played with these writes, so that the answers can be compared in full. Only fields that controllers own are taken over from an answer; what the request itself does to the object is left to the cluster.
/// </summary>
internal static partial class OutsideWrites
{
    private static readonly Dictionary<string, string[]> Known = new()
    {
        // The Deployment controller: the number of the revision, and how the roll-out fares.
        ["patch-deployment 05"] = ["metadata.annotations", "status"],
        ["patch-deployment 11"] = ["metadata.annotations", "status"],

        // The node controller: how long kubelets may keep objects; the taint of a cordoned node, and none for one that is ready.
        ["subresources-leases-secrets-events 02"] = ["metadata.annotations"],
        ["subresources-leases-secrets-events 05"] = ["spec.taints"],

        // The volume controller: which provisioner is asked. The scheduler: why the pod that uses the claim waits.
        ["subresources-leases-secrets-events 49"] = ["metadata.annotations"],
        ["subresources-leases-secrets-events 51"] = ["status.conditions"],
        ["subresources-leases-secrets-events 55"] = ["status.conditions"],

        // The scheduler: the pod has a node.
        ["validation 13"] = ["spec.nodeName", "status.conditions"],
    };

    public static void Before(Exchange exchange, EmbeddedClusterHost host, Comparison comparison)
    {
        if (exchange.Id.StartsWith("expired 05", StringComparison.Ordinal))
        {
            Replay(exchange, host.Store, comparison);
        }
        else if (Known.TryGetValue(exchange.Id[..(exchange.Id.IndexOf(exchange.Name, StringComparison.Ordinal) - 1)], out var fields))
        {
            TakeOver(exchange.Response!.AsObject(), fields, host.Store);
        }
    }

    private static void TakeOver(JsonObject recorded, string[] fields, ObjectStore store)
    {
        var type = store.Catalog.FindKind(recorded.Text("apiVersion")!, recorded.Text("kind")!)!;
        var key = type.Key(recorded.Namespace(), recorded.Name());
        var json = store.Get(key)!.Edit();
        foreach (var path in fields.Select(f => f.Split('.')))
        {
            json.Ensure(path.AsSpan(0, path.Length - 1))[path[^1]] = recorded.At(path).Copy();
        }

        store.Update(key, json, "all");
    }

    // The version the watch begins at is that of the state before the changes it shows.
    private static void Replay(Exchange watch, ObjectStore store, Comparison comparison)
    {
        foreach (var recorded in watch.Events.Select(e => e.Object("object")!))
        {
            var key = ObjectKind.ConfigMap.Key(recorded.Namespace(), recorded.Name());
            var json = (JsonObject)recorded.DeepClone();
            var before = store.Get(key) ?? store.Create(key, (JsonObject)recorded.DeepClone());
            comparison.Learn(Version().Match(watch.Path).Groups[1].Value, Text(store.ResourceVersion), keep: true);
            json["metadata"]!["resourceVersion"] = Text(before.ResourceVersion);
            comparison.Learn(recorded.Text("metadata", "resourceVersion")!, Text(store.Update(key, json).ResourceVersion));
        }
    }

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"resourceVersion=(\d+)")]
    private static partial Regex Version();
}
