using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Http.Patches;

/// <summary>JSON merge patch (RFC 7386): objects merge, null deletes, all else is replaced.</summary>
internal static class MergePatch
{
    /// <summary>The target after the patch; <paramref name="target"/> is used up.</summary>
    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        var result = target as JsonObject ?? [];
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                result.Remove(name);
                continue;
            }

            var old = result[name];
            var merged = Apply(old, value);
            if (!ReferenceEquals(old, merged))
            {
                result[name] = merged;
            }
        }

        return result;
    }
}
