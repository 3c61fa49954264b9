using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Knative;

/// <summary>
/// Conditions of a Knative object: one that sums up the others, those it depends on, and informative ones besides.
/// Marking a dependent one moves the sum by the rules of Knative's own libraries: False wins over Unknown, and the last that turned speaks for all.
/// </summary>
internal sealed class ConditionSet(JsonObject status, SimulationClock clock, string sum, params string[] dependents)
{
    private readonly Dictionary<string, DateTimeOffset> _changed = [];
    private readonly List<JsonObject> _original = [.. status.Items("conditions")];

    /// <summary>Adds the conditions that are missing: True where the sum is True already, else Unknown.</summary>
    public void Initialize()
    {
        if (Status(sum) is null)
        {
            Set(sum, "Unknown", null, null);
        }

        var initial = Status(sum) == "True" ? "True" : "Unknown";
        foreach (var type in dependents.Where(d => Status(d) is null))
        {
            Set(type, initial, null, null);
        }
    }

    /// <summary>Status of a condition, null where there is none.</summary>
    public string? Status(string type) => Find(type).Text("status");

    public void MarkTrue(string type, string? reason = null, string? message = null)
    {
        Set(type, "True", reason, message);
        Recompute(type);
    }

    public void MarkUnknown(string type, string? reason = null, string? message = null)
    {
        Set(type, "Unknown", reason, message);
        if (dependents.Any(d => Status(d) == "False"))
        {
            if (Status(sum) != "False")
            {
                Set(sum, "False", reason, message);
            }

            return;
        }

        if (dependents.Contains(type))
        {
            Set(sum, "Unknown", reason, message);
        }
    }

    public void MarkFalse(string type, string? reason = null, string? message = null)
    {
        Set(type, "False", reason, message);
        if (dependents.Contains(type))
        {
            Set(sum, "False", reason, message);
        }
    }

    /// <summary>Takes over the state of another object's condition; nothing where that object has none.</summary>
    public void Propagate(string type, JsonObject? condition)
    {
        var (reason, message) = (condition.Text("reason"), condition.Text("message"));
        switch (condition.Text("status"))
        {
            case "True":
                MarkTrue(type);
                break;
            case "False":
                MarkFalse(type, reason, message);
                break;
            case "Unknown":
                MarkUnknown(type, reason, message);
                break;
        }
    }

    private JsonObject? Find(string type) => status.Items("conditions").FirstOrDefault(c => c.Text("type") == type);

    private void Recompute(string type)
    {
        var set = dependents.Select(Find).OfType<JsonObject>().OrderByDescending(Changed).ToList();
        var unhappy = set.FirstOrDefault(c => c.Text("status") == "False") ?? set.FirstOrDefault(c => c.Text("status") == "Unknown");
        if (unhappy is not null)
        {
            Set(sum, unhappy.Text("status")!, unhappy.Text("reason"), unhappy.Text("message"));
        }
        else if (set.Count < dependents.Length)
        {
            Set(sum, "Unknown", null, null);
        }
        else if (type != sum)
        {
            Set(sum, "True", null, null);
        }
    }

    private DateTimeOffset Changed(JsonObject condition) =>
        _changed.TryGetValue(condition.Text("type")!, out var now) ? now : SimulationClock.Parse(condition.Text("lastTransitionTime")) ?? default;

    private void Set(string type, string value, string? reason, string? message)
    {
        var before = Find(type);
        if (Says(before, value, reason, message))
        {
            return;
        }

        _changed[type] = clock.Now + TimeSpan.FromTicks(_changed.Count + 1);
        // A condition that comes back to what it was has not turned.
        var original = _original.FirstOrDefault(c => c.Text("type") == type);
        var condition = new JsonObject { ["lastTransitionTime"] = Says(original, value, reason, message) ? original!["lastTransitionTime"].Copy() : clock.Timestamp };
        if (!string.IsNullOrEmpty(message))
        {
            condition["message"] = message;
        }

        if (!string.IsNullOrEmpty(reason))
        {
            condition["reason"] = reason;
        }

        if (type != sum && !dependents.Contains(type))
        {
            condition["severity"] = "Info";
        }

        condition["status"] = value;
        condition["type"] = type;
        var conditions = status.Items("conditions").Where(c => c != before).Select(c => (JsonObject)c.DeepClone()).Append(condition);
        status["conditions"] = new JsonArray([.. conditions.OrderBy(c => c.Text("type"), StringComparer.Ordinal)]);
    }

    private static bool Says(JsonObject? condition, string value, string? reason, string? message) =>
        condition is not null && condition.Text("status") == value
        && (condition.Text("reason") ?? "") == (reason ?? "") && (condition.Text("message") ?? "") == (message ?? "");
}
