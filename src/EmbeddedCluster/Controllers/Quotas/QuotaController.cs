using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;
using Runner.EmbeddedCluster.Controllers.Scheduling;
using Runner.EmbeddedCluster.Storage;

namespace Runner.EmbeddedCluster.Controllers.Quotas;

/// <summary>Keeps the usage in the status of ResourceQuotas. It counts; it refuses nothing.</summary>
internal sealed class QuotaController(Cluster cluster) : Controller
{
    public override string Name => "resourcequota-controller";

    public override TimeSpan Reaction => TimeSpan.FromMilliseconds(200);

    public override IEnumerable<ObjectKey> Affected(StoreEvent change)
    {
        var key = change.Object.Key;
        return ObjectKind.ResourceQuota.Owns(key) ? [key]
            : ObjectKind.Pod.Owns(key) || ObjectKind.PersistentVolumeClaim.Owns(key)
                ? [.. cluster.Cache.List(ObjectKind.ResourceQuota, key.Namespace).Select(q => q.Key)]
            : [];
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Cache.Get(key) is not { } quota)
        {
            return null;
        }

        var used = new JsonObject();
        foreach (var (resource, _) in quota.Json.Map("spec", "hard"))
        {
            used[resource] = Used(resource, key.Namespace);
        }

        cluster.UpdateStatus(quota, new JsonObject { ["hard"] = quota.Json.At("spec", "hard").Copy(), ["used"] = used });
        return null;
    }

    private string Used(string resource, string @namespace)
    {
        var pods = cluster.Cache.List(ObjectKind.Pod, @namespace).Where(p => !PodRequests.HasEnded(p.Json)).ToList();
        var claims = cluster.Cache.List(ObjectKind.PersistentVolumeClaim, @namespace);
        return resource switch
        {
            "pods" => Quantity.Format(pods.Count),
            "persistentvolumeclaims" => Quantity.Format(claims.Count()),
            "requests.storage" => Quantity.FormatBytes(claims.Sum(c => Quantity.Parse(c.Json.Text("spec", "resources", "requests", "storage")))),
            _ when resource.StartsWith("count/", StringComparison.Ordinal) => resource == "count/pods" ? Quantity.Format(pods.Count) : "0",
            _ when resource.StartsWith("limits.", StringComparison.Ordinal) => Sum(pods.Select(p => Limits(p.Json, resource["limits.".Length..])), resource),
            _ => Sum(pods.Select(p => PodRequests.Of(p.Json).GetValueOrDefault(resource.Replace("requests.", "", StringComparison.Ordinal))), resource),
        };
    }

    private static decimal Limits(JsonObject pod, string resource) =>
        pod.Items("spec", "containers").Sum(c => Quantity.Parse(c.Text("resources", "limits", resource)));

    private static string Sum(IEnumerable<decimal> amounts, string resource) =>
        resource.Contains("memory", StringComparison.Ordinal) || resource.Contains("storage", StringComparison.Ordinal) ? Quantity.FormatBytes(amounts.Sum()) : Quantity.Format(amounts.Sum());
}
