using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Controllers.Runtime;

/// <summary>Conditions as the core controllers keep them: a list in which a condition stays where it is.</summary>
internal static class Conditions
{
    public static JsonObject? Condition(this JsonNode? json, string type) => json.Items("status", "conditions").FirstOrDefault(c => c.Text("type") == type);

    /// <summary>Whether a condition of the object's status has this status, <c>True</c> where not given.</summary>
    public static bool HasCondition(this JsonNode? json, string type, string status = "True") => json.Condition(type).Text("status") == status;

    /// <summary>Sets a condition in a status; its transition time changes only with its status.</summary>
    /// <returns>Whether anything changed.</returns>
    public static bool Set(JsonObject status, SimulationClock clock, string type, string value, string? reason = null, string? message = null, params ReadOnlySpan<string> timeFields)
    {
        if (status["conditions"] is not JsonArray conditions)
        {
            status["conditions"] = conditions = [];
        }

        var before = conditions.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == type);
        if (before is not null && before.Text("status") == value && before.Text("reason") == reason && before.Text("message") == message)
        {
            return false;
        }

        var condition = new JsonObject { ["type"] = type, ["status"] = value };
        foreach (var field in timeFields)
        {
            condition[field] = field == "lastProbeTime" ? null : clock.Timestamp;
        }

        condition["lastTransitionTime"] = before.Text("status") == value ? before!["lastTransitionTime"].Copy() : clock.Timestamp;
        if (reason is not null)
        {
            condition["reason"] = reason;
        }

        if (message is not null)
        {
            condition["message"] = message;
        }

        if (before is null)
        {
            conditions.Add(condition);
        }
        else
        {
            conditions[conditions.IndexOf(before)] = condition;
        }

        return true;
    }

    /// <summary>A copy of the object's status to change, empty where it has none.</summary>
    public static JsonObject EditStatus(this JsonNode json) => (JsonObject?)json.Object("status").Copy() ?? [];
}
