using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Apps;

/// <summary>The next step of a Deployment's roll-out, as a pure function of its ReplicaSets.</summary>
internal static class Rollout
{
    /// <summary>Which ReplicaSet to scale and to what: 0 is the current one, 1 the first of the old ones; null when there is nothing to do now.</summary>
    public static (int Set, long Replicas)? Next(JsonObject deployment, JsonObject current, IReadOnlyList<JsonObject> old)
    {
        var wanted = deployment.Number("spec", "replicas") ?? 1;
        var size = Size(current);
        var oldSize = old.Sum(Size);
        var recreate = deployment.Text("spec", "strategy", "type") == "Recreate";
        if (size > wanted)
        {
            return (0, wanted);
        }

        if (size < wanted)
        {
            var room = recreate ? (oldSize + old.Sum(s => s.Number("status", "replicas") ?? 0) > 0 ? 0 : wanted - size) : Math.Min(wanted - size, wanted + MaxSurge(deployment) - size - oldSize);
            if (room > 0)
            {
                return (0, size + room);
            }
        }

        var available = Available(current) + old.Sum(Available);
        var spare = recreate ? oldSize : available - (wanted - MaxUnavailable(deployment));
        for (var i = 0; i < old.Count; i++)
        {
            // Pods that never became available can go at once: they serve nobody.
            var idle = Size(old[i]) - Available(old[i]);
            var cut = Math.Min(Size(old[i]), Math.Max(Math.Max(spare, 0), idle));
            if (cut > 0)
            {
                return (i + 1, Size(old[i]) - cut);
            }
        }

        return null;
    }

    public static long MaxSurge(JsonObject deployment) => Share(deployment, "maxSurge", up: true);

    /// <summary>A deployment that may neither surge nor lack a pod could not move, so it may lack one.</summary>
    public static long MaxUnavailable(JsonObject deployment)
    {
        var unavailable = Share(deployment, "maxUnavailable", up: false);
        return unavailable == 0 && MaxSurge(deployment) == 0 ? 1 : unavailable;
    }

    private static long Share(JsonObject deployment, string field, bool up)
    {
        var text = deployment.Text("spec", "strategy", "rollingUpdate", field) ?? "25%";
        if (!text.EndsWith('%'))
        {
            return long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;
        }

        var exact = (deployment.Number("spec", "replicas") ?? 1) * decimal.Parse(text[..^1], CultureInfo.InvariantCulture) / 100;
        return (long)(up ? Math.Ceiling(exact) : Math.Floor(exact));
    }

    private static long Size(JsonObject set) => set.Number("spec", "replicas") ?? 0;

    // Pods a set was told to drop count as gone, though its status does not know it yet.
    private static long Available(JsonObject set) => Math.Min(Size(set), set.Number("status", "availableReplicas") ?? 0);
}
