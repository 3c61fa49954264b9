using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Http;

/// <summary>Events in their two API groups: stored as core Events, served by <c>events.k8s.io</c> under other names too.</summary>
internal static class EventViews
{
    private static readonly (string Core, string New)[] Names =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"), ("reportingComponent", "reportingController"),
    ];

    public static JsonObject ToEventsGroup(JsonObject core)
    {
        var json = Renamed(core, Names.ToDictionary(n => n.Core, n => n.New), "events.k8s.io/v1");
        foreach (var name in new[] { "deprecatedFirstTimestamp", "deprecatedLastTimestamp", "reportingController", "reportingInstance" })
        {
            // Core writes these empty, this group not at all, save for the times of an event without them.
            if (json[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length == 0)
            {
                json.Remove(name);
            }
        }

        json.TryAdd("eventTime", null);
        return json;
    }

    public static JsonObject ToCore(JsonObject json)
    {
        var core = Renamed(json, Names.ToDictionary(n => n.New, n => n.Core), "v1");
        core.TryAdd("involvedObject", new JsonObject());
        core.TryAdd("source", new JsonObject());
        core.TryAdd("firstTimestamp", null);
        core.TryAdd("lastTimestamp", null);
        return core;
    }

    private static JsonObject Renamed(JsonObject json, Dictionary<string, string> names, string apiVersion)
    {
        var result = new JsonObject();
        foreach (var (name, value) in json)
        {
            result[names.GetValueOrDefault(name, name)] = value?.DeepClone();
        }

        result["apiVersion"] = apiVersion;
        result["kind"] = "Event";
        return result;
    }
}
