using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Scheduling;

/// <summary>Taints and tolerations.</summary>
internal static class Tolerations
{
    public static bool Tolerates(JsonNode pod, JsonObject taint) => Of(pod, taint) is not null;

    /// <summary>The first toleration of a pod that accepts the taint.</summary>
    public static JsonObject? Of(JsonNode pod, JsonObject taint) => pod.Items("spec", "tolerations").FirstOrDefault(t => Accepts(t, taint));

    private static bool Accepts(JsonObject toleration, JsonObject taint)
    {
        var key = toleration.Text("key") ?? "";
        var exists = toleration.Text("operator") == "Exists";
        var effect = toleration.Text("effect");
        return (string.IsNullOrEmpty(effect) || effect == taint.Text("effect"))
            && (key.Length == 0 ? exists : key == taint.Text("key"))
            && (exists || (toleration.Text("value") ?? "") == (taint.Text("value") ?? ""));
    }
}
